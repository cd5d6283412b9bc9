"""Every fault of meaning of a profile is told with its file, line, column and JSON pointer, as those of a pack are.

In the cases `▶` stands before the text that the finding must point at; it is taken out before the file is written.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from reporting_governance.commands._settings import Settings, load_settings
from reporting_governance.contracts.finding import Finding
from reporting_governance.resources import resource_path
from tests.unit.policy_documents import action, pack, rule

MARK = "▶"
HEAD = """\
apiVersion: reporting-governance/v1alpha1
kind: DeploymentProfile
metadata: {id: mine, title: Mine, version: "1"}
"""
#: name -> what stands below the head, the pointer of each finding, and words of the first one's message
CASES: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "route-to-nobody": (
        "notification:\n  routes:\n    - receivers: [operator, ▶opreator]\n",
        ("/notification/routes/0/receivers/1",),
        "no receiver is named opreator",
    ),
    "all-routes-to-nobody": (
        "notification:\n  routes:\n    - match: {severity: high}\n      receivers: [▶ann]\n    - receivers: [▶bob]\n",
        ("/notification/routes/0/receivers/0", "/notification/routes/1/receivers/0"),
        "no receiver is named ann",
    ),
    "the-usual-route-to-nobody": (
        "▶notification:\n  receivers:\n    anna: {targets: {box: {sender: file, parameters: {path: a.jsonl}}}}\n",
        ("/notification",),
        "no receiver is named operator",
    ),
    "fallback-to-nobody": (
        "notification:\n  in_doubt: hold\n  fallback:\n    - ▶deputy\n",
        ("/notification/fallback/0",),
        "no receiver is named deputy",
    ),
    "escalation-to-nobody": (
        "notification:\n  escalation:\n    - {after_seconds: 60, receivers: [operator, ▶chief]}\n",
        ("/notification/escalation/0/receivers/1",),
        "no receiver is named chief",
    ),
    "steps-that-do-not-ascend": (
        (
            "notification:\n  escalation:\n    - {after_seconds: 600, receivers: [operator]}\n"
            "    - {after_seconds: ▶600, receivers: [operator]}\n    - {after_seconds: ▶60, receivers: [operator]}\n"
        ),
        ("/notification/escalation/1/after_seconds", "/notification/escalation/2/after_seconds"),
        "each step comes later than the one before it",
    ),
    "nobody-for-the-rest": (
        "notification:\n  routes:\n    - match: ▶{severity: high}\n      receivers: [operator]\n",
        ("/notification/routes/0/match",),
        "the last route needs an empty match",
    ),
    "a-receiver-that-is-the-tasks-own": (
        (
            "notification:\n  receivers:\n    operator: {targets: {o: {sender: file, parameters: {path: a}}}}\n"
            "    ▶task-operator:\n      targets: {o: {sender: file, parameters: {path: b}}}\n"
        ),
        ("/notification/receivers/task-operator",),
        "cannot be defined here",
    ),
    "a-password-in-an-address": (
        (
            "notification:\n  receivers:\n    operator:\n      targets:\n        chat:\n          sender: webhook\n"
            "          parameters:\n            url: ▶https://ops:hunter2@chat.example.org/\n"
        ),
        ("/notification/receivers/operator/targets/chat/parameters/url",),
        "must not hold a user or password",
    ),
    "two-secrets-of-two-targets": (
        (
            "notification:\n  receivers:\n    operator:\n      targets:\n"
            "        a: {sender: webhook, parameters: {url: ▶'https://chat.example.org/?key=1'}}\n"
            "        b: {sender: command, parameters: {argv: [send], env: {API_TOKEN: ▶abc}}}\n"
        ),
        (
            "/notification/receivers/operator/targets/a/parameters/url",
            "/notification/receivers/operator/targets/b/parameters/env/API_TOKEN",
        ),
        "must not hold a query",
    ),
    "waits-in-the-wrong-order": (
        "notification:\n  retry:\n    ceiling_seconds: 600\n    first_seconds: ▶601\n",
        ("/notification/retry/first_seconds",),
        "not above ceiling_seconds",
    ),
    "a-ceiling-below-the-usual-first-wait": (
        "notification:\n  retry:\n    ceiling_seconds: ▶10\n",
        ("/notification/retry/ceiling_seconds",),
        "not above ceiling_seconds",
    ),
    "a-key-in-the-address-of-the-heartbeat": (
        "self:\n  canary_seconds: 60\n  heartbeat_url: ▶https://hc-ping.com/550e8400-e29b-41d4-a716-446655440000\n",
        ("/self/heartbeat_url",),
        "looks like a key",
    ),
    "a-secret-of-a-source": (
        "sources:\n  - {source: openclaw, when_present: true}\n  - source: json\n    parameters: {token: ▶abc}\n",
        ("/sources/1/parameters/token",),
        "a secret must be",
    ),
    "two-promises": (
        "watchdog:\n  every_seconds: 60\n  calendar: ▶{schedule: '0 9 * * *', time_zone: Europe/Berlin}\n",
        ("/watchdog/calendar",),
        "not both",
    ),
    "two-promises-of-a-selector": (
        (
            "watchdog:\n  selectors:\n    - match: {task_id: a}\n    - match: {task_id: b}\n      every_seconds: 60\n"
            "      calendar:\n        ▶schedule: 0 9 * * *\n        time_zone: Europe/Berlin\n"
        ),
        ("/watchdog/selectors/1/calendar",),
        "not both",
    ),
    "a-calendar-that-cannot-be-read": (
        "watchdog:\n  calendar: {schedule: ▶'61 9 * * *', time_zone: Europe/Berlin}\n",
        ("/watchdog/calendar/schedule",),
        "its minute is wrong; for example",
    ),
    "a-calendar-in-no-zone-of-this-world": (
        "watchdog:\n  calendar:\n    schedule: 0 9 * * *\n    time_zone: ▶Europe/Belrin\n",
        ("/watchdog/calendar/time_zone",),
        'did you mean "Europe/Berlin"?',
    ),
    "a-calendar-of-a-selector-that-never-comes-again": (
        (
            "watchdog:\n  selectors:\n    - match: {task_id: a}\n"
            "      calendar: {schedule: ▶'2020-01-01 09:00', time_zone: UTC}\n"
        ),
        ("/watchdog/selectors/0/calendar/schedule",),
        "never comes again",
    ),
    "a-calendar-with-another-zone-in-its-text": (
        "watchdog:\n  calendar: {schedule: ▶Mon 09:00 UTC, time_zone: Europe/Berlin}\n",
        ("/watchdog/calendar/schedule",),
        "it names the zone UTC",
    ),
    "two-mute-times-by-no-calendar": (
        (
            "notification:\n  mute_times:\n"
            "    - {name: night, schedule: ▶whenever, time_zone: UTC, duration_seconds: 3600}\n"
            "    - {name: weekend, schedule: Sat 00:00, time_zone: ▶Mars/Base, duration_seconds: 3600}\n"
        ),
        ("/notification/mute_times/0/schedule", "/notification/mute_times/1/time_zone"),
        "is no schedule",
    ),
    "a-number-that-is-no-integer-here": (
        "watchdog:\n  silence_seconds: ▶60.0\n",
        ("/watchdog/silence_seconds",),
        "expected an integer",
    ),
    "roots-outside": (
        "artifact_roots:\n  work: .\n  logs: ▶/var/log\n  up: ▶a/../../b\n",
        ("/artifact_roots/logs", "/artifact_roots/up"),
        "relative to the deployment's own folder",
    ),
    "faults-in-three-sections": (
        (
            "self: {heartbeat_url: ▶'https://a.example.org/?k'}\nsources: [{source: json, parameters: {token: ▶y}}]\n"
            "notification:\n  fallback: [▶deputy]\n"
        ),
        ("/self/heartbeat_url", "/sources/0/parameters/token", "/notification/fallback/0"),
        "",
    ),
    "an-unknown-pack": (
        "policy_packs:\n  - no-silence\n  - ▶no-such-pack\n",
        ("/policy_packs/1",),
        "no-such-pack",
    ),
    "a-pack-named-twice": ("policy_packs: [no-silence, ▶no-silence]\n", ("/policy_packs/1",), "is named twice"),
    "a-pack-that-is-a-path": ("policy_packs: [▶../no-silence]\n", ("/policy_packs/0",), "is no pack id"),
    "an-unknown-version": (
        "requires:\n  plugin_spec_version: ▶9.9.9\n",
        ("/requires/plugin_spec_version",),
        "9.9.9 is not known",
    ),
    "another-runtime": ("requires: {runtime: ▶emacs}\n", ("/requires/runtime",), "runtime emacs"),
    "an-expectation-nobody-meets": (
        "expectations:\n  inline_dispatch_blocking: ▶required\n",
        ("/expectations/inline_dispatch_blocking",),
        "is required and not available",
    ),
    "a-stand-in-that-is-not-weaker": (
        "fallbacks:\n  set_status:\n    - notify_operator\n    - ▶block_transition\n",
        ("/fallbacks/set_status/1",),
        "is not weaker",
    ),
    "an-action-that-was-turned-off": (
        "expectations:\n  create_queue_items: ▶'off'\n",
        ("/expectations/create_queue_items",),
        "required by the packs no-silence, ",
    ),
    "an-unknown-sender": (
        "notification:\n  receivers:\n    operator:\n      targets:\n        box: {sender: ▶pigeon}\n",
        ("/notification/receivers/operator/targets/box/sender",),
        "no sender has this name",
    ),
    "a-receiver-without-the-parameters-of-its-sender": (
        "notification:\n  receivers:\n    operator:\n      targets:\n        ▶box:\n          sender: file\n",
        ("/notification/receivers/operator/targets/box",),
        "path is missing",
    ),
    "a-parameter-its-sender-does-not-know": (
        (
            "notification:\n  receivers:\n    operator:\n      targets:\n        box:\n          sender: file\n"
            "          parameters: {path: a, ▶pth: b}\n"
        ),
        ("/notification/receivers/operator/targets/box/parameters/pth",),
        "unknown key pth",
    ),
    "an-unknown-source": ("sources:\n  - source: ▶jira\n", ("/sources/0/source",), "no task source has this name"),
    "a-source-with-a-wrong-parameter": (
        "sources:\n  - source: json\n    parameters: {▶file: x}\n",
        ("/sources/0/parameters/file",),
        "unknown key file",
    ),
}


def written(folder: Path, text: str) -> tuple[Path, list[tuple[int, int]]]:
    """Write a profile without its marks; return it, and line and column of each mark, in order."""
    places = []
    for number, line in enumerate(text.splitlines(), start=1):
        before = 0
        for part in line.split(MARK)[:-1]:
            before += len(part)
            places.append((number, before + 1))
    path = folder / "mine.yaml"
    path.write_text(text.replace(MARK, ""), encoding="utf-8")
    return path, places


def loaded(folder: Path, path: Path) -> Settings:
    """Return what the profile puts in force, on a state of its own."""
    return load_settings(str(folder / "state"), str(path))


@pytest.mark.parametrize("name", CASES)
def test_a_fault_of_meaning_has_its_place(tmp_path: Path, name: str) -> None:
    text, pointers, words = CASES[name]
    path, places = written(tmp_path, HEAD + text)
    settings = loaded(tmp_path, path)
    findings = settings.findings
    assert {each.file for each in findings} == {str(path)}, findings
    found = [(each.line, each.column) for each in findings]
    assert (set(found), sorted(each.pointer for each in findings)) == (set(places), sorted(pointers)), findings
    first = findings[0]
    assert words in first.message
    assert "hunter2" not in str(findings)
    assert settings.refused is not None
    assert settings.refused.startswith(f"{path}:{first.line}:{first.column}: {first.message}")


def test_the_same_faults_in_json_have_their_places(tmp_path: Path) -> None:
    text = '{"apiVersion": "reporting-governance/v1alpha1", "kind": "DeploymentProfile",\n'
    text += ' "metadata": {"id": "m", "title": "M", "version": "1"},\n "artifact_roots": {"a~/b": 1}}'
    path = tmp_path / "mine.json"
    path.write_text(text.replace('{"a~/b": 1}', '{"a": "/x"}'))
    (finding,) = loaded(tmp_path, path).findings
    assert (finding.line, finding.column, finding.pointer) == (3, 26, "/artifact_roots/a")


def test_an_artifact_is_no_profile(tmp_path: Path) -> None:
    good = load_settings(str(tmp_path / "state"), "minimal-solo-mode")
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"kind": "x", **good.artifact}, indent=1))
    (finding,) = loaded(tmp_path, path).findings
    assert (finding.line, finding.pointer) == (2, "/kind")


def packs_beside(folder: Path, **packs: str) -> Path:
    """Write packs and a profile that names them; return the folder of the packs."""
    (folder / "policy-packs").mkdir()
    for name, text in packs.items():
        (folder / "policy-packs" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / "policy-packs"


def no_silence() -> str:
    """Return the text of the shipped pack."""
    return Path(resource_path("policy-packs", "no-silence.yaml")).read_text(encoding="utf-8")


def place_in(path: Path, finding: Finding) -> str:
    """Return the text of a file from a finding's place to the end of the line."""
    assert finding.file == str(path)
    assert finding.line is not None
    assert finding.column is not None
    return path.read_text(encoding="utf-8").splitlines()[finding.line - 1][finding.column - 1 :]


def test_a_pack_under_another_name_is_told_at_its_id(tmp_path: Path) -> None:
    packs = packs_beside(tmp_path, second=no_silence())
    path, _ = written(tmp_path, HEAD + "policy_packs: [second]\n")
    (finding,) = loaded(tmp_path, path).findings
    assert finding.pointer == "/metadata/id"
    assert place_in(packs / "second.yaml", finding) == "no-silence"


def test_a_pack_that_is_not_there_has_a_rule_of_its_own(tmp_path: Path) -> None:
    path, _ = written(tmp_path, HEAD + "policy_packs: [no-such-pack]\n")
    (finding,) = loaded(tmp_path, path).findings
    assert finding.rule == "GOV232"


def test_a_second_document_is_told_at_its_beginning(tmp_path: Path) -> None:
    path, places = written(tmp_path, f"{HEAD}---\n{MARK}{HEAD}")
    (finding,) = loaded(tmp_path, path).findings
    assert (finding.document, [(finding.line, finding.column)]) == (2, places)


def test_a_fault_in_the_type_of_a_pack_has_its_place(tmp_path: Path) -> None:
    text = no_silence()
    assert "priority: 20\n" in text
    packs = packs_beside(tmp_path, **{"no-silence": text.replace("priority: 20\n", "priority: 20.0\n", 1)})
    path, _ = written(tmp_path, HEAD)
    (finding,) = loaded(tmp_path, path).findings
    assert finding.pointer == finding.pointer
    assert place_in(packs / "no-silence.yaml", finding) == "20.0"


def test_an_action_that_a_pack_requires_and_nothing_stands_in_for(tmp_path: Path) -> None:
    wanted = pack(rule("own.rule", required_actions=[action("block_transition")]))
    packs_beside(tmp_path, own=json.dumps(wanted))
    path, places = written(tmp_path, f"{HEAD}policy_packs: [own]\nfallbacks:\n  block_transition: {MARK}[]\n")
    (finding,) = loaded(tmp_path, path).findings
    assert (finding.pointer, [(finding.line, finding.column)]) == ("/fallbacks/block_transition", places)
    assert "block_transition is required by the pack own" in finding.message
