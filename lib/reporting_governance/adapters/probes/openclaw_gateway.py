"""The stories that only a real gateway of OpenClaw can tell."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from reporting_governance.adapters.probes.chain import Body
from reporting_governance.adapters.probes.interface import Seen, Setting
from reporting_governance.adapters.probes.openclaw_island import Island, put_plugin_in
from reporting_governance.adapters.probes.openclaw_peers import REFUSES
from reporting_governance.adapters.probes.running import Actors
from reporting_governance.adapters.probes.trying import Trial, Try, look

INSTEAD = "These words stand in place of the agent's."
CLAIM = "All of it is done, says the prober. probing."
PLAIN = "Good morning, says the prober."
HELD, REWRITTEN, PASSED, INSISTS = "5001", "5002", "5003", "5004"


@dataclass(frozen=True, kw_only=True)
class Gated:
    """What arrived, and what was recorded."""

    held: str
    rewritten: str
    passed: str
    unseen: str  #: what a message arrived as that belongs to no session
    events: Sequence[Body]
    kept: str


class GatewayStory:
    """A gateway with our plugin: an agent with a scripted model reports to a Telegram on loopback."""

    name = "a gateway of OpenClaw with the plugin"
    limit_seconds = 900

    @property
    def powers(self) -> Sequence[str]:
        """Its powers; that a check-in is asked for is not tried in a gateway."""
        return tuple(PLUGIN)

    def play(self, setting: Setting) -> Seen:
        """Play it."""
        with Island(setting) as island:
            version = island.run("--version").strip()
            actors = Actors(setting, REPORTGOV_PROBE_PEER="http://127.0.0.1:9")
            put_plugin_in(island, actors)
            island.start_gateway()
            island.turn(HELD, f'SAY "{CLAIM}block"')
            island.turn(REWRITTEN, f'SAY "{CLAIM}rewrite"')
            island.turn(PASSED, f'SAY "{PLAIN}"')
            words = ("--channel", "telegram", "--target", INSISTS, "--message", f"{CLAIM}block again")
            island.run("message", "send", *words, "--json")
            world = Gated(
                held=island.arrives(HELD),
                rewritten=island.arrives(REWRITTEN),
                passed=island.arrives(PASSED),
                unseen=island.arrives(INSISTS),
                events=actors.records("event-envelope"),
                kept=actors.kept(),
            )
            evidence = sha256(f"{island.text('requests.jsonl')}{actors.evidence()}".encode()).hexdigest()
        return Seen(sights=look(PLUGIN, world), evidence_sha256=evidence, runtime_version=version)


UNSEEN: Try[Gated] = Try("a message of no session is judged", lambda w: f"{CLAIM}block again" not in w.unseen)
PLUGIN: Mapping[str, Trial[Gated]] = {
    "observation.task_lifecycle": Trial(
        works=[Try("a session that reports is a task that starts and claims", lambda w: {
            each["event_type"] for each in w.events if each["task_id"].endswith(f":s{HELD}")}
            >= {"task_started", "task_claimed_complete"})],
        beyond=[Try("a session that claims nothing is seen", lambda w: any(
            each["task_id"].endswith(f":s{PASSED}") for each in w.events))],
    ),
    "observation.outgoing_report_attempts": Trial(
        works=[Try("what an agent reports is judged before it arrives", lambda w: f"{CLAIM}block" in w.kept)],
        beyond=[UNSEEN],
    ),
    "enforcement.block_transition": Trial(
        works=[
            Try("a claim that a rule objects to does not arrive", lambda w: f"{CLAIM}block" not in w.held),
            Try("in its place stands that it was held back", lambda w: "held back" in w.held),
            Try("words that nothing objects to arrive as they are", lambda w: w.passed == PLAIN),
        ],
        beyond=[UNSEEN],
    ),
    "enforcement.rewrite_message": Trial(
        works=[Try("the other words arrive, and not the agent's", lambda w: w.rewritten == INSTEAD)],
        beyond=[UNSEEN],
    ),
}  # fmt: skip


class OwnRecordsStory:
    """A gateway whose own records are read while a sub-agent hangs."""

    name = "a gateway of OpenClaw and its records"
    limit_seconds = 900

    @property
    def powers(self) -> Sequence[str]:
        """Its powers."""
        return tuple(RECORDS)

    def play(self, setting: Setting) -> Seen:
        """Play it."""
        with Island(setting) as island:
            version = island.run("--version").strip()
            island.start_gateway()
            actors = Actors(setting, OPENCLAW_STATE_DIR=island.state, REPORTGOV_PROBE_PEER="http://127.0.0.1:9")
            empty = _watched(actors)
            wish = '{"task": "HANG widgets", "label": "probe-hangs", "runTimeoutSeconds": 900}'
            island.run("agent", "--agent", "main", "--session-id", "s1", "--message", f"SPAWN {wish}", "--json")
            with_sub_agent = island.until(lambda: _watched(actors), "a sub-agent among the tasks")
            island.begin("agent", "--agent", "main", "--session-id", "s2", "--message", "HANG", "--json")
            with_turn = island.until(lambda: _more_than(actors, with_sub_agent), "a turn among the tasks")
            for name, chat in (("refused", REFUSES), ("arrived", "5005")):
                _announce(island, name, chat)
            said = island.until(lambda: _delivery_failed(actors), "a delivery that failed")
            island.arrives("5005")
            said += actors.verb("scan")["said"]
            (source,) = actors.verb("status")["sources"]
            world = Recorded(
                empty=empty,
                with_sub_agent=with_sub_agent,
                with_turn=with_turn,
                undelivered={each["task_id"] for each in said if each["condition"] == "delivery_failed"},
                cannot_see=source["cannot_see"],
                kept=actors.kept(),
            )
            evidence = sha256(f"{island.text('requests.jsonl')}{actors.evidence()}".encode()).hexdigest()
        return Seen(sights=look(RECORDS, world), evidence_sha256=evidence, runtime_version=version)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What our watchdog sees of a gateway."""

    empty: int  #: tasks before anything began
    with_sub_agent: int  #: while a sub-agent hangs, and nothing else is at work
    with_turn: int  #: and a turn, too
    undelivered: set[str]
    cannot_see: Mapping[str, str]  #: what the source says of itself
    kept: str


def _watched(actors: Actors) -> int:
    return int(actors.verb("scan")["looked_at"])


def _more_than(actors: Actors, before: int) -> int:
    now = _watched(actors)
    return now if now > before else 0


def _announce(island: Island, name: str, chat: str) -> None:
    """Let an automation run now, whose words go to a chat."""
    words = ("--message", f'SAY "{PLAIN}"', "--announce", "--channel", "telegram", "--to", chat)
    job = json.loads(island.run("cron", "add", "--name", name, "--every", "24h", *words, "--json"))
    island.run("cron", "run", str(job["id"]), "--json")


def _delivery_failed(actors: Actors) -> list[Body]:
    return [each for each in actors.verb("scan")["said"] if each["condition"] == "delivery_failed"]


SEES_ALL: Try[Recorded] = Try("the source says that nothing escapes it", lambda w: not w.cannot_see)
RECORDS: Mapping[str, Trial[Recorded]] = {
    "observation.task_lifecycle": Trial(
        works=[Try("a turn that hangs is a task", lambda w: w.with_turn > w.with_sub_agent)],
        beyond=[SEES_ALL],
    ),
    "observation.subagent_lifecycle": Trial(
        works=[
            Try("where nothing is at work there is no task", lambda w: w.empty == 0),
            Try("a sub-agent that hangs is a task", lambda w: w.with_sub_agent == 1),
        ],
        beyond=[SEES_ALL],
    ),
    "observation.outgoing_report_attempts": Trial(
        works=[Try("a report that its receiver refused is seen", lambda w: len(w.undelivered) == 1)],
        beyond=[Try("one that arrived is seen, too", lambda w: PLAIN in w.kept)],
    ),
}  # fmt: skip
