"""A change as a whole: what a plan asks for, OpenClaw's own program asked first, and nothing by halves.

The program here is a small one that answers as the real one was seen to; `tests/openclaw` has the real one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.openclaw.cli import Program
from reporting_governance.adapters.openclaw.config_change import Changer, find_program
from reporting_governance.adapters.openclaw.interface import ConfigNotChanged
from reporting_governance.adapters.openclaw.paths import find_places
from reporting_governance.contracts.config_edit import ConfigChanged, ConfigEdit, EditKind, Switch, Way
from reporting_governance.errors import UsageError
from tests.openclaw.plugins.making import Home, plugin, write
from tests.storage.killing import Report, killed_everywhere

TEXT = "{\n  // why\n  plugins: {\n    deny: ['alpha'],\n  },\n}\n"

#: Answers like the real program, and as OPENCLAW_TEST says.
STAND_IN = """#!{python} -IS
import json, os, re, subprocess, sys, time
path, how = os.environ["OPENCLAW_CONFIG_PATH"], os.environ.get("OPENCLAW_TEST", "")
with open(os.environ["HOME"] + "/calls", "a") as calls:
    calls.write(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd(), sorted(os.listdir("."))]) + chr(10))
verb, ids = sys.argv[2], sys.argv[3:]
database = os.environ["OPENCLAW_STATE_DIR"] + "/state/openclaw.sqlite"
if os.path.exists(database):
    import sqlite3
    if sqlite3.connect(database).execute("SELECT count(*) FROM state_leases").fetchone() != (0,):
        time.sleep(60)
if how == "hangs":
    late = "import time; time.sleep(3); open('" + os.environ["HOME"] + "/late', 'w')"
    subprocess.Popen([sys.executable, "-ISc", late])
    time.sleep(60)
text = open(path).read()
document = json.loads(re.sub(r"//.*|,(?=\\s*[}}\\]])", "", re.sub(r"(\\w+):", r'"\\1":', text.replace("'", '"'))))
plugins = document.setdefault("plugins", {{}})
for each in ids:
    if each == "unknown" or each in plugins.get("deny", []):
        print("x" * 600000, file=sys.stderr)
        sys.exit("could not " + verb + chr(27) + "[31m " + each)
    plugins.setdefault("entries", {{}}).setdefault(each, {{}})["enabled"] = verb == "enable"
    if how == "more":
        plugins.setdefault("slots", {{}})["memory"] = each
    if how != "lies":
        open(path, "w").write(json.dumps(document))
if how == "garbage":
    open(path, "w").write("{{")
if how == "removes":
    os.unlink(path)
"""


def put(plugin_id: str, on: bool = True) -> ConfigEdit:
    return ConfigEdit(kind=EditKind.SET, path=("plugins", "entries", plugin_id, "enabled"), value=on)


LET_IN = ConfigEdit(kind=EditKind.LEAVE, path=("plugins", "deny"), value="alpha")


def switch(plugin_id: str, on: bool = True) -> Switch:
    return Switch(plugin_id=plugin_id, enabled=on)


class Installation:
    """A home with a configuration, and a program."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        plugin(self.home.loose / "alpha")
        write(self.home.state / ".env", "KEY=1")
        write(self.home.config, TEXT).chmod(0o600)
        self.program = folder / "bin" / "openclaw"
        write(self.program, STAND_IN.format(python=sys.executable)).chmod(0o755)

    def change(
        self, switches: Sequence[Switch], edits: Sequence[ConfigEdit], *, by: Program | None = None, **more: str
    ) -> ConfigChanged:
        environment = {**self.home.environment(), "PATH": f"{self.program.parent}:/usr/bin:/bin", **more}
        return Changer(places=find_places(environment), environment=environment, program=by)(switches, lambda _: edits)

    def asked(self, *, seconds: float = 30) -> Program:
        return Program(argv=(str(self.program),), seconds=seconds)

    def calls(self) -> list[Any]:
        path = self.home.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def left(self) -> list[str]:
        """Return what stands in the state folder beside what is meant to."""
        meant = {"openclaw.json", ".openclaw.json.reportgov.lock", "extensions", "workspace", ".env"}
        return sorted(set(os.listdir(self.home.state)) - meant)


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "home")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class TestTheFileAlone:
    def test_what_it_says_of_itself(self, here: Installation) -> None:
        before = digest(here.home.config)
        done = here.change([switch("alpha")], [LET_IN, put("alpha")])
        assert done.is_written
        assert (done.way, done.before_sha256, done.after_sha256) == (Way.FILE, before, digest(here.home.config))
        assert digest(Path(done.backup or "")) == before
        assert done.edits == (LET_IN, put("alpha"))
        assert here.home.config.read_text().startswith("{\n  // why\n  plugins: {\n    deny: [],\n    entries: {\n")

    def test_nothing_to_do(self, here: Installation) -> None:
        before = here.home.config.stat()
        for edits in ([], [ConfigEdit(kind=EditKind.JOIN, path=("plugins", "deny"), value="alpha")]):
            done = here.change([], edits)
            assert not done.is_written
            assert done.backup is None
        assert here.home.config.stat().st_mtime_ns == before.st_mtime_ns

    def test_a_plan_sees_the_file_as_it_is_written(self, here: Installation) -> None:
        write(here.home.config, "{plugins: {allow: ['${NAME}', 'A']}, other: 1}")
        seen: list[Mapping[str, Any]] = []
        environment = {**here.home.environment(), "NAME": "x"}
        changer = Changer(places=find_places(environment), environment=environment, program=None)
        changer([], lambda document: seen.append(document) or [])  # type: ignore[func-returns-value]
        assert seen == [{"plugins": {"allow": ["${NAME}", "A"]}, "other": 1}]

    def test_a_plan_may_give_up(self, here: Installation) -> None:
        def plan(_: Mapping[str, Any]) -> Sequence[ConfigEdit]:
            raise UsageError(reason="not that")

        environment = here.home.environment()
        with pytest.raises(UsageError, match="not that"):
            Changer(places=find_places(environment), environment=environment, program=None)([], plan)
        assert here.home.config.read_text() == TEXT

    def test_no_file_yet(self, here: Installation) -> None:
        here.home.config.unlink()
        done = here.change([switch("alpha")], [put("alpha")])
        assert (done.before_sha256, done.backup) == (None, None)
        assert json.loads(here.home.config.read_text()) == {"plugins": {"entries": {"alpha": {"enabled": True}}}}
        here.home.config.unlink()
        assert not here.change([switch("alpha")], []).is_written
        assert not here.home.config.exists()

    @pytest.mark.parametrize("text", ["{", "[]", "{plugins: []}", "{plugins: {$include: './p'}}", "{$include: './p'}"])
    def test_what_cannot_be_changed_is_said(self, here: Installation, text: str) -> None:
        write(here.home.config, text)
        with pytest.raises(ConfigNotChanged) as caught:
            here.change([switch("alpha")], [put("alpha")])
        assert str(here.home.config) in str(caught.value)
        assert here.home.config.read_text() == text

    @pytest.mark.parametrize("name", ["OPENCLAW_CONFIG_READONLY", "OPENCLAW_NIX_MODE"])
    def test_a_file_that_is_kept_elsewhere(self, here: Installation, name: str) -> None:
        with pytest.raises(ConfigNotChanged, match=name):
            here.change([switch("alpha")], [LET_IN], **{name: "1"})
        assert here.change([switch("alpha")], [LET_IN], **{name: "0"}).is_written


class TestTheProgramFirst:
    def test_it_is_asked_on_a_copy(self, here: Installation) -> None:
        (here.home.state / "tmp").mkdir()
        secrets = {"TOKEN": "secret", "AWS_SECRET": "secret", "OPENCLAW_HOST": "kept", "LANG": "C"}
        write(here.home.config, TEXT + "// ${TOKEN}")
        done = here.change([switch("alpha")], [LET_IN, put("alpha")], by=here.asked(), **secrets)
        assert done.way is Way.CLI
        ((words, environment, folder, names),) = here.calls()
        assert words == ["plugins", "enable", "alpha"]
        given = {key: value for key, value in environment.items() if not key.startswith(("LC_", "__"))}
        assert re.fullmatch(rf"{here.home.state}/\.openclaw\.json\.reportgov\.\w{{8}}\.state", folder)
        copy = os.path.basename(folder).replace(".state", ".json")
        assert given == {
            "HOME": str(here.home.folder),
            "OPENCLAW_HOME": str(here.home.folder),
            "OPENCLAW_STATE_DIR": folder,
            "OPENCLAW_CONFIG_PATH": f"{folder}/{copy}",
            "PATH": f"{here.program.parent}:/usr/bin:/bin",
            "TOKEN": "secret",
            "OPENCLAW_HOST": "kept",
            "LANG": "C",
            "NO_COLOR": "1",
            "CI": "1",
        }
        assert names == sorted([".env", copy, "extensions", "state", "workspace"])
        text = here.home.config.read_text()
        assert "// why" in text
        assert "alpha" in text
        assert (here.home.loose / "alpha" / "index.js").exists(), "what was linked is not removed with the links"
        assert here.left() == ["openclaw.json.reportgov.bak", "tmp"]

    def test_an_included_file_is_found_from_the_copy_too(self, here: Installation) -> None:
        write(here.home.config, '{"logging": {"$include": "./p"}}')
        here.change([switch("alpha")], [put("alpha")], by=here.asked())
        ((_, environment, _, _),) = here.calls()
        assert os.path.dirname(environment["OPENCLAW_CONFIG_PATH"]) == str(here.home.state)
        assert here.left() == ["openclaw.json.reportgov.bak"]

    def test_it_is_not_asked_when_nothing_is_to_be_done(self, here: Installation) -> None:
        here.change([switch("alpha")], [], by=here.asked())
        assert here.calls() == []

    def test_both_ways_in_one_batch(self, here: Installation) -> None:
        switches = [switch("a"), switch("b", False), switch("c")]
        edits = [put("a"), put("b", False), put("c")]
        here.change(switches, edits, by=here.asked())
        assert [words for words, *_ in here.calls()] == [["plugins", "disable", "b"], ["plugins", "enable", "a", "c"]]

    def test_a_batch_is_all_or_nothing(self, here: Installation) -> None:
        with pytest.raises(ConfigNotChanged) as caught:
            here.change([switch("a"), switch("unknown")], [put("a"), put("unknown")], by=here.asked())
        said = str(caught.value)
        assert "OpenClaw refuses `plugins enable a unknown` (exit code 1)" in said
        assert said.endswith("could not enable[31m unknown")
        assert len(said) < 700
        assert here.home.config.read_text() == TEXT
        assert here.left() == []

    @pytest.mark.parametrize(
        ("how", "why"),
        [
            ("lies", r"comes to something else than was meant: entries \{\} instead of \{'a': True\}"),
            ("more", "memory slot a instead of memory-core"),
            ("garbage", "comes to something else than was meant: "),
            ("removes", "No such file"),
        ],
    )
    def test_it_is_judged_by_what_it_leaves(self, here: Installation, how: str, why: str) -> None:
        with pytest.raises(ConfigNotChanged, match=why):
            here.change([switch("a")], [put("a")], by=here.asked(), OPENCLAW_TEST=how)
        assert here.home.config.read_text() == TEXT
        assert here.left() == []

    def test_one_that_hangs_is_ended_with_its_children(self, here: Installation) -> None:
        with pytest.raises(ConfigNotChanged, match="did not end within 1 s"):
            here.change([switch("a")], [put("a")], by=here.asked(seconds=1), OPENCLAW_TEST="hangs")
        assert here.home.config.read_text() == TEXT
        assert here.left() == []
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                assert str(here.home.folder / "late").encode() not in process.read_bytes()
            except OSError:
                continue

    def test_one_that_cannot_be_started(self, here: Installation) -> None:
        here.program.chmod(0o644)
        with pytest.raises(ConfigNotChanged, match="cannot be started"):
            here.change([switch("a")], [put("a")], by=here.asked())

    def test_records_of_installs_are_copied(self, here: Installation) -> None:
        import sqlite3
        from contextlib import closing

        database = here.home.state / "state" / "openclaw.sqlite"
        database.parent.mkdir()
        with closing(sqlite3.connect(database)) as made:
            made.execute("CREATE TABLE config_machine_state (state_key TEXT, value_json TEXT)")
            made.execute("CREATE TABLE state_leases (scope TEXT)")
            made.execute("INSERT INTO state_leases VALUES ('core:plugin-lifecycle')")
            made.commit()
        before = digest(database)
        here.change([switch("a")], [put("a")], by=here.asked(seconds=20))
        assert digest(database) == before
        database.write_bytes(b"no database" * 1000)
        with pytest.raises(ConfigNotChanged, match="cannot be copied for OpenClaw's own program"):
            here.change([switch("b")], [put("b")], by=here.asked())

    @pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
    def test_root_does_not_run_it_for_somebody_else(self, here: Installation) -> None:
        os.chown(here.home.state, 12345, 23456)
        with pytest.raises(ConfigNotChanged, match="belongs to user 12345"):
            here.change([switch("a")], [put("a")], by=here.asked())
        here.home.config.unlink()
        here.change([switch("a")], [put("a")])
        for each in (here.home.config, here.home.state / ".openclaw.json.reportgov.lock"):
            assert (each.stat().st_uid, each.stat().st_gid) == (12345, 23456), "its owner can go on with it"

    def test_where_it_is(self, here: Installation) -> None:
        assert find_program({"PATH": f"/nowhere:{here.program.parent}"}) == Program(argv=(str(here.program),))
        assert find_program({"PATH": "/nowhere"}) is None


def changing(root: str, report: Report) -> None:
    """Turn on two plugins, of which one is denied, with the program asked first."""
    home = Path(root)
    program = Program(argv=(str(home / "bin" / "openclaw"),))
    environment = {
        "HOME": root,
        "OPENCLAW_HOME": root,
        "OPENCLAW_STATE_DIR": f"{root}/.openclaw",
        "PATH": "/usr/bin:/bin",
    }
    changer = Changer(places=find_places(environment), environment=environment, program=program)
    done = changer([switch("alpha"), switch("b")], lambda _: [LET_IN, put("alpha"), put("b")])
    report(done.after_sha256)


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.long)])
def test_killed_at_every_step(tmp_path: Path, stride: int) -> None:
    template = Installation(tmp_path / "template")
    seen = []
    for _, root, outcome in killed_everywhere(
        str(template.home.folder), str(tmp_path / "killed"), changing, stride=stride
    ):
        config = Path(root) / ".openclaw" / "openclaw.json"
        seen.append(config.read_text())
        assert not outcome.reports or outcome.reports == [digest(config)]
        assert (Path(root) / ".openclaw" / "extensions" / "alpha" / "index.js").exists()
        changing(root, lambda _: None)
        names = set(os.listdir(config.parent))
        assert not any(".reportgov." in each for each in names - {".openclaw.json.reportgov.lock"} if each[0] == ".")
    assert len(set(seen)) == 2
    assert seen[0] == TEXT
    assert seen[-1].count("enabled: true") == 2
    assert len(seen) * stride > 20


def test_eight_of_ours_at_once(here: Installation) -> None:
    children = []
    for number in range(8):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                here.change([switch(f"p{number}", number % 2 == 0)], [put(f"p{number}", number % 2 == 0)])
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitpid(each, 0)[1] for each in children] == [0] * 8
    text = here.home.config.read_text()
    assert [f"p{number}: {{" in text for number in range(8)] == [True] * 8
    assert text.count("true") == text.count("false") == 4
    assert "// why" in text
