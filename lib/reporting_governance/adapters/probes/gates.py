"""The story of a gate: agents of a host are about to say something, rules object, and what follows is carried on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reporting_governance.adapters.probes.chain import QUEUE, Body, carry
from reporting_governance.adapters.probes.gate_trials import CLAIM, TRIALS, UNSEEN, Gated
from reporting_governance.adapters.probes.interface import Seen, Setting
from reporting_governance.adapters.probes.peers import Receiver, receiver
from reporting_governance.adapters.probes.running import Actors
from reporting_governance.adapters.probes.trying import look
from reporting_governance.adapters.probes.voices import Voice, Words

RULED = ("rewrite", "annotate", "downgrade", "review", "escalate")
QUESTION = "Which of the two files do you mean?"
ESCALATES_AFTER_SECONDS = 1


@dataclass(frozen=True, kw_only=True)
class GateStory:
    """Play one host; `only` leaves out powers that need the host's own program to be seen."""

    name: str
    voice: Callable[[], Voice]
    without: frozenset[str] = frozenset()
    limit_seconds: int = 180

    @property
    def powers(self) -> Sequence[str]:
        """Its powers."""
        return tuple(each for each in {**TRIALS, **QUEUE} if each not in self.without)

    def play(self, setting: Setting) -> Seen:
        """Play it."""
        with receiver() as peer:
            actors = Actors(setting, REPORTGOV_PROBE_PEER=peer.address)
            with actors.unreported(UNSEEN):
                world = _ask(actors, self.voice(), peer)
        trials = {power: each for power, each in TRIALS.items() if power not in self.without}
        shared = {power: each for power, each in QUEUE.items() if power not in TRIALS and power not in self.without}
        sights = [*look(trials, world), *look(shared, world.carried)]
        return Seen(sights=sights, evidence_sha256=actors.evidence())


def _ask(actors: Actors, voice: Voice, peer: Receiver) -> Gated:
    def ask(session: str, text: str, **more: object) -> Body:
        words = Words(session=session, text=text, **more)  # type: ignore[arg-type]
        return dict(actors.gate(voice.name, voice.asks(actors.setting.scratch, words), ends=voice.ends))

    question = ask("asks", QUESTION)
    trace_of_question = len(actors.records("event-envelope"))
    blocked = ask("probe-many", f"{CLAIM}block")
    sent_by_gate, waiting = len(peer.got) + len(actors.records("attempt")), len(actors.files("operator-notify-queue"))
    passed = ask("works", "All of it is done, and the tests pass.", worked=True)
    ruled = {word: ask(word, f"{CLAIM}{word}") for word in RULED}
    child = ask("parent", f"{CLAIM}block", child="a1")
    insists = [ask("probe-many", f"{CLAIM}block", again=True) for _ in range(4)]
    reviewed = [ask("review", f"{CLAIM}review", again=True) for _ in range(4)]
    tool = _tool(actors, voice)
    first_scan = actors.verb("scan")["said"]
    carried = carry(actors, peer, profile=actors.setting.profile)
    before = actors.text("outbox/deputy.jsonl")
    actors.wait(ESCALATES_AFTER_SECONDS + 0.2)
    actors.verb("run", ends=(0, 3))
    status = actors.verb("status", "--tasks")
    return Gated(
        voice=voice,
        question=question,
        trace_of_question=trace_of_question,
        blocked=blocked,
        sent_by_gate=sent_by_gate,
        waiting=waiting,
        passed=passed,
        ruled=ruled,
        child=child,
        insists=insists,
        reviewed=reviewed,
        tool=tool,
        said_by_scan=first_scan,
        carried=carried,
        deputy_before=before,
        deputy=actors.text("outbox/deputy.jsonl"),
        events=actors.records("event-envelope"),
        evidence=actors.records("evidence"),
        decisions=actors.records("decision-record-artifact"),
        reviews=actors.records("review"),
        status=status,
        kept=actors.kept(),
        asked=_asked(actors, voice),
    )


def _tool(actors: Actors, voice: Voice) -> Body | None:
    """Ask about a tool where the host does."""
    if voice.name != "claude-code":
        return None
    used = {"tool_name": "Bash", "tool_input": {"command": "probing-refused now"}}
    path = {"session_id": "tool", "transcript_path": f"{actors.setting.scratch}/none.jsonl", "cwd": "/"}
    return dict(actors.gate(voice.name, {**path, **used, "hook_event_name": "PreToolUse"}))


def _asked(actors: Actors, voice: Voice) -> Body:
    """Let a check-in be asked of a task of ours, and its agent come to the gate; what it is told."""
    from reporting_governance.adapters.probes.chain import ago

    promise = {"checkpoint": {"every_seconds": 60}, "at": ago(hours=2)}
    actors.report({"verb": "start", "task": "ours", "agent": "prober", **promise})
    actors.verb("scan")
    actors.verb("enqueue")
    words = Words(session="asked", text=QUESTION, ends=True)
    document = voice.asks(actors.setting.scratch, words)
    return dict(actors.gate(voice.name, document, ends=voice.ends, REPORTGOV_TASK="ours"))
