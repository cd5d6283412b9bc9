"""Whatever happens in between: who was told of a trouble is told of its end, once, and nobody else; no repeat is early.

The whole chain on the memory store, with channels that a test opens and closes.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, note, settings
from hypothesis import strategies as st

from reporting_governance.adapters.interface import Answer, Fence, Message, SenderPromises, SendResult
from reporting_governance.contracts.deployment_profile import ProfileSpec
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.receipt import Proof
from reporting_governance.contracts.times import parse_time
from reporting_governance.core.threads import rules_of
from reporting_governance.errors import UsageError
from reporting_governance.stages.acts import run_ack, run_unack
from reporting_governance.stages.bridge import BridgeReport, run_bridge
from reporting_governance.stages.late_receipt import run_late_receipt
from reporting_governance.stages.retrying import run_retry
from tests.crash.chain.world import OVERDUE, START, profile_of
from tests.oracle.checker import Arrival, Derived
from tests.oracle.memory_world import MemoryWorld

RECEIVERS = ("operator", "boss", "chief")
TROUBLE = ("firing", "repeat", "escalation", "fallback")


PROMISES = SenderPromises(best_first_proof=Proof.STORED, idempotent_by_key=False, can_look=False, limit_seconds=5)


@dataclass
class Channel:
    """A target whose answers a test sets, and who keeps what it got."""

    target: str
    mode: str = "up"
    got: list[Arrival] = field(default_factory=list)
    attempts: dict[str, str] = field(default_factory=dict)  #: item by the attempt by which it arrived
    name: str = "file"
    promises: SenderPromises = PROMISES

    def mark(self) -> None:
        return None

    def look(self, message: Message, mark: Mapping[str, Any] | None) -> Answer | None:
        raise AssertionError("it cannot look")

    def probe(self) -> Sequence[Finding]:
        return ()

    def send(self, message: Message, *, may_start: Fence) -> Answer:
        if not may_start():
            return Answer(result=SendResult.NOT_STARTED)
        if self.mode == "down":
            return Answer(result=SendResult.NOT_SENT)
        if self.mode == "refusing":
            return Answer(result=SendResult.REFUSED)
        if self.mode != "swallowing":
            repeat = message.possible_repeat_of is not None or "[possible repeat" in message.subject
            self.attempts[message.attempt_id] = message.spool_id
            self.got.append(Arrival(message.spool_id, tuple(message.notice_ids), repeat, message.spool_id))
        if self.mode == "up":
            return Answer(result=SendResult.ANSWERED, proof=Proof.STORED, evidence={"id": message.spool_id})
        return Answer(result=SendResult.IN_DOUBT)


MODES = ("up", "down", "refusing", "silent", "swallowing")  # silent: it arrived, and no answer came


def profile(**given: Any) -> ProfileSpec:
    return profile_of(
        pager=None,
        **{
            "receivers": {
                each: {"targets": {"box": {"sender": "file", "parameters": {"path": f"{each}.jsonl"}}}}
                for each in RECEIVERS
            },
            "routes": [{"match": {}, "receivers": ["operator"]}],
            "fallback": ["chief"],
            "in_doubt": "hold",
            "repeat_seconds": 3600,
            "retry": {"first_seconds": 60, "ceiling_seconds": 600, "lifetime_seconds": 5000},
            **given,
        },
    )


PROFILES = (
    profile(escalation=[{"after_seconds": 900, "receivers": ["boss", "operator"]}]),
    profile(repeat_seconds=600, fallback=[], in_doubt="resend_marked"),
    profile(
        routes=[{"match": {}, "receivers": ["operator", "boss"]}],
        escalation=[
            {"after_seconds": 300, "receivers": ["boss"]},
            {"after_seconds": 1200, "receivers": ["chief"], "until": "resolved"},
            {"after_seconds": 4000, "receivers": ["boss", "chief"]},
        ],
    ),
)


@dataclass
class Scripted(MemoryWorld):
    """A world with channels, which remembers how often the profile of each moment repeats."""

    channels: dict[str, Channel] = field(
        default_factory=lambda: {f"{each}/box": Channel(f"{each}/box") for each in RECEIVERS}
    )
    repeats: dict[str, int] = field(default_factory=dict)  #: by the moment at which enqueue ran
    lives: int = 0

    def arrived(self) -> Mapping[str, Sequence[Arrival]]:
        return {target: channel.got for target, channel in self.channels.items()}

    def bridge(self) -> BridgeReport:
        return run_bridge(self.memory, self.channels, self.profile, clock=self.clock, host=self.host(), parallel=1)

    def enqueue(self) -> None:
        self.repeats[self.clock.now().isoformat()] = self.profile.notification.repeat_seconds
        super().enqueue()

    def wait(self, seconds: int) -> None:
        self.clock.seconds += seconds
        self.tick()

    def begin(self) -> None:
        self.lives += 1
        self.report("checkpoint", id=f"life-{self.lives}")
        self.wait(60)

    def come_to_rest(self) -> None:
        """Tick until nothing is open any more."""
        for _ in range(200):
            self.wait(120)
            folders = (Folder.EVENTS, Folder.QUEUE, Folder.SPOOL, Folder.EPISODES)
            if not any(self.memory.listing(each).names for each in folders):
                return
        raise AssertionError("it never comes to rest")

    def act(self, what: str, subject: str) -> None:
        rules = rules_of(self.profile.notification)
        try:
            if what == "retry":
                run_retry(self.memory, subject, actor="maria", comment="", lifetime_seconds=5000, clock=self.clock)
            else:
                run = run_ack if what == "ack" else run_unack
                run(self.memory, subject, actor="maria", comment="", clock=self.clock, rules=rules)
        except UsageError as nothing:
            note(str(nothing))

    def late(self, number: int, proof: str) -> None:
        """Let a proof of what has arrived come from outside."""
        arrived = [pair for channel in self.channels.values() for pair in channel.attempts.items()]
        if not arrived:
            return
        attempt, item = arrived[number % len(arrived)]
        handed_in = {"attempt_id": attempt, "proof": proof, "id": f"{number}{proof}", "evidence": {"id": item}}
        rules = rules_of(self.profile.notification)
        run_late_receipt(self.memory, handed_in, settled_by="provider", rules=rules, clock=self.clock)

    def records(self, kind: str) -> list[Mapping[str, Any]]:
        found = [line.document["record"] for line in self.memory.replay() if "record" in line.document]
        return [each for each in found if each["kind"] == kind]


STEP = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([60, 300, 900, 1300, 3700])),
    st.tuples(st.just("mode"), st.sampled_from(RECEIVERS), st.sampled_from(MODES)),
    st.tuples(st.just("ack"), st.sampled_from(["task-a", "task-b"])),
    st.tuples(st.just("unack"), st.sampled_from(["task-a", "task-b"])),
    st.tuples(st.just("late"), st.integers(0, 30), st.sampled_from(["accepted", "delivered", "person"])),
    st.tuples(st.just("retry"), st.integers(0, 10)),
    st.tuples(st.just("profile"), st.integers(0, len(PROFILES) - 1)),
    st.tuples(st.just("checkpoint")),
)


def do(world: Scripted, step: tuple[Any, ...]) -> None:
    what, *given = step
    if what == "wait":
        world.wait(given[0])
    elif what == "mode":
        world.channels[f"{given[0]}/box"].mode = given[1]
    elif what in ("ack", "unack"):
        world.act(what, given[0])
    elif what == "late":
        world.late(*given)
    elif what == "retry":
        items = world.records("spool-item")
        if items:
            world.act("retry", items[given[0] % len(items)]["id"])
    elif what == "profile":
        world.profile = PROFILES[given[0]]
    else:
        world.begin()


def check_repeats(world: Scripted, derived: Derived) -> None:
    """No repeat is made earlier than what the profile asks after the last telling of its receiver."""
    for thread in derived.threads():
        notices = derived.of_thread(thread)
        for place, notice in enumerate(notices):
            if notice.body["phase"] != "repeat":
                continue
            made = parse_time(notice.body["created_at"])
            told = [
                parse_time(receipt["settled_at"])
                for earlier in notices[:place]
                for item in earlier.items
                for receipt in _first_words(item)
                if receipt["outcome"] in ("acked", "pending_external_send")
                and parse_time(receipt["settled_at"]) <= made
            ]
            repeat = timedelta(seconds=world.repeats[made.isoformat()])
            assert not told or made >= max(told) + repeat, f"{thread} repeats {made - max(told)} after {max(told)}"


def _first_words(item: Any) -> list[Mapping[str, Any]]:
    """Return the first receipt of each attempt that says it arrived: later ones say it again."""
    found = {}
    for receipt in item.receipts:
        if receipt["outcome"] in ("acked", "pending_external_send") and receipt.get("attempt_id"):
            found.setdefault(receipt["attempt_id"], receipt)
    return list(found.values())


def check_acked_is_quiet(world: Scripted, derived: Derived) -> None:
    """grafana/oncall#4654, #4760, #3111: between an ack and its undoing nothing of the trouble is made for anybody."""
    acts = world.records("act")
    families = {thread: thread.rpartition("_")[0] for thread in derived.threads()}
    for act in acts:
        if act["body"]["what"] != "ack":
            continue
        mine = {each.rpartition("_")[0] for each in act["parents"]}
        since = act["body"]["acted_at"]
        undone = [
            each["body"]["acted_at"]
            for each in acts
            if each["body"]["what"] == "unack"
            and each["body"]["acted_at"] >= since
            and mine & {parent.rpartition("_")[0] for parent in each["parents"]}
        ]
        lasting = {
            notice.body["thread_key"]
            for notice in derived.notices.values()
            if (notice.body.get("rung") or {}).get("until") == "resolved"
        }
        for notice in derived.notices.values():
            body = notice.body
            if families[body["thread_key"]] not in mine or body["thread_key"] in lasting:
                continue
            if body["phase"] in TROUBLE and body["created_at"] > since:
                assert undone, f"{body['notice_id']} after {act['id']}"
                assert body["created_at"] >= min(undone), f"{body['notice_id']} after {act['id']}"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(first=0, steps=[("mode", "boss", "silent"), ("wait", 900), ("retry", 2), ("ack", "task-b")])
@example(first=1, steps=[("mode", "operator", "silent"), ("checkpoint",), ("wait", 900), ("profile", 0)])
@given(first=st.integers(0, len(PROFILES) - 1), steps=st.lists(STEP, max_size=10))
def test_who_was_told_is_told_the_end_and_no_repeat_is_early(first: int, steps: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = Scripted(folder, PROFILES[first])
        world.start()
        world.at(1).enqueue()
        world.at(OVERDUE).tick()
        for step in steps:
            do(world, step)
        world.check(at_rest=False)
        for channel in world.channels.values():
            channel.mode = "up"
        over = START + timedelta(seconds=world.clock.seconds)
        world.report("fail", at=over.isoformat())
        world.come_to_rest()
        derived = world.check()
        check_repeats(world, derived)
        check_acked_is_quiet(world, derived)
        for thread in derived.threads():
            phases = [each.body["phase"] for each in derived.of_thread(thread)]
            assert phases.count("resolved") == derived.was_told(thread), (thread, phases)
