"""--help of every verb says what it takes and adds, that it may run twice, how it ends; and its examples really run."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ci.commands_page import page
from reporting_governance import __version__
from reporting_governance.commands._handler import EXIT_CODES
from reporting_governance.commands.main import VERBS
from reporting_governance.errors import ExitCode
from tests.acceptance.verbs import REPORTGOV, ROOT, Ended, Verbs, with_target
from tests.openclaw.plugins.making import Home, plugin, write

#: Examples that cannot run as they stand, and why.
NOT_RUN = {
    "* * * * * reportgov run        (crontab)": "a line for crontab",
    "some-agent --events | reportgov report -": "there is no such agent",
    "reportgov gate install --host openclaw --print": "there is no OpenClaw on the path",
    "reportgov verify-descriptor --probe --write-observations observations.json capabilities/local-host.json": "long",
    "reportgov verify-descriptor --observations observations.json --waivers waivers.yaml capabilities/": "of the above",
}


def help_of(*words: str) -> str:
    """Return what a verb says of itself."""
    ended = call(*words)
    assert (ended.code, ended.err) == (0, "")
    return ended.out


def call(*words: str) -> Ended:
    """Run the program with nothing in its environment."""
    bare = {"PYTHONPATH": str(ROOT / "lib")}
    done = subprocess.run([*REPORTGOV, *words], env=bare, capture_output=True, text=True, timeout=60, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)


def examples_of(text: str) -> list[str]:
    """Return the command lines under Examples."""
    found = re.search(r"\n  Examples:\n(.*?)\n\n", text, re.DOTALL)
    assert found is not None
    return [line.strip() for line in found.group(1).splitlines()]


@pytest.mark.parametrize("verb", VERBS)
def test_help_says_all_that_somebody_needs(verb: str) -> None:
    text = help_of(verb, "--help")
    assert help_of(verb, "-h") == text
    assert text.startswith(f"Usage: reportgov {verb} ")
    assert re.search(r"\n  Takes: \S", text)
    assert re.search(r"\n  Adds:  \S", text)
    assert re.search(r"\n  Twice: may run twice", text)
    assert all(f"    {int(code):<4} " in text for code in ExitCode)
    assert examples_of(text)
    assert all(line.startswith(f"reportgov {verb}") or line in NOT_RUN for line in examples_of(text))
    assert ("--dry-run" in text) is (
        verb in ("scan", "enqueue", "dispatch", "bridge", "run", "prune", "erase", "plugins")
    )
    assert max(map(len, text.splitlines())) <= 120


def test_the_program_lists_its_verbs() -> None:
    text = help_of("-h")
    assert help_of("--help") == text
    assert re.findall(r"\n  ([a-z-]+)  +[A-Z]", text.split("Verbs:")[1].split("Exit codes")[0]) == list(VERBS)
    assert EXIT_CODES.strip("\b\n").splitlines()[1] in text.replace("\n  ", "\n")


def test_the_page_says_what_help_says() -> None:
    assert (ROOT / "docs/commands.md").read_text() == page(), "run: python ci/commands_page.py > docs/commands.md"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """Return a folder with a `reportgov` in its bin, and the files that examples name."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/reportgov"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(REPORTGOV)} "$@"\n')
    program.chmod(0o755)
    (tmp_path / "report.xml").write_text("<testsuite/>")
    (tmp_path / "message.txt").write_text("Done. All tests pass.\n")
    (tmp_path / "attempt.json").write_text('{"session_id": "s-1", "message": "Shall I go on?"}')
    (tmp_path / "bin/run").write_text("#!/bin/sh\n")
    (tmp_path / "bin/run").chmod(0o755)
    for name in ("capabilities", "profiles"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "profiles/standard-team-mode.yaml", tmp_path / "team.yaml")
    shutil.copy(ROOT / "profiles/policy-packs/no-silence.yaml", tmp_path / "my-pack.yaml")
    own = plugin(tmp_path / "node_modules/openclaw/dist/extensions/telegram").parents[2]
    write(own / "package.json", {"name": "openclaw", "version": "2026.9.6"})
    write(own / "openclaw.mjs", "").chmod(0o755)
    (tmp_path / "bin/openclaw").symlink_to(own / "openclaw.mjs")
    hook = {"session_id": "s-1", "hook_event_name": "Stop", "transcript_path": str(tmp_path / "session.jsonl")}
    (tmp_path / "hook.json").write_text(json.dumps(hook))
    (tmp_path / "session.jsonl").write_text('{"type": "user", "message": {"role": "user", "content": "Mend it."}}\n')
    return tmp_path


def run_line(line: str, world: Path, state: Path, profile: Path | None = None) -> Ended:
    """Run one example as it stands, in a shell."""
    variables = {
        "PATH": f"{world}/bin:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT / "lib"),
        "REPORTGOV_STATE": str(state),
        **({"REPORTGOV_PROFILE": str(profile)} if profile else {}),
    }
    done = subprocess.run(
        ["/bin/sh", "-c", line], cwd=world, env=variables, capture_output=True, text=True, timeout=120, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def test_the_examples_run(world: Path) -> None:
    state = world / "state"
    verbs = Verbs(state)
    verbs.overdue("my-task")
    ran = []
    for verb in VERBS:
        # they need something to answer, or a world of their own
        if verb in ("retry", "review", "erase", "export-audit", "verify-audit", "keys", "plugins", "store"):
            continue
        for line in examples_of(help_of(verb, "--help")):
            if line in NOT_RUN:
                continue
            line = line.replace("/var/lib/reportgov", str(world / "elsewhere"))
            if "…" in line:
                kinds = {"epi": ("notice", "episode_id"), "ntc": ("notice", "notice_id")}
                kinds |= {"sil": ("silence", "silence_id"), "dec": ("decision-record-artifact", "metadata")}
                kinds |= {"job": ("job", "job_id")}
                prefix = re.search(r"([a-z]{3})_0123…", line).group(1)
                kind, key = kinds[prefix]
                found = next(each[key] for each in verbs.records(kind) if key in each)
                line = line.replace(f"{prefix}_0123…", found["record_id"] if prefix == "dec" else found)
            ended = run_line(line, world, state)
            assert (ended.code, ended.err) == (0, ""), (line, ended)
            ran.append(line)
    assert len(ran) >= 25


def test_the_examples_of_erase_run(world: Path) -> None:
    verbs = Verbs(world / "state")
    verbs.ok("report", "start", "t", "--agent", "a")
    verbs.ok("report", "checkpoint", "t", "what somebody said " * 20)
    event = verbs.records("event-envelope")[-1]["event_id"]
    for line in examples_of(help_of("erase", "--help")):
        ended = run_line(line.replace("evt_0123…", event), world, verbs.state)
        assert (ended.code, ended.err) == (0, ""), (line, ended)
        assert event in ended.out
    assert os.listdir(verbs.state / "blobs")
    assert sum(each["type"] == "record.erased" for each in verbs.journal()) == 1


def test_the_examples_of_export_audit_run(world: Path) -> None:
    verbs = Verbs(world / "state")
    verbs.ok("report", "start", "nightly-import", "--agent", "a")
    verbs.ok("report", "checkpoint", "nightly-import", "well")
    verbs.ok("export-audit", "--output", world / "first.zip")
    shutil.copytree(world / "state", world / "other-host/state")
    (world / "srv").mkdir()
    for line in examples_of(help_of("export-audit", "--help")):
        for place, ours in (("/srv/audit/", "srv/"), ("/tmp/", "bin/"), ("/mnt/", ""), ("4711", "2")):
            line = line.replace(place, ours)
        ended = run_line(line, world, verbs.state)
        assert (ended.code, ended.err) == (0, ""), (line, ended)
    assert len([*world.glob("**/*.zip"), *world.glob("*.tlog-proof")]) == 6


def test_the_examples_of_keys_run(world: Path) -> None:
    """Each in a state of its own: what a rotation names is in no profile yet."""
    seed = bytes(range(32))
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    program = world / "sign-log"
    program.write_text(
        f"#!{sys.executable}\nimport sys, base64\n"
        "from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey as Key\n"
        f"key = Key.from_private_bytes(bytes.fromhex('{seed.hex()}'))\n"
        "print(base64.b64encode(key.sign(sys.stdin.buffer.read())).decode())\n"
    )
    program.chmod(0o755)
    (world / "etc").mkdir(mode=0o700)
    lines = examples_of(help_of("keys", "--help"))
    for number, line in enumerate(lines):
        state = world / f"keys-{number}"
        Verbs(state).ok("init")
        for place, ours in (
            ("/etc/reportgov/", f"{world}/etc/"),
            ("/usr/local/bin/sign-log", str(program)),
            ("-key KEY", f"-key {b64encode(public).decode()}"),
        ):
            line = line.replace(place, ours)
        ended = run_line(line, world, state)
        assert (ended.code, ended.err) == (0, ""), (line, ended)
        entered = sum(each["type"] == "log.key" for each in Verbs(state).journal())
        assert entered == (2 if "rotate" in line else 1)
    assert len(lines) >= 5


def test_the_examples_of_plugins_run(world: Path) -> None:
    """In a home of their own, and without OpenClaw's own program, which is only a name here."""
    home = Home(world / "bot")
    plugin(home.loose / "weather")
    plugin(home.loose / "vault", kind="memory")
    plugin(world / "node_modules/openclaw/dist/extensions/memory-core", kind="memory")
    for line in examples_of(help_of("plugins", "--help")):
        changes = " enable " in line or " disable " in line
        here = f"OPENCLAW_HOME={home.folder} {line}{' --no-cli' if changes else ''}"
        ended = run_line(here, world, world / "state")
        assert (ended.code, ended.err) == (0, ""), (line, ended)
    entries = json.loads(home.config.read_text())["plugins"]["entries"]
    assert entries == {"weather": {"enabled": True}, "vault": {"enabled": True}}


def test_the_examples_of_retry_run(world: Path) -> None:
    refusing = with_target(world, "command", {"argv": ["/bin/false"]})
    for number, line in enumerate(examples_of(help_of("retry", "--help"))):
        verbs = Verbs(world / f"state-{number}", options=("--profile", str(refusing)))
        verbs.overdue()
        assert verbs.call("run").code == 3
        line = line.replace("spl_0123…", verbs.records("spool-item")[0]["spool_id"])
        line = line.replace("ntc_0123…", verbs.records("notice")[0]["notice_id"])
        ended = run_line(line, world, verbs.state, refusing)
        assert (ended.code, ended.err) == (0, ""), (line, ended)


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "Usage: reportgov"), (("scann",), "Did you mean scan"), (("--nonsense",), "No such option")],
)
def test_without_a_verb_and_with_a_wrong_one(words: tuple[str, ...], said: str) -> None:
    ended = call(*words)
    assert ended.code == 2
    assert said in ended.out + ended.err


def test_the_version_is_said() -> None:
    assert help_of("--version") == f"reportgov, version {__version__}\n"
