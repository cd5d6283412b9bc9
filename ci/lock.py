"""Write the lock files from pyproject.toml with pip-tools, and put the digest of each on its first line.

bin/ compares that line alone to know whether an environment is of today: reading a line costs the shell nothing, while
hashing the file would start a process on every tick.
"""

import hashlib
import os
import subprocess
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
#: lock file -> what it holds beside the dependencies; the second keeps the versions of the first
LOCKS = {
    "requirements.txt": [],
    "requirements-dev.txt": ["--extra", "dev", "--constraint", "ci/requirements.txt"],
}


def first_line(body: bytes) -> bytes:
    """Return the line, with its end, that stands before `body` in a lock file."""
    return b"# sha256:" + hashlib.sha256(body).hexdigest().encode() + b"\n"


def body_of(content: bytes) -> bytes:
    """Return a lock file without its first line, when that is ours."""
    head, _, rest = content.partition(b"\n")
    return rest if head.startswith(b"# sha256:") else content


def compile_one(name: str, options: list[str], extra: list[str]) -> None:
    """Resolve one lock file; versions that stand in it stay unless `extra` holds `--upgrade`."""
    path = os.path.join(FOLDER, name)
    command = [sys.executable, "-m", "piptools", "compile", "--quiet", "--generate-hashes", "--strip-extras"]
    command += [
        "--allow-unsafe",
        "--no-header",
        "--no-emit-index-url",
        "--no-emit-trusted-host",
        "--no-emit-find-links",
    ]
    command += [*options, *extra, "--output-file", f"ci/{name}", "pyproject.toml"]
    subprocess.run(command, check=True, cwd=os.path.dirname(FOLDER))
    with open(path, "rb") as file:
        body = body_of(file.read())
    with open(path, "wb") as file:
        file.write(first_line(body) + body)


if __name__ == "__main__":
    for lock_name, lock_options in LOCKS.items():
        compile_one(lock_name, lock_options, sys.argv[1:])
