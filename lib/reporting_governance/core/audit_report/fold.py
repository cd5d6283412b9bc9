"""The lines of a journal, folded into what the report shows.  Memory is bounded whatever the number of lines."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from reporting_governance.core.audit_report.deciding import QUALITIES, quality_seen
from reporting_governance.core.audit_report.kept import Kept
from reporting_governance.core.audit_report.parts import (
    Claim,
    Episode,
    Lane,
    Mark,
    Offered,
    Shape,
    TaskAccount,
)
from reporting_governance.core.audit_report.tasks import EVIDENCE_SHAPES, Tasks, mark
from reporting_governance.core.audit_report.telling import Notices
from reporting_governance.core.audit_report.texts import BlobReader, Texts, nothing_apart, word
from reporting_governance.core.audit_report.words import ABOUT_THE_LOG, ACTS, CAUSED, HELD, PHASES, REPORTS, WORTHS

_REMEMBERED = 4_000  #: ids that later lines may refer to
Document = Mapping[str, Any]


class Remembered(OrderedDict[str, Any]):
    """What newer lines may still refer to: a bounded number of the newest."""

    def keep(self, key: str, found: Any) -> None:
        """Keep one; the oldest goes when there are too many."""
        self[key] = found
        if len(self) > _REMEMBERED:
            self.popitem(last=False)


class ReportFold:
    """Takes the selected lines one by one, in the order of the journal.

    Args:
        blob: reads texts that lie apart from their lines.
    """

    def __init__(self, blob: BlobReader = nothing_apart) -> None:
        self.texts = Texts(blob)
        self.tasks = Tasks()
        self.notices = Notices(self.texts)
        self.claims: Kept[Claim] = Kept(60, 60)
        self.claim_counts: Counter[str] = Counter()  #: standing of claims that are no longer kept
        self.decisions: Kept[tuple[int, str, Document, str | None]] = Kept(60, 90)  #: as `decision_of` takes them
        self.decision_counts: Counter[str] = Counter()  #: by what was decided
        self.by_default = 0  #: decisions that no rule made
        self.changes: Kept[tuple[int, str, str]] = Kept(20, 20)  #: seq, at, what: lines about the log itself
        self.kinds: Counter[str] = Counter()
        self.first_at: str | None = None
        self.last_at: str | None = None
        self.lines = 0
        self._events: Remembered = Remembered()  #: event -> its type
        self._claims: Remembered = Remembered()  #: event -> claim
        self._reviews: Remembered = Remembered()  #: review -> event
        self._evidence: Remembered = Remembered()  #: evidence -> what it is worth
        self._newest: Remembered = Remembered()  #: (task, quality) as one text -> the newest evidence of that quality
        self._episodes: Remembered = Remembered()
        self._steps: Mapping[str, Callable[[int, str, Document], None]] = {
            "event-envelope": self._event,
            "evidence": self._proof,
            "decision-record-artifact": self._decision,
            "notice": self._notice,
            "spool-item": self._item,
            "attempt": self._attempt,
            "receipt": self._receipt,
            "hold": self._hold,
            "review": self._review,
            "act": self._act,
            "checkpoint-request": self._request,
        }

    def line(self, seq: int, document: Document) -> None:
        """Take one line.  A record of a kind or version that is not known here is counted and otherwise left alone."""
        at = document["ts"]
        self.lines += 1
        self.first_at = self.first_at or at
        self.last_at = at
        record = document.get("record")
        if record is None:
            self.kinds[document["type"]] += 1
            if document["type"] in ABOUT_THE_LOG:
                self.changes.add((seq, at, ABOUT_THE_LOG[document["type"]]))
            return
        self.kinds[record["kind"]] += 1
        step = self._steps.get(record["kind"])
        if step is None:
            return
        try:
            step(seq, at, record)
        except (LookupError, TypeError, ValueError, AttributeError):
            self.kinds["not understood"] += 1

    def _event(self, seq: int, at: str, record: Document) -> None:
        body = record["body"]
        payload = body["payload"]
        self._events.keep(record["id"], body["event_type"])
        names = (record["about"], word(body["task_id"]), word(body["agent_id"]))
        if "caused_by" in payload:
            what = CAUSED.get(body["event_type"], word(body["event_type"]).replace("_", " "))
            said = f"status: {word(payload['status'])}" if payload.get("status") else None
            mark(self.tasks.of(*names, trouble=False), Mark(seq, at, Lane.RULES, Shape.RING, what, said))
        elif "condition" in payload:
            self._condition(seq, at, payload, self.tasks.of(*names, trouble=True))
        else:
            self._report(seq, at, body, self.tasks.of(*names, trouble=False))

    def _report(self, seq: int, at: str, body: Document, tasks: list[TaskAccount]) -> None:
        payload, kind = body["payload"], word(body["event_type"])
        is_claim = kind == "task_claimed_complete"
        if not tasks and not is_claim:
            return
        said = self.texts.text(payload.get("message")) or self.texts.text(payload.get("summary"))
        title = payload.get("title")
        for each in tasks:
            if each.title is None:
                each.title = self.texts.text(title or (payload.get("task") or {}).get("title"))
        what = REPORTS.get(kind, kind.replace("_", " "))
        if kind == "task_status_changed":
            what = f"{what}: {word(payload.get('status', 'unknown')).replace('_', ' ')}"
        shape = Shape.FLAG if is_claim else Shape.DOT
        mark(tasks, Mark(seq, at, Lane.SAID, shape, what, said or self.texts.text(title), _elsewhen(body, at)))
        if is_claim:
            about = tasks[0].key if tasks else ""
            claim = Claim(seq, at, body["event_id"], about, word(body["task_id"]), word(body["agent_id"]), said)
            for each in tasks:
                each.claims += 1
            self._claims.keep(claim.event_id, claim)
            gone = self.claims.add(claim)
            if gone is not None:
                self.claim_counts[gone.standing] += 1

    def _condition(self, seq: int, at: str, payload: Document, tasks: list[TaskAccount]) -> None:
        condition, due_at = word(payload["condition"]).replace("_", " "), word(payload["due_at"])
        phase = payload.get("phase")
        for each in tasks:
            if each.title is None:
                each.title = self.texts.text((payload.get("task") or {}).get("title"))
        if phase == "due":
            mark(tasks, Mark(seq, at, Lane.WATCH, Shape.RING, "a promised check-in was due", None, due_at))
            return
        key = payload.get("episode", "")
        if phase == "resolved":
            found = self._episodes.get(key)
            for each in (found,) if found else ():
                each.ended_at = at
            mark(tasks, Mark(seq, at, Lane.WATCH, Shape.DOT, f"{condition}: over"))
            return
        episode = Episode(key, condition, due_at, at)
        self._episodes.keep(key, episode)
        for each in tasks:
            each.episodes.add(episode)
        why = self.texts.text(payload.get("reason"))
        mark(tasks, Mark(seq, at, Lane.WATCH, Shape.TRIANGLE, f"{condition}: noticed", why, due_at))

    def _proof(self, seq: int, at: str, record: Document) -> None:
        body = record["body"]
        quality, kind = word(body["quality"]), word(body["class"]).replace("_", " ")
        seen_by_us = "task_status" in body["supports"]  # kept by the watcher itself; it supports no claim
        tasks = self.tasks.of(record["about"], word(body["task_id"]), word(body["agent_id"]), trouble=False)
        summary = self.texts.text(body["summary"])
        if seen_by_us:
            what = "the state of the task was kept, as the watcher saw it"
            mark(tasks, Mark(seq, at, Lane.EVIDENCE, Shape.DIAMOND, what, summary))
            return
        known = Offered(seq, quality, kind, summary)
        self._evidence.keep(record["id"], known)
        self._newest.keep(f"{quality} {body['task_id']}", known)
        if not tasks:
            return
        what = f"{kind} offered as evidence: {WORTHS.get(quality, quality)}"
        mark(tasks, Mark(seq, at, Lane.EVIDENCE, EVIDENCE_SHAPES.get(quality, Shape.RING), what, summary))

    def _decision(self, seq: int, at: str, record: Document) -> None:
        body = record["body"]
        decision = body["spec"]["decision"]
        event_id = body["metadata"].get("event_id") or ""
        self.decision_counts[decision["decision"]] += 1
        claim = self._claims.get(event_id)
        if claim is not None:
            self._judge(claim, seq, body["spec"])
        if decision["policy_id"].startswith("default."):
            self.by_default += 1
            return
        self.decisions.add((seq, at, body, self._events.get(event_id)))
        trouble = decision["decision"] != "allow"
        tasks = self.tasks.of(record["about"], word(body["metadata"].get("task_id") or ""), trouble=trouble)
        if not tasks:
            return
        shape = Shape.CROSS if decision["decision"] in HELD else Shape.DIAMOND
        what = f"decided: {word(decision['decision']).replace('_', ' ')}, by rule {word(decision['policy_id'])}"
        mark(tasks, Mark(seq, at, Lane.RULES, shape, what, self.texts.text(decision["reason"])))

    def _judge(self, claim: Claim, seq: int, spec: Document) -> None:
        """Note what was decided about a claim, and the best evidence that the rules saw or the decision names."""
        decision = spec["decision"]
        claim.decision, claim.policy_id = word(decision["decision"]), word(decision["policy_id"])
        claim.decided_seq = seq
        claim.reason = self.texts.text(decision["reason"])
        named = self.texts.list((spec.get("source") or {}).get("evidence_ids"))
        known = [self._evidence[each] for each in named if each in self._evidence]
        best = max(known, key=lambda each: QUALITIES.get(each.quality, 0), default=None)
        quality = quality_seen(self.texts.list(spec.get("evaluations")))
        if quality is not None and (best is None or best.quality != quality):
            best = self._newest.get(f"{quality} {claim.task_id}")
        claim.quality = quality or (best and best.quality)
        if best is not None:
            claim.evidence, claim.evidence_seq = f"{best.kind}: {best.summary or 'no summary'}", best.seq
        if decision["decision"] in HELD:
            for each in self.tasks.of([claim.task_key], trouble=True):
                each.unbacked += 1

    def _notice(self, seq: int, at: str, record: Document) -> None:
        account = self.notices.notice(seq, at, record["body"])
        tasks = self.tasks.of(record["about"], trouble=True)
        if not tasks:
            return
        what = f"{PHASES.get(account.phase, account.phase)} for {account.receiver} made (number {account.number})"
        mark(tasks, Mark(seq, at, Lane.TOLD, Shape.RING, what, account.subject))

    def _item(self, seq: int, _at: str, record: Document) -> None:
        self.notices.item(seq, record["body"])

    def _attempt(self, seq: int, at: str, record: Document) -> None:
        self.notices.attempt(seq, at, record["body"])

    def _receipt(self, seq: int, at: str, record: Document) -> None:
        body = record["body"]
        self.notices.receipt(seq, at, body)
        tasks = self.tasks.of(record["about"], trouble=False)
        if not tasks:
            return
        proven = body["proof"] != "none"
        shape = Shape.SQUARE if body["outcome"] == "acked" else Shape.DIAMOND if proven else Shape.CROSS
        why = f" ({word(body['reason']).replace('_', ' ')})" if body.get("reason") else ""
        at_target = f" at {word(body['target'])}" if body.get("target") else ""
        proof = f"proof: {word(body['proof'])}" if proven else "no proof"
        mark(tasks, Mark(seq, at, Lane.TOLD, shape, f"answer{at_target}: {proof}{why}"))

    def _hold(self, seq: int, at: str, record: Document) -> None:
        self.notices.hold(seq, at, record["body"])
        what = f"a notice was kept back: {word(record['body']['reason'])}"
        mark(self.tasks.of(record["about"], trouble=False), Mark(seq, at, Lane.TOLD, Shape.RING, what))

    def _review(self, seq: int, at: str, record: Document) -> None:
        body = record["body"]
        self._reviews.keep(record["id"], body.get("event_id"))
        question = self.texts.text(body["question"])
        tasks = self.tasks.of(
            record["about"], word(body.get("task_id") or ""), word(body.get("agent_id") or ""), trouble=True
        )
        mark(tasks, Mark(seq, at, Lane.PERSON, Shape.RING, "a person was asked", question))

    def _act(self, seq: int, at: str, record: Document) -> None:
        body = record["body"]
        what = ACTS.get(body["what"], word(body["what"]).replace("_", " "))
        comment = self.texts.text(body.get("comment"))
        vouched = f" (vouched for by {word(body['vouched_by'])})" if body.get("vouched_by") else ""
        who = f"{word(body['actor'])}{vouched}"
        one = Mark(seq, at, Lane.PERSON, Shape.SQUARE, f"{who} {what}", comment)
        mark(self.tasks.of(record["about"], trouble=False), one)
        claim = self._claims.get(self._reviews.get(body["subject"]) or "")
        if claim is not None and body["what"] in ("approve", "reject"):
            claim.person, claim.person_said = who, body["what"]

    def _request(self, seq: int, at: str, record: Document) -> None:
        tasks = self.tasks.of(record["about"] or [record["body"]["task_key"]], trouble=False)
        why = self.texts.text(record["body"].get("reason"))
        mark(tasks, Mark(seq, at, Lane.RULES, Shape.RING, "the agent was asked for a check-in", why))


def _elsewhen(body: Document, at: str) -> str | None:
    """Return when a report says it was made, where its minute is another than that of the record."""
    said = word(body["timestamp"])
    return said if said[:16] != at[:16] else None
