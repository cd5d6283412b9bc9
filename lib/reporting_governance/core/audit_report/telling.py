"""The notices of a report: each from its making to the best proof that somebody got it."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any

from reporting_governance.core.audit_report.kept import Kept
from reporting_governance.core.audit_report.parts import Answer, Item, NoticeAccount, Try
from reporting_governance.core.audit_report.texts import Texts, count, cut, word, word_or_none

MOST_NOTICES = 250  #: shown with their whole way
_RANKS = {"accepted": 1, "stored": 2, "delivered": 3, "person": 4}
Body = Mapping[str, Any]


class Notices:
    """Keeps a bounded number of notices.

    To make room one that is told leaves first, the oldest of them; only when none is told, the oldest of all.
    """

    def __init__(self, texts: Texts, most: int = MOST_NOTICES) -> None:
        self._texts = texts
        self._most = most
        self._shown: OrderedDict[str, NoticeAccount] = OrderedDict()
        self._told: OrderedDict[str, None] = OrderedDict()
        self._items: dict[str, tuple[Item, list[str]]] = {}  #: by spool id, with the notices that it carries
        self._attempts: dict[str, str] = {}  #: attempt -> spool id
        self.total = 0
        self.items = 0
        self.attempts = 0
        self.answers: Counter[tuple[str, str]] = Counter()  #: (outcome, proof) of every receipt
        self.left_standing: Counter[str] = Counter()  #: best proof of those that had to go, when they went

    def shown(self) -> list[NoticeAccount]:
        """Return those that are kept, in the order of the journal."""
        return list(self._shown.values())

    def standing(self) -> Counter[str]:
        """Return how many notices came how far, those that are not shown as they stood when they left."""
        return self.left_standing + Counter(each.standing for each in self._shown.values())

    def notice(self, seq: int, at: str, body: Body) -> NoticeAccount:
        """Take a notice."""
        self.total += 1
        facts = self._texts.mapping(body.get("facts"))
        account = NoticeAccount(
            seq=seq,
            at=at,
            notice_id=body["notice_id"],
            receiver=word(body["receiver"]),
            phase=word(body["phase"]),
            number=count(body["number"]),
            urgency=word(body["urgency"]),
            subject=self._texts.text(body.get("subject")),
            task_id=word_or_none(facts.get("task_id")),
            route=None if body.get("route") is None else count(body["route"]),
        )
        if len(self._shown) >= self._most:
            self._make_room()
        self._shown[account.notice_id] = account
        return account

    def item(self, seq: int, body: Body) -> list[NoticeAccount]:
        """Take a message to one target; return its notices that are kept."""
        self.items += 1
        carried = [each for each in self._texts.list(body["notice_ids"]) if each in self._shown]
        if not carried:
            return []
        item = Item(
            seq, body["spool_id"], word(body["target"]), word(body["sender"]), word(body.get("expects_proof", "none"))
        )
        self._items[item.spool_id] = (item, carried)
        for each in carried:
            self._shown[each].items.add(item)
        return [self._shown[each] for each in carried]

    def attempt(self, seq: int, at: str, body: Body) -> None:
        """Take an attempt to send."""
        self.attempts += 1
        known = self._items.get(body["spool_id"])
        if known is not None:
            known[0].attempts.add(Try(seq, at, count(body["number"]), word(body["host"])))
            known[0].attempt_ids.append(body["attempt_id"])
            self._attempts[body["attempt_id"]] = body["spool_id"]

    def receipt(self, seq: int, at: str, body: Body) -> list[NoticeAccount]:
        """Take a receipt; return the notices it is about, those that are kept."""
        outcome, proof = word(body["outcome"]), word(body["proof"])
        self.answers[outcome, proof] += 1
        evidence = self._texts.mapping(body["evidence"])
        answer = Answer(
            seq=seq,
            at=at,
            outcome=outcome,
            proof=proof,
            reason=word_or_none(body.get("reason")),
            by=word(body["settled_by"]),
            evidence=tuple(sorted((cut(key, 100), cut(str(said), 300)) for key, said in evidence.items())),
            retry_at=word_or_none(body.get("retry_at")),
        )
        spool_id = self._attempts.get(body.get("attempt_id") or "") or body.get("spool_id")
        known = self._items.get(spool_id or "")
        if known is not None:
            known[0].answers.add(answer)
            told = [self._shown[each] for each in known[1] if each in self._shown]
        elif notice := self._shown.get(body.get("notice_id") or ""):
            notice.answers.add(answer)
            told = [notice]
        else:
            return []
        for each in told:
            each.standing = _with_answer(each.standing, outcome, proof)
        if outcome == "acked":
            self._told.update(dict.fromkeys(each.notice_id for each in told))
        return told

    def hold(self, seq: int, at: str, body: Body) -> NoticeAccount | None:
        """Take what keeps a notice back; return the notice, if it is kept."""
        notice = self._shown.get(body["notice_id"])
        if notice is not None:
            notice.holds.add((seq, at, word(body["reason"]), word(body["cause"])))
        return notice

    def _make_room(self) -> None:
        key = self._told.popitem(last=False)[0] if self._told else next(iter(self._shown))
        gone = self._shown.pop(key)
        self.left_standing[gone.standing] += 1
        for item in gone.items:
            known = self._items.get(item.spool_id)
            if known is None:
                continue
            known[1].remove(key)
            if not known[1]:
                del self._items[item.spool_id]
                for attempt in item.attempt_ids:
                    self._attempts.pop(attempt, None)


def _with_answer(standing: str, outcome: str, proof: str) -> str:
    """Return how far a notice has come, with one more answer: proof only ever rises."""
    if _RANKS.get(proof, 0) > _RANKS.get(standing, 0):
        return proof
    if standing in _RANKS:
        return standing
    return "refused" if outcome == "blocked" else "nothing"


def answers_of(notice: NoticeAccount) -> list[Answer]:
    """Return every answer about a notice and its messages, in the order of the journal."""
    kept: list[Kept[Answer]] = [notice.answers, *(item.answers for item in notice.items)]
    return sorted((each for answers in kept for each in answers), key=lambda each: each.seq)
