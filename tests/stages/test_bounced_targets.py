"""A receiver with two targets, one of which gives back what it had taken: who counts as told, and what is shown."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.thread_fold import fold_receipt
from reporting_governance.core.threads import rules_of
from reporting_governance.stages.explain import run_explain
from reporting_governance.stages.late_receipt import run_late_receipt
from reporting_governance.stages.retrying import run_retry
from reporting_governance.stages.status import StatusReport, Telling, run_status
from tests.crash.chain.world import OVER, OVERDUE, profile_of
from tests.oracle.checker import Arrival, arrivals_in, check, lines_of_store
from tests.oracle.memory_world import MemoryWorld

MAIL, CHAT, BOX = "operator/mail", "operator/chat", "operator/outbox"
BOUNCE = {"refused": "550 5.1.1 no such mailbox"}
REFUSES = "cat > /dev/null; exit 1"


def taken_by(name: str) -> dict[str, Any]:
    """Return a target that takes everything, and proves nothing more."""
    script = f'line=$(cat); printf "%s\\n" "$line" >> {name}.log'
    return {"sender": "command", "parameters": {"argv": ["/bin/sh", "-c", script]}}


OUTBOX = {"sender": "file", "parameters": {"path": "outbox.log"}}


class Told(MemoryWorld):
    """A world in which `operator` has two targets."""

    def arrived(self) -> Mapping[str, Sequence[Arrival]]:
        names = (*self.profile.notification.receivers["operator"].targets, "deputy")
        targets = {f"operator/{name}" if name != "deputy" else "deputy/box": name for name in names}
        return {target: arrivals_in(f"{self.root}/{name}.log") for target, name in targets.items()}

    def phases(self, target: str) -> list[str]:
        """Return what arrived about `task-a`, in order."""
        notices = {each["notice_id"]: each for each in self.bodies("notice")}
        arrived = [notices[notice] for each in self.arrived()[target] for notice in each.notice_ids]
        return [each["phase"] for each in arrived if each["facts"]["task_id"] == "task-a"]

    def bodies(self, kind: str) -> list[Mapping[str, Any]]:
        records = [line.document["record"] for line in self.memory.replay() if "record" in line.document]
        return [each["body"] for each in records if each["kind"] == kind]

    def attempt(self, target: str, phase: str = "firing") -> str:
        """Return the newest attempt to tell of `task-a` at a target."""
        notices = {
            each["notice_id"]
            for each in self.bodies("notice")
            if each["facts"]["task_id"] == "task-a" and each["phase"] == phase
        }
        items = [each for each in self.bodies("spool-item") if each["target"] == target]
        ids = {each["spool_id"] for each in items if notices.intersection(each["notice_ids"])}
        return [str(each["attempt_id"]) for each in self.bodies("attempt") if each["spool_id"] in ids][-1]

    def comes_back(self, target: str, phase: str = "firing", **said: str) -> None:
        document = {"attempt_id": self.attempt(target, phase), "id": f"dsn-{target}-{phase}", **(said or BOUNCE)}
        rules = rules_of(self.profile.notification)
        assert run_late_receipt(self.memory, document, settled_by="ops", rules=rules, clock=self.clock) is not None

    def status(self) -> StatusReport:
        return run_status(self.memory, clock=self.clock, profile=self.profile)

    def telling(self) -> Telling:
        (found,) = [each for each in self.status().episodes if each.task_id == "task-a"]
        (telling,) = [each for each in found.tellings if each.receiver == "operator"]
        return telling


def told(folder: Path, *names: str, **notification: Any) -> Told:
    """Return a world in which two tasks are overdue and the operator was told at these targets."""
    targets = {name: OUTBOX if name == "outbox" else taken_by(name) for name in names}
    given = {
        "receivers": {
            "operator": {"targets": targets},
            "deputy": {"targets": {"box": {"sender": "file", "parameters": {"path": "deputy.log"}}}},
        },
        "routes": [{"match": {}, "receivers": ["operator"]}],
        "fallback": ["deputy"],
        "repeat_seconds": 3600,
        **notification,
    }
    world = Told(str(folder), profile_of(**given))
    world.start()
    world.at(1).enqueue()
    world.at(OVERDUE).tick()
    return world


@pytest.mark.parametrize("bounced", [MAIL, CHAT])
def test_without_a_proof_from_the_other_target_who_stands_in_is_told_once(tmp_path: Path, bounced: str) -> None:
    """Whichever of the two was sent to last."""
    world = told(tmp_path, "mail", "chat")
    world.comes_back(bounced)
    for _ in range(3):
        world.tick()
    assert world.phases("deputy/box") == ["fallback"]
    (notice,) = [each for each in world.bodies("notice") if each["phase"] == "fallback"]
    assert f"at {bounced} (refused" in notice["body"]
    assert "may know of it by another way" in notice["body"]


def test_with_a_proof_from_the_other_target_nobody_else_is_told(tmp_path: Path) -> None:
    world = told(tmp_path, "mail", "outbox")
    world.comes_back(MAIL)
    world.tick()
    assert world.phases("deputy/box") == []
    assert world.telling().state == "acked"
    world.check(at_rest=False)


def test_a_late_proof_below_what_was_asked_is_none(tmp_path: Path) -> None:
    world = told(tmp_path, "mail", "chat", ack_requires="delivered")
    world.comes_back(CHAT, proof="stored")
    assert world.telling().state == "pending_external_send"
    world.comes_back(MAIL)
    world.tick()
    assert world.phases("deputy/box") == ["fallback"]


def test_a_late_proof_as_strong_as_was_asked_is_one(tmp_path: Path) -> None:
    world = told(tmp_path, "mail", "chat", ack_requires="delivered")
    world.comes_back(CHAT, proof="delivered")
    world.comes_back(MAIL)
    world.tick()
    assert world.phases("deputy/box") == []


def test_a_target_that_refuses_at_once_counts_as_one_that_gives_back_later(tmp_path: Path) -> None:
    refuses = {"sender": "command", "parameters": {"argv": ["/bin/sh", "-c", REFUSES]}}
    receivers = {
        "operator": {"targets": {"chat": taken_by("chat"), "mail": refuses}},
        "deputy": {"targets": {"box": {"sender": "file", "parameters": {"path": "deputy.log"}}}},
    }
    world = told(tmp_path, receivers=receivers)
    world.tick()
    assert world.phases("deputy/box") == ["fallback"]


def test_a_target_that_was_taken_out_of_the_profile_tells_nobody_else(tmp_path: Path) -> None:
    """Its last message cannot go any more, and that was meant."""
    fails = {"sender": "command", "parameters": {"argv": ["/bin/sh", "-c", "exit 75"]}}
    deputy = {"targets": {"box": {"sender": "file", "parameters": {"path": "deputy.log"}}}}
    both = {"operator": {"targets": {"chat": taken_by("chat"), "mail": fails}}, "deputy": deputy}
    world = told(tmp_path, receivers=both)
    whole = world.profile
    world.profile = profile_of(
        receivers={"operator": {"targets": {"chat": taken_by("chat")}}, "deputy": deputy},
        routes=[{"match": {}, "receivers": ["operator"]}],
        fallback=["deputy"],
    )
    world.at(OVERDUE + 600).tick()
    world.tick()
    assert [each["reason"] for each in world.bodies("receipt") if each["outcome"] == "blocked"][:1] == ["receiver_gone"]
    assert world.phases("deputy/box") == []
    world.profile = whole


def test_status_shows_the_one_that_came_back_beside_the_one_that_was_told(tmp_path: Path) -> None:
    world = told(tmp_path, "mail", "outbox")
    assert [(each.target, each.state) for each in world.telling().targets] == [
        (MAIL, "pending_external_send"),
        (BOX, "acked"),
    ]
    world.comes_back(MAIL)
    shown = [(each.target, each.state, each.reason) for each in world.telling().targets]
    assert shown == [(MAIL, "blocked", "refused"), (BOX, "acked", None)]
    assert [(each.target, each.reason) for each in world.status().stuck] == [(MAIL, "refused")]


def test_explain_says_at_which_target_it_came_back(tmp_path: Path) -> None:
    world = told(tmp_path, "mail", "outbox")
    world.comes_back(MAIL)
    steps = run_explain(world.memory, world.attempt(MAIL), profile=world.profile, clock=world.clock).steps
    (back,) = [each.sentence for each in steps if "refused" in each.sentence]
    assert back.startswith("blocked (refused")
    assert f"by ops at {MAIL}; " in back
    assert "no such mailbox" in back


def test_a_target_that_gave_back_is_remembered_though_it_takes_the_next_message(tmp_path: Path) -> None:
    world = told(tmp_path, "mail", "outbox")
    world.comes_back(MAIL)
    (trouble,) = world.status().targets
    assert (trouble.target, trouble.trouble) == (MAIL, "bounced")
    assert "no such mailbox" in trouble.why
    world.at(OVERDUE + 3700).tick()
    assert world.phases(MAIL) == ["firing", "repeat"], "what came back keeps nothing from being sent"
    assert [each.trouble for each in world.status().targets] == ["bounced"], "to take a message proves no mailbox"
    world.comes_back(MAIL, "repeat", proof="delivered")
    assert world.status().targets == ()


def test_a_bounce_is_forgotten_when_for_long_none_has_come(tmp_path: Path) -> None:
    world = told(tmp_path, "mail", "outbox", repeat_seconds=86_400)
    world.comes_back(MAIL)
    for day in range(1, 5):
        world.at(OVERDUE + 60 + day * 86_400).tick()
        assert [each.trouble for each in world.status().targets] == ["bounced"]
    for day in (5, 6):
        world.at(OVERDUE + 120 + day * 86_400).tick()
    assert world.status().targets == ()


def test_a_late_word_says_nothing_about_whether_its_target_can_be_reached_now(tmp_path: Path) -> None:
    script = 'if [ -e down ]; then exit 75; fi; line=$(cat); printf "%s\\n" "$line" >> mail.log'
    mail = {"sender": "command", "parameters": {"argv": ["/bin/sh", "-c", script]}}
    receivers = {"operator": {"targets": {"mail": mail, "outbox": OUTBOX}}}
    world = told(tmp_path, receivers=receivers, fallback=[])
    (tmp_path / "down").touch()
    first = world.attempt(MAIL)
    world.at(OVERDUE + 3700).tick()
    assert [each.trouble for each in world.status().targets] == ["down"]
    rules = rules_of(world.profile.notification)
    document = {"attempt_id": first, "id": "1", **BOUNCE}
    run_late_receipt(world.memory, document, settled_by="ops", rules=rules, clock=world.clock)
    assert [each.trouble for each in world.status().targets] == ["down", "bounced"]


def test_the_end_is_told_where_the_trouble_was_and_not_where_it_came_back(tmp_path: Path) -> None:
    world = told(tmp_path, "mail", "outbox")
    world.comes_back(MAIL)
    world.at(OVER).end()
    world.settle()
    assert (world.phases(BOX), world.phases(MAIL)) == (["firing", "resolved"], ["firing"])


def test_a_repeat_that_came_back_leaves_what_was_told_before(tmp_path: Path) -> None:
    world = told(tmp_path, "mail", "outbox")
    world.at(OVERDUE + 3700).tick()
    world.comes_back(MAIL, "firing")
    world.at(OVER).end()
    world.settle()
    assert world.phases(MAIL) == ["firing", "repeat", "resolved"], "the repeat told it"


def test_when_both_come_back_nobody_was_told(tmp_path: Path) -> None:
    world = told(tmp_path, "mail", "chat")
    world.comes_back(MAIL)
    world.comes_back(CHAT)
    assert (world.telling().state, world.telling().told_at) == ("blocked", None)
    world.tick()
    world.tick()
    assert world.phases("deputy/box") == ["fallback"]


def test_the_oracle_knows_that_who_got_nothing_is_owed_no_end(tmp_path: Path) -> None:
    world = told(tmp_path, "mail", "chat")
    world.comes_back(MAIL)
    world.comes_back(CHAT)
    world.at(OVER).end()
    world.settle()
    assert (world.phases(MAIL), world.phases(CHAT)) == (["firing"], ["firing"])
    world.check()


def test_the_oracle_misses_the_end_where_one_of_two_came_back(tmp_path: Path) -> None:
    world = told(tmp_path, "mail", "outbox")
    world.comes_back(MAIL)
    world.at(OVER).end()
    world.settle()
    world.check()
    lines: list[Any] = deepcopy(lines_of_store(world.memory))
    bodies = [line["record"]["body"] for line in lines if "record" in line]
    for body in bodies:
        if body.get("phase") == "resolved" and "notice_id" in body:
            body["phase"] = "review"
    with pytest.raises(AssertionError, match=r"its end was never told|end False|tells"):
        check(lines, world.arrived())


def test_what_came_back_can_be_sent_again_and_then_counts(tmp_path: Path) -> None:
    world = told(tmp_path, "mail", "outbox")
    world.comes_back(MAIL)
    (stuck,) = world.status().stuck
    run_retry(world.memory, stuck.id, actor="ops", comment="", lifetime_seconds=3600, clock=world.clock)
    world.tick()
    assert [(each.target, each.state) for each in world.telling().targets] == [
        (MAIL, "pending_external_send"),
        (BOX, "acked"),
    ]
    assert world.telling().state == "acked"
    assert world.status().stuck == ()


def test_receipts_of_before_they_named_their_target_still_count(tmp_path: Path) -> None:
    """A journal that an earlier version began: all targets are told the end, since it is not known which were told."""
    world = told(tmp_path, "mail", "outbox")
    listing = world.memory.listing(Folder.EPISODES)
    for name in listing.names.values():
        view = world.memory.read(name)
        if view is not None and name.id.startswith("thr_"):
            body: Any = view.body
            body["targets"].pop(MAIL)
    world.at(OVER).end()
    world.settle()
    assert (world.phases(BOX), world.phases(MAIL)) == (["firing", "resolved"], ["firing", "resolved"])


def test_when_the_newest_telling_came_back_the_one_before_it_is_the_last() -> None:
    """A repeat counts from it."""
    body: dict[str, Any] = {"newest": {"phase": "firing"}, "newest_outcome": None, "told_at": None, "acked": None}
    for number, target in enumerate((CHAT, MAIL)):
        fold_receipt(body, receipt(target, number, outcome="pending_external_send", proof="accepted"))
    assert body["told_at"] == at(1)
    fold_receipt(body, receipt(MAIL, 2, attempt=1, outcome="blocked", proof="none", reason="refused"))
    assert (body["told_at"], body["newest_outcome"]["attempt_id"]) == (at(0), "att_0")


def at(minute: int) -> str:
    return f"2026-03-01T12:{minute:02}:00.000Z"


def receipt(target: str, minute: int, *, attempt: int | None = None, **said: str) -> dict[str, Any]:
    attempt_id = f"att_{minute if attempt is None else attempt}"
    return {"attempt_id": attempt_id, "target": target, "settled_at": at(minute), "evidence": {}, **said}
