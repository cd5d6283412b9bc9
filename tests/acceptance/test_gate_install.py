"""`gate install`: our hooks go into a host's settings, and nothing else there changes."""

import json
import os
import stat
from pathlib import Path

import pytest

from reporting_governance.adapters.hosts.claude_code.settings_text import SettingsRefused, merged
from reporting_governance.commands import _gate_install
from reporting_governance.commands._gate_install import NotInstalled, install
from tests.acceptance.verbs import Verbs

COMMAND = "/opt/x/bin/gate --host claude-code --state '/var/my state'"
THEIRS = """{
    "permissions": {"allow": ["Bash(ls:*)"], "deny": []},
    "hooks": {
        "Stop": [
            {"hooks": [{"type": "command", "command": "say done"}]}
        ],
        "Notification": []
    },
    "model": "opus", "strange": {"ü": "ä"}
}
"""


def put_in(text: str, *, tools: bool = False, command: str = COMMAND) -> str:
    """Return a text with our hooks."""
    return merged(text.encode(), path="settings.json", command=command, timeout_seconds=10, tools=tools)


def test_other_settings_stay_letter_for_letter() -> None:
    after = put_in(THEIRS)
    for line in (
        '    "permissions": {"allow": ["Bash(ls:*)"], "deny": []},',
        '    "model": "opus", "strange": {"ü": "ä"}',
    ):
        assert line in after.splitlines()
    before, now = json.loads(THEIRS), json.loads(after)
    ours = {"hooks": [{"type": "command", "command": COMMAND, "timeout": 10}]}
    assert now["hooks"]["Stop"] == [*before["hooks"]["Stop"], ours]
    assert now["hooks"]["SubagentStop"] == [ours]
    assert list(now) == list(before)
    assert list(now["hooks"]) == ["Stop", "Notification", "SubagentStop"]
    assert '\n        "SubagentStop": [\n            {' in after  # indented as the rest


@pytest.mark.parametrize(
    "text", ["", "{}", "{ }\n", '{"hooks": {}}', '{"hooks": null}', '{"hooks": {"Stop": null}}', '{"a":1}', THEIRS,
             '{"hooks":{"Stop":[]}}',
             THEIRS.replace("\n", "\r\n"), THEIRS.replace("    ", "\t")]
)  # fmt: skip
def test_putting_it_in_twice_changes_nothing_more(text: str) -> None:
    once = put_in(text, tools=True)
    assert put_in(once, tools=True) == once
    assert set(json.loads(once)["hooks"]) >= {"Stop", "SubagentStop", "PreToolUse"}
    if "\r\n" in text:
        assert "\n" not in once.replace("\r\n", "")


def test_an_older_command_of_ours_is_brought_up_to_date() -> None:
    after = put_in(put_in(THEIRS, command="/old/bin/gate --host claude-code"))
    stops = json.loads(after)["hooks"]["Stop"]
    assert [each["hooks"][0]["command"] for each in stops] == ["say done", COMMAND]


@pytest.mark.parametrize(
    "theirs",
    [
        "REPORTGOV_TASK=cart /old/bin/gate --host claude-code",
        "/old/bin/gate --host claude-code | tee -a gate.log",
        "tailgate --host claude-code",
    ],
)
def test_a_command_line_around_the_gate_stays_as_its_author_wrote_it(theirs: str) -> None:
    stop = {"hooks": [{"type": "command", "command": theirs, "timeout": 99}]}
    stops = json.loads(put_in(json.dumps({"hooks": {"Stop": [stop]}})))["hooks"]["Stop"]
    assert stops[0] == stop
    assert len(stops) == (2 if theirs.startswith("tailgate") else 1)


def test_what_else_was_said_of_an_older_line_stays() -> None:
    older = {"type": "command", "command": "/old/bin/gate --host claude-code", "timeout": 5, "statusMessage": "judging"}
    ((stop,),) = [json.loads(put_in(json.dumps({"hooks": {"Stop": [{"hooks": [older]}]}})))["hooks"]["Stop"]]
    assert stop["hooks"] == [{**older, "command": COMMAND, "timeout": 10}]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": 1,}', "line 1"),
        ("[]", "expected one JSON object"),
        ('{"hooks": []}', "line 1, column 11: hooks is no object"),
        ('{"hooks": {"Stop": {}}}', "hooks.Stop is no list"),
        ('{"a": 1, "a": 2}', "column 10"),
    ],
)
def test_settings_that_are_not_understood_are_left_alone(text: str, place: str) -> None:
    with pytest.raises(SettingsRefused, match=place):
        put_in(text)


def written(path: Path, **more: bool) -> _gate_install.Installed:
    """Install into a file."""
    return install(str(path), command=COMMAND, deadline_ms=5000, tools=more.get("tools", False), write=True)


def test_the_file_keeps_its_mode_and_leaves_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(THEIRS)
    path.chmod(0o640)
    result = written(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert result.backup is not None
    assert Path(result.backup).read_text() == THEIRS
    assert not written(path).written
    assert sorted(each.name for each in tmp_path.iterdir()) == ["settings.json", "settings.json.before-gate-1"]


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / "settings.json").symlink_to(tmp_path / "real.json")
    with pytest.raises(NotInstalled, match="symbolic link"):
        written(tmp_path / "settings.json")
    assert (tmp_path / "real.json").read_text() == "{}"


def test_bytes_that_are_no_text_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b'{"a": "\xe9"}')
    with pytest.raises(SettingsRefused, match=r"line 1, column 8: .*UTF-8"):
        written(path)
    assert path.read_bytes() == b'{"a": "\xe9"}'


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotInstalled, match="no plain file"):
        written(tmp_path)


def test_hooks_that_are_switched_off_are_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"disableAllHooks": true}')
    strict = Verbs(tmp_path / "state", options=("--profile", "strict-manager-mode"))
    call = ("gate", "install", "--host", "claude-code", "--write", "--settings", path)
    assert "disableAllHooks" in strict.ok(*call).out.splitlines()[-1]
    assert strict.ok(*call, "--format", "json").document()["holds_back"] is False


def test_a_change_in_between_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.json"
    path.write_text(THEIRS)
    real = _gate_install._copy

    def meanwhile(*arguments: object) -> str:
        path.write_text('{"theirs": true}')
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(_gate_install, "_copy", meanwhile)
    with pytest.raises(NotInstalled, match="somebody else changed it"):
        written(path)
    assert path.read_text() == '{"theirs": true}'
    assert not [each for each in os.listdir(tmp_path) if each.endswith(".tmp")]


def test_the_verb_shows_first_and_writes_on_request(tmp_path: Path) -> None:
    verbs = Verbs(tmp_path / "my state")
    path = tmp_path / "project/.claude/settings.json"
    shown = verbs.ok("gate", "install", "--host", "claude-code", "--print", "--settings", path)
    assert '+            "command": ' in shown.out
    assert shown.out.splitlines()[-1].startswith(
        "The profile minimal-solo-mode holds nothing back: the gate only records"
    )
    assert not path.exists()
    assert not verbs.state.exists()
    verbs.ok("gate", "install", "--host", "claude-code", "--write", "--settings", path)
    assert (verbs.state / "journal/settings.json").is_file(), "or an agent's first turn compiles the profile"
    (stop,) = json.loads(path.read_text())["hooks"]["Stop"]
    command = stop["hooks"][0]["command"]
    assert command.endswith(f"gate --host claude-code --state '{tmp_path / 'my state'}'")
    assert os.access(command.split(" ")[0], os.X_OK)
    assert stop["hooks"][0]["timeout"] == 10
    again = verbs.ok("gate", "install", "--host", "claude-code", "--write", "--settings", path, "--format", "json")
    said = again.document()
    assert (said["changes"], said["written"], said["holds_back"]) == (False, False, False)
    holding = Verbs(tmp_path / "my state", options=("--profile", "standard-team-mode"))
    there = holding.ok("gate", "install", "--host", "claude-code", "--print", "--settings", path)
    assert "holds nothing back" not in there.out


@pytest.mark.parametrize(
    ("profile", "words"), [("minimal-solo-mode", "nothing back"), ("standard-team-mode", "back what")]
)
def test_doctor_says_whether_anything_is_held_back(tmp_path: Path, profile: str, words: str) -> None:
    said = Verbs(tmp_path / "state", options=("--profile", profile)).call("doctor", "--format", "json").document()
    assert [each["verdict"] for each in said["checks"] if f"gates hold {words}" in each["seen"]] == ["ok"]
