"""Kill the bridge at every step of a limited run, a hand-over, its taking back, and a question; run it again; look."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.senders.registry import Senders
from reporting_governance.contracts.times import parse_time
from reporting_governance.stages.bridge import run_bridge
from tests.stages.bridge_world import HERE, World, profile
from tests.stages.test_bridge_killed import at, killed_at_every
from tests.stages.test_rate_limit import within
from tests.storage.killing import Report

NOTICES = 3
STRIDES = pytest.mark.parametrize("stride", [pytest.param(1, marks=pytest.mark.long), 11])
LIMITED = {"rate_limit": {"messages": 2, "per_seconds": 60}}


def bridge(root: str, seconds: float, **notification: Any) -> None:
    world, settings = at(root, seconds), profile(**notification)
    senders = Senders(settings.notification.receivers, state_folder=root)
    run_bridge(world.store, senders, settings, clock=world.clock, host=HERE, parallel=2)


def prepare(root: Path, sender: str = "file") -> list[str]:
    world = at(str(root))
    notices = [world.notice(number) for number in range(NOTICES)]
    for notice in notices:
        world.item(notice, sender=sender)
    return [each.thread_key for each in notices]


@STRIDES
def test_a_limited_run(tmp_path: Path, stride: int) -> None:
    """Whatever the moment: each message once, and never more in a stretch than the limit, the killed run included."""
    prepare(tmp_path / "template")
    (tmp_path / "runs").mkdir()
    killed = 0

    def scenario(root: str, report: Report) -> None:
        bridge(root, 0, **LIMITED)

    for number, root in killed_at_every(stride, tmp_path / "template", tmp_path / "runs", scenario):
        killed += 1
        for seconds in (20, 80, 160, 240):
            bridge(root, seconds, **LIMITED)
        world = at(root)
        lines = Path(root, "outbox", "notices.jsonl").read_text().splitlines()
        assert len({json.loads(each)["spool_id"] for each in lines}) == len(lines) == NOTICES, number
        assert world.states() == ["acked"] * NOTICES, number
        assert within(LIMITED["rate_limit"], [parse_time(each["started_at"]) for each in world.attempts()]), number
    assert killed > 30 // stride


EXTERNAL = {
    "receivers": {
        "operator": {"targets": {"main": {"sender": "external", "parameters": {"folder": "handed-over"}}}},
        "deputy": {"targets": {"main": {"sender": "file", "parameters": {"path": "deputy.jsonl"}}}},
    }
}


def lying(root: str) -> list[dict[str, Any]]:
    return [json.loads(each.read_text()) for each in Path(root, "handed-over").glob("*.json")]


def assert_put_down_once(world: World, files: list[dict[str, Any]], number: int) -> None:
    """Every file is whole and of an attempt; an item has two only where a receipt says that nobody knew."""
    attempts = {each["attempt_id"]: each["spool_id"] for each in world.attempts()}
    for each in files:
        assert attempts[each["attempt_id"]] == each["spool_id"], number
    times = Counter(each["spool_id"] for each in files)
    doubtful = Counter(attempts[each["attempt_id"]] for each in world.receipts() if each.get("reason") == "in_doubt")
    assert all(count <= 1 + doubtful[item] for item, count in times.items()), number


@pytest.mark.parametrize("in_doubt", ["hold", "resend_marked"])
@STRIDES
def test_a_hand_over(tmp_path: Path, in_doubt: str, stride: int) -> None:
    prepare(tmp_path / "template", "external")
    (tmp_path / "runs").mkdir()
    settings = {**EXTERNAL, "in_doubt": in_doubt, "fallback": ["deputy"]}
    killed = 0

    def scenario(root: str, report: Report) -> None:
        bridge(root, 0, **settings)

    for number, root in killed_at_every(stride, tmp_path / "template", tmp_path / "runs", scenario):
        killed += 1
        for seconds in (60, 200, 800):
            bridge(root, seconds, **settings)
        world, files = at(root), lying(root)
        assert_put_down_once(world, files, number)
        assert not list(Path(root, "handed-over").glob(".*.tmp")), number
        in_question = {each["attempt_id"] for each in world.receipts() if each.get("reason") == "in_doubt"}
        assert len(files) + len(in_question) >= NOTICES, number
        assert set(world.states()) == {"pending_external_send"}, number
    assert killed > 30 // stride


@STRIDES
def test_taking_back(tmp_path: Path, stride: int) -> None:
    """What was taken back is never shown as taken by somebody else, and nobody was told."""
    template = tmp_path / "template"
    threads = prepare(template, "external")
    bridge(str(template), 0, **EXTERNAL)
    world = at(str(template), 10)
    for thread in threads:
        world.resolve(thread)
    (tmp_path / "runs").mkdir()
    killed = 0

    def scenario(root: str, report: Report) -> None:
        bridge(root, 60, **EXTERNAL)

    for number, root in killed_at_every(stride, template, tmp_path / "runs", scenario):
        killed += 1
        bridge(root, 120, **EXTERNAL)
        world = at(root)
        assert lying(root) == [], number
        last = [each for each in world.receipts() if each["proof"] != "none" or each.get("reason")]
        assert [each.get("reason") for each in last] == ["resolved_before_told"] * NOTICES, number
        assert all(world.thread(each).body["told_at"] is None for each in threads), number
    assert killed > 30 // stride


PROVIDER = """
import http.server, json, sys
class Provider(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        open(sys.argv[1], "a").write(self.path + "\\n")
        self.say({"status": 1, "request": "647d2300-702c-4b38", "receipt": "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy"})
    def do_GET(self):
        self.say({"status": 1, "acknowledged": 1, "acknowledged_at": 1772338000, "expired": 0})
    def say(self, document):
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
"""


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """A provider in a process of its own that takes every message, and says that each was acknowledged."""
    monkeypatch.setenv("A_TOKEN", "azGDORePK8gMaC0QOYAMyEEuzJnyUi")
    monkeypatch.setenv("A_USER", "uQiRzpo4DXghDmr9QzzfQu27cmVRsG")
    got = tmp_path / "got"
    with subprocess.Popen([sys.executable, "-c", PROVIDER, str(got)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), got
        process.kill()


@STRIDES
def test_a_question(tmp_path: Path, stride: int, provider: tuple[str, Path]) -> None:
    url, got = provider
    parameters = {"token": "${env:A_TOKEN}", "user": "${env:A_USER}", "emergency_from": "high", "base_url": url}
    main = {"sender": "pushover", "parameters": parameters}
    settings = {"receivers": {"operator": {"targets": {"main": main}}}}
    template = tmp_path / "template"
    threads = prepare(template, "pushover")
    bridge(str(template), 0, **settings)
    (tmp_path / "runs").mkdir()

    def scenario(root: str, report: Report) -> None:
        bridge(root, 60, **settings)

    runs = 0
    for number, root in killed_at_every(stride, template, tmp_path / "runs", scenario):
        bridge(root, 120, **settings)
        world = at(root)
        assert world.states() == ["acked"] * NOTICES, number
        proofs = [each["proof"] for each in world.receipts()]
        assert sorted(proofs) == ["accepted"] * NOTICES + ["person"] * NOTICES, number
        assert all(world.thread(each).body["acked"] for each in threads), number
        assert len(world.attempts()) == NOTICES
        runs += 1
    assert len(got.read_text().splitlines()) == NOTICES  # a question sends nothing
    assert runs > 30 // stride
