"""Our whole chain beside the real gateway: what goes wrong is told in time, by file and by Telegram; the rest is not.

When something was due is taken from OpenClaw's own rows and from what the test itself did, not from our records.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from .install import Program
from .island import Island
from .peers import OPERATOR
from .sends import arrived
from .stories import announced, rows_of, run_job, spawn, wait_until

pytestmark = pytest.mark.openclaw

SILENCE, FORWARD, GRACE, GROUP_WAIT, TICK = 125, 60, 10, 5, 15
LEASE = 120  #: after its last renewal a gateway that is gone counts as dead; docs/sources.md
#: What becomes true when, by the job's or sub-agent's name.
HUNG = {"hangs": "HANG while counting", "stuck": "HANG widgets"}  #: with what the model was asked last
REFUSED = {"refused", "refused-best-effort"}
LOST = {"HANG-announce"}
HEALTHY = {"delivered", "silent", "wants-none", "works-long", "announced", "not-awaited"}


class Chain:
    """Runs our chain as cron does, in the island's network, and notes when each task was first told of."""

    def __init__(self, island: Island, folder: Path) -> None:
        self.island = island
        self.state = folder / "ours"
        self.profile = folder / "profile.yaml"
        self.profile.write_text(yaml.safe_dump(_profile(island), sort_keys=False))
        self.told: dict[str, float] = {}
        self.longest_run = 0.0
        self._stop = threading.Event()
        self._faults: list[BaseException] = []

    def run(self) -> None:
        """One tick."""
        began = time.time()
        command = [sys.executable, "-m", "reporting_governance", "run"]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": "lib", "BOT": "777:synthetic"}
        done = subprocess.run(
            self.island.inside(*command, "--state", str(self.state), "--profile", str(self.profile)),
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self.longest_run = max(self.longest_run, time.time() - began)
        for line in self.notices():
            self.told.setdefault(title_of(str(line["subject"])), time.time())

    def notices(self) -> list[dict[str, Any]]:
        """Return what lies in the outbox."""
        outbox = self.state / "outbox" / "notices.jsonl"
        return [json.loads(line) for line in outbox.read_text().splitlines()] if outbox.exists() else []

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """Tick until the end of the block; a tick that failed fails the test."""

        def tick() -> None:
            try:
                while not self._stop.is_set():
                    began = time.time()
                    self.run()
                    self._stop.wait(max(0.0, TICK - (time.time() - began)))
            except BaseException as fault:
                self._faults.append(fault)

        thread = threading.Thread(target=tick)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join(150)
        assert not self._faults, self._faults

    def is_told(self, titles: set[str], seconds: float) -> None:
        """Wait until these were told of."""
        Island.wait_for(lambda: self._faults or titles <= set(self.told), seconds, f"{titles} to be told of")
        assert not self._faults, self._faults

    def assert_in_time(self, title: str, due: float, latest_due: float | None = None) -> None:
        """Check that a task was told of not before it was due, and within grace, group wait and one tick."""
        at = self.told[title]
        assert at >= due, f"{title} was told of {due - at:.1f} s too early"
        late = at - (due if latest_due is None else latest_due)
        assert late <= GRACE + GROUP_WAIT + TICK + self.longest_run, (
            f"{title} was told of {late:.1f} s after it was due"
        )


def title_of(subject: str) -> str:
    return subject.partition(":")[0]


def _profile(island: Island) -> dict[str, Any]:
    profile: dict[str, Any] = yaml.safe_load(Path("profiles/minimal-solo-mode.yaml").read_text())
    profile["policy_packs"] = ["no-silence"]
    profile["sources"] = [{"source": "openclaw", "parameters": {"state": str(island.state)}}]
    profile["watchdog"] |= {
        "tick_seconds": TICK,
        "grace_seconds": GRACE,
        "silence_seconds": SILENCE,
        "forward_within_seconds": FORWARD,
    }
    phone = {"token": "${env:BOT}", "chat_id": OPERATOR, "base_url": f"http://127.0.0.1:{island.port}"}
    targets = {
        "outbox": {"sender": "file", "parameters": {"path": "outbox/notices.jsonl"}},
        "phone": {"sender": "telegram", "parameters": phone},
    }
    profile["notification"] |= {"group_wait_seconds": GROUP_WAIT, "receivers": {"operator": {"targets": targets}}}
    return profile


def row_of(island: Island, label: str) -> dict[str, Any]:
    """Return OpenClaw's row of a task."""
    rows = [row for row in rows_of(island.database, "task_runs") if label in (row["label"], row["task"])]
    assert len(rows) == 1, (label, rows)
    return rows[0]


def test_each_is_told_in_time_and_none_for_healthy_work(program: Program, tmp_path: Path) -> None:
    """A hung run, a hung sub-agent, 403 on announce, a sub-agent's result that is lost; then a killed gateway."""
    with Island(tmp_path / "island", program) as island:
        island.start_gateway()
        chain = Chain(island, tmp_path)
        chain.run()
        with chain.ticking():
            run_job(island, "hangs", *announced("HANG while counting"))
            run_job(island, "works-long", *announced("WORK 60 then report"))
            spawn(island, "told", task="count the widgets", label="announced", runTimeoutSeconds=600)
            spawn(island, "untold", task="count the widgets", label="HANG-announce")
            spawn(island, "waiting", task="HANG widgets", label="stuck", runTimeoutSeconds=900)
            spawn(island, "quiet", task="count the widgets", label="not-awaited", expectsCompletionMessage=False)
            run_job(island, "delivered", *announced("count widgets"))
            run_job(island, "silent", *announced("SILENT count"))
            run_job(island, "wants-none", "--message", "count quietly", "--no-deliver")
            _until_ended(island, "delivered", "silent", "wants-none")
            island.telegram_fails(403)
            run_job(island, "refused", *announced("count widgets"))
            run_job(island, "refused-best-effort", *announced("count widgets"), "--best-effort-deliver")
            _until_ended(island, "refused", "refused-best-effort")
            island.telegram_fails(None)
            wrong = {*HUNG, *REFUSED, *LOST}
            chain.is_told(wrong, SILENCE + 120)
            before = {title: row_of(island, title) for title in wrong}
            told = set(chain.told)
            assert row_of(island, "works-long")["status"] == "running"
            lease = _lease_renewed(island)
            killed = time.time()
            island.kill_gateway()
            chain.is_told({"works-long"}, LEASE + 120)
            asked = island.requests()
    assert told == wrong
    assert not (HEALTHY - {"works-long"}) & set(chain.told)
    for title, prompt in HUNG.items():
        last_asked = max(each["at"] for each in asked if prompt in each.get("hangs", ""))
        chain.assert_in_time(title, before[title]["last_event_at"] / 1000 + SILENCE, last_asked + SILENCE)
    for title in REFUSED:
        chain.assert_in_time(title, before[title]["ended_at"] / 1000)
    for title in LOST:
        chain.assert_in_time(title, before[title]["ended_at"] / 1000 + FORWARD)
    chain.assert_in_time("works-long", lease + LEASE, killed + LEASE)
    on_the_phone = [text for text in arrived(island) if title_of(text) in chain.told]
    assert len(on_the_phone) == len(chain.notices())


def _until_ended(island: Island, *labels: str) -> None:
    wait_until(
        island,
        lambda rows: all(any(row["label"] == each and row["ended_at"] for row in rows) for each in labels),
        f"{labels} to end",
    )


def _lease_renewed(island: Island) -> float:
    """Return when the gateway last renewed its lease, or a little before."""
    rows = [row for row in rows_of(island.database, "state_leases") if row["scope"] == "gateway-owner"]
    (row,) = rows
    return float(row["heartbeat_at"] or row["updated_at"]) / 1000
