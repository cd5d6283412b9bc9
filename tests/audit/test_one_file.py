"""`verify.py`: one file, nothing but Python, no network, our package nowhere; and the same answers as `verify-audit`.

That it agrees is asked in every other test of this folder too: see `world.asked`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reporting_governance.verifier.one_file import ORDER, text
from tests.acceptance.verbs import check_reply
from tests.audit.world import Bundle, World, asked

ROOM = Path(__file__).parents[2] / "lib/reporting_governance/verifier"
PYTHON = (sys.executable, "-I", "-S")
#: runs the program as it stands, and ends the process with 99 when it reaches for anything but files and forks
WATCHED = """
import sys, importlib.util
assert importlib.util.find_spec("reporting_governance") is None, sys.path
def watch(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.spawn", "urllib.", "ctypes.")):
        sys.stderr.write(event)
        sys.stderr.flush()
        __import__("os")._exit(99)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        if not (isinstance(arguments[0], int) or arguments[0] == "/dev/null"):
            __import__("os")._exit(98)
sys.addaudithook(watch)
with open(sys.argv[1]) as file:
    program = file.read()
sys.argv = sys.argv[1:]
exec(compile(program, "verify.py", "exec"), {"__name__": "__main__"})
"""


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("stranger") / "verify.py"
    path.write_text(text())
    return str(path)


def test_every_module_of_the_room_is_in_it() -> None:
    there = {path.stem for path in ROOM.glob("*.py")} - {"__init__", "one_file"}
    assert sorted(ORDER) == sorted(there)


def test_it_is_the_same_text_each_time_and_holds_no_name_of_the_package() -> None:
    assert text() == text()
    code = [line for line in text().splitlines() if line.startswith(("import ", "from "))]
    assert not [line for line in code if "reporting_governance" in line]
    assert code == sorted(set(code), key=code.index)


def test_an_older_python_can_read_it() -> None:
    """A stranger's Python may be of 2020: its grammar, and no name that came later."""
    import ast

    tree = ast.parse(text(), feature_version=(3, 9))
    later = {"UTC", "StrEnum", "batched", "bit_count", "pairwise", "ExceptionGroup", "Self", "assert_never", "override"}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not names & later
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "strict"]


@pytest.mark.parametrize("module", sorted(path.stem for path in ROOM.glob("*.py")))
def test_a_module_of_the_room_needs_nothing_but_python(module: str) -> None:
    """With only the package's root on the path, and no site-packages."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules)\n"
        f"import reporting_governance.verifier.{module}\n"
        if module != "__init__"
        else "import sys; sys.path.insert(0, sys.argv[1])\nimport reporting_governance.verifier\n"
    )
    code += (
        "foreign = {each.partition('.')[0] for each in sys.modules} - set(sys.stdlib_module_names)\n"
        "assert foreign <= {'__main__', 'reporting_governance'}, foreign\n"
        "ours = {each for each in sys.modules if each.startswith('reporting_governance.')}\n"
        "assert all(each.startswith('reporting_governance.verifier') for each in ours), ours\n"
    )
    lib = str(ROOM.parents[1])
    done = subprocess.run([*PYTHON, "-c", code, lib], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("what", ["log", "bundle", "unpacked", "forged"])
def test_it_runs_alone_and_says_what_verify_audit_says(
    program: str, untouched: World, signed_path: str, honest: Bundle, tmp_path: Path, what: str
) -> None:
    paths = {
        "log": lambda: untouched.state,
        "bundle": lambda: signed_path,
        "unpacked": lambda: honest.unpacked(tmp_path),
        "forged": lambda: Bundle(honest.top, {**honest.files, "data/README.txt": b"x\x1b[2J\n"}).packed(
            tmp_path / "f.zip"
        ),
    }
    path = paths[what]()
    arguments = [path, "--key", untouched.vkey, "--anchor", untouched.late_mail, "--format", "json"]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    done = subprocess.run(
        [*PYTHON, "-c", WATCHED, program, *arguments],
        capture_output=True, text=True, timeout=60, check=False, env=environment, cwd=tmp_path,
    )  # fmt: skip
    answer = asked(path, keys=[untouched.vkey], anchors=(untouched.late_mail,))
    assert (done.returncode, done.stderr) == (answer.code, "")
    document = json.loads(done.stdout)
    check_reply(document)
    assert document == {"schema": "verify-audit-report.v1", **answer.document}


def test_a_person_is_told_in_a_table(program: str, untouched: World) -> None:
    done = subprocess.run([*PYTHON, program, untouched.state], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (3, "")
    assert "anchored to 0 of 24 lines" in done.stdout
    assert "key-first-use" in done.stdout


@pytest.mark.parametrize(
    "arguments", [[], ["nowhere.zip"], ["--key", "nonsense", "."], [".", "--proof", "x"], [".", "--anchor", "nowhere"]]
)
def test_a_call_that_is_wrong(program: str, tmp_path: Path, arguments: list[str]) -> None:
    done = subprocess.run(
        [*PYTHON, program, *arguments], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("verify.py: ")
