"""Tokens are planted everywhere a secret can be, everybody gives them away, and nothing that we write holds them."""

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.planted_scene import Scene, deploy
from tests.acceptance.planting import USER, found_in, shapes, token
from tests.adapters.senders.peers import Receiver

#: What agents write into texts, each in a shape by which anybody can tell that it is a secret: (name, text).
SPOKEN = {
    "SAID_GITHUB": "pushed with ghp_{}AbCdEfGhIj0123",
    "SAID_PASSWORD": "logged in with password={}",
    "SAID_QUOTED": 'wrote {{"client_secret": "{}"}} into the file',
    "SAID_BEARER": "curl -H 'Authorization: Bearer {}' https://api.example.org",
    "SAID_USERINFO": "git clone https://ci:{}@git.example.org/it.git",
    "SAID_HOOK": "posted to https://hooks.slack.com/services/T0/B0/{}",
    "SAID_KEY": "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
    "SAID_JWT": "cookie eyJhbGciOiJIUzI1NiJ9.eyJ{}.abc",
    "SAID_LONG": "x " * 50_000 + "api_key: {} " + "y " * 50_000,
}
WORDS = {name: text.format(token(name)) for name, text in SPOKEN.items()}
BASIC = base64.b64encode(f"{USER}:{token('SAID_BASIC')}".encode()).decode()
KEYED = ("KEYED_REPORT", "KEYED_LABEL", "SAID_BASIC", "SAID_FILE", "SAID_SILENCE", "SAID_ACK", "SAID_MAILED")


def check_ins() -> str:
    """Return what an agent hands in: secrets in every field that holds a text."""
    past = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    start = {
        "verb": "start",
        "task": "deploy",
        "agent": "coder",
        "at": past,
        "title": f"Deploy; {WORDS['SAID_PASSWORD']}",
        "message": WORDS["SAID_GITHUB"],
        "labels": {"api_key": token("KEYED_LABEL"), "team": WORDS["SAID_HOOK"]},
        "checkpoint": {"every_seconds": 60},
        "report_anchor": WORDS["SAID_USERINFO"],
    }
    report = {"current_status": "on it", "access_token": token("KEYED_REPORT"), "next_action": WORDS["SAID_JWT"]}
    evidence = {
        "class": "tool_output",
        "summary": f"{WORDS['SAID_BEARER']} and Basic {BASIC}",
        "refs": [{"kind": "url", "ref": WORDS["SAID_USERINFO"]}, {"kind": "log", "ref": WORDS["SAID_QUOTED"]}],
        "claims": ["progress"],
    }
    more = [
        {"verb": "checkpoint", "task": "deploy", "message": WORDS["SAID_LONG"], "report": report, "at": past},
        {"verb": "evidence", "task": "deploy", "evidence": [evidence], "message": WORDS["SAID_KEY"], "at": past},
        {"verb": "heartbeat", "task": "deploy"},
    ]
    return "\n".join(json.dumps(each) for each in (start, *more))


def play(scene: Scene, folder: Path) -> None:
    """Do with it what agents, cron and operators do, and let it end with a bug."""
    verbs = scene.verbs
    assert scene.call("report", "-", given=check_ins()) == 0
    said = folder / "said.log"
    said.write_text(f"password={token('SAID_FILE')}\n")
    given = ("--class", "tool_output", "--file", said, "--format", "json")
    assert scene.call("report", "evidence", "deploy", "-", *given) in (0, 2)
    assert scene.call("run", "--format", "json") == 3
    assert scene.call("run") == 3
    for shown in ("table", "json"):
        for verb in (("status",), ("status", "--tasks"), ("doctor",), ("routes", "test", "task_id=deploy")):
            scene.call(*verb, "--format", shown)
        for kind in ("event", "notice", "spool-item", "attempt", "receipt"):
            ids = [each[f"{kind.replace('spool-item', 'spool')}_id"] for each in verbs.records(kind)]
            for each in ids[:1]:
                assert scene.call("explain", each, "--format", shown) == 0
        scene.call("explain", "deploy", "--format", shown)
    items = {each["attempt_id"]: each["spool_id"] for each in verbs.records("attempt")}
    blocked = [items[each["attempt_id"]] for each in verbs.records("receipt") if each["outcome"] == "blocked"]
    for each in blocked[:4]:
        assert scene.call("retry", each, "--comment", f"again, {WORDS['SAID_PASSWORD']}") == 0
    (verbs.state / "inbox/act.json").write_text(json.dumps({"verb": "checkpoint", "password": token("SAID_MAILED")}))
    scene.call("run", "--format", "json")
    comment = f"token={token('SAID_SILENCE')}"
    assert scene.call("silence", "add", "task_id=deploy", "--for", "1h", "--comment", comment) == 0
    scene.call("silence", "list")
    assert scene.call("ack", "deploy", "--comment", f"secret: {token('SAID_ACK')}") == 0
    done = {"verb": "complete", "task": "deploy", "message": WORDS["SAID_BEARER"]}
    assert scene.call("report", "-", "--format", "json", given=json.dumps(done)) == 0
    scene.call("run")
    scene.call("status", "--format", "json")


#: Planted into a verb by Python's own `sitecustomize`: what was just resolved stands in the words of an exception.
BUG_OF_OURS = f"""
from reporting_governance.stages import source_reading
def read_source(source, **rest):
    from reporting_governance.adapters.senders.secrets import Secrets
    raise LookupError("no such thing: %r; {WORDS["SAID_PASSWORD"]}" % Secrets().resolve("${{env:SOURCE_ENV}}"))
source_reading.read_source = read_source
"""
BUG_OF_A_SENDER = """
from reporting_governance.adapters.senders import http
def connect(self, headers, length):
    raise LookupError("no such thing: %r" % self._url.geturl())
http.Exchange.connect = connect
"""


def end_with_bugs(scene: Scene, folder: Path) -> None:
    """Let verbs meet bugs whose words hold a secret."""
    for name, text in (("ours", BUG_OF_OURS), ("sender", BUG_OF_A_SENDER)):
        (folder / name).mkdir()
        (folder / name / "sitecustomize.py").write_text(text)
    path = scene.verbs.variables()["PYTHONPATH"]
    assert scene.call("doctor", also={"PYTHONPATH": f"{path}:{folder / 'sender'}"}) == 1
    assert scene.call("scan", also={"PYTHONPATH": f"{path}:{folder / 'ours'}"}) == 70
    (log,) = (folder / "seen/tmp").glob("reportgov-bug-*.log")
    assert "LookupError: no such thing" in log.read_text()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("planted")
    with ExitStack() as stack:
        scene = deploy(folder, stack)
        scene.names |= {*SPOKEN, *KEYED}
        with scene.lines:
            play(scene, folder)
            end_with_bugs(scene, folder)
        yield scene


@pytest.mark.parametrize("name", ["HOOK_PATH", "KEYED_LABEL"])
@pytest.mark.parametrize("wrapped", ["{}", '{{"a": {}}}'])
def test_the_search_finds_what_is_there(name: str, wrapped: str) -> None:
    for shape in shapes(token(name)).split(" | "):
        text = wrapped.format(json.dumps(json.dumps(shape)) if wrapped != "{}" else shape)
        assert found_in(text.encode(), [name, "NOT_THERE"]) == {name}, shape
    assert found_in(token(name)[:12].encode(), [name]) == {name}, "also a part of it"
    assert found_in(b"nothing of the kind", [name]) == set()


def test_every_channel_was_given_its_secret(scene: Scene) -> None:
    """Or else nothing could have given it away."""
    unreachable = {"hook-user", "tls-unknown", "tls-other"}
    for name, peer in scene.reached.items():
        asked = len(peer.requests) if isinstance(peer, Receiver) else len(peer.lines)
        assert (asked == 0) == (name in unreachable), name
    outcomes = {each["outcome"] for each in scene.verbs.records("receipt")}
    assert {"acked", "blocked", "deferred"} <= outcomes
    told = {line["target"] for line in scene.verbs.records("spool-item")}
    assert told == {f"operator/{each}" for each in ("outbox", "outer", *scene.targets)}


def test_nothing_that_we_write_holds_a_secret(scene: Scene) -> None:
    given = {"SAID_PASSWORD", "SAID_SILENCE", "SAID_ACK"}  #: by the operator, on a command line of their own
    found = {}
    for where, text in scene.texts().items():
        if where.startswith("seen/state/corrupt/") and not where.endswith(".finding.json"):
            continue  # somebody's own file, put aside as it was handed in
        names = scene.names - given if where == "command lines" else scene.names
        if hits := found_in(text, sorted(names)):
            found[where] = hits
    assert found == {}
