"""What the chain makes of a text that was erased: a fact is unknown, a notice is blocked, and nothing stops."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.policy_compiling import compile_pack
from reporting_governance.stages.bridge_due import list_due
from reporting_governance.stages.enqueue import run_enqueue
from reporting_governance.stages.erasing import digests_in, run_erase
from reporting_governance.stages.explain import RetiredId, run_explain
from reporting_governance.stages.policy import Policy
from reporting_governance.stages.status import run_status
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Store
from reporting_governance.storage.limits import Limits
from tests.crash.chain.world import policy
from tests.stages.chain_world import Chain
from tests.stages.test_facts_of_check_ins import _seen
from tests.unit.policy_documents import pack, rule

WORDS = "All tests pass, and this is said at some length. " * 10
LOOKS = rule(
    "own.looks",
    triggers={"event_types": ["task_checkpoint_sent", "task_claimed_complete"]},
    conditions={"any": [{"fact": name, "exists": True} for name in ("claim.checks_passed_asserted", "task.title")]},
)


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    made = Chain(store=FilesStore(str(tmp_path / "state"), actor="uid:0"), folder=str(tmp_path))
    made.notify()
    return made


def erase(chain: Chain, what: str) -> None:
    assert isinstance(chain.store, FilesStore)
    run_erase(chain.store, chain.store.keeper().eraser(), what, reason="asked for", clock=chain.clock)


def judged(chain: Chain) -> Any:
    """Decide about everything undecided; return what was seen of the last event."""
    rules = Policy(packs=[compile_pack(pack(LOOKS))], powers=policy().powers, profile_digest="p", descriptor_digest="d")
    run_enqueue(chain.store, rules, chain.profile, clock=chain.clock)
    return chain.records("decision-record-artifact")


@pytest.mark.parametrize("is_erased", [False, True])
def test_a_fact_of_an_erased_text_is_unknown(chain: Chain, is_erased: bool) -> None:
    """Not null, which would say that nothing was claimed."""
    chain.report("start", agent="a1", title="a long title " * 30)
    chain.report("checkpoint", message=WORDS)
    if is_erased:
        for each in chain.records("event-envelope"):
            if list(digests_in(each["body"])):
                erase(chain, each["id"])
    bodies = [each["body"] for each in judged(chain)]
    [seen] = [_seen(body) for body in bodies if body["spec"]["evaluations"]]
    for name in ("claim.checks_passed_asserted", "task.title"):
        assert str(seen[name]).startswith("unknown: the text is stored apart") is is_erased, seen


def test_everything_goes_on_without_the_words(chain: Chain) -> None:
    chain.report("start", agent="a1", title="a long title " * 30, checkpoint={"every_seconds": 600})
    chain.report("checkpoint", message=WORDS)
    for each in chain.records("event-envelope"):
        if list(digests_in(each["body"])):
            erase(chain, each["id"])
    for _ in range(3):
        chain.clock.forward(3600)
        chain.tick()
    assert chain.told()
    assert not any(WORDS[:20] in each.sentence for each in run_explain(chain.store, "t1").steps)
    run_status(chain.store, clock=chain.clock)


def test_a_notice_whose_text_is_erased_is_blocked_as_erased(chain: Chain) -> None:
    """Only a text of many thousand bytes lies apart from its item; the item says why it cannot be sent."""
    chain.report("start", agent="a1", checkpoint={"every_seconds": 600})
    chain.clock.forward(7200)
    chain.look()
    chain.dispatch()
    [name, *_] = chain.store.listing(Folder.SPOOL).names.values()
    view = chain.store.read(name)
    assert view is not None
    big = _with_a_large_text(chain, view)
    digests = list(digests_in(big))
    assert digests
    for digest in digests:
        erase(chain, digest)
    assert name.id in [each.spool_id for each in list_due(chain.store, clock=chain.clock)]
    chain.send()
    receipts = [each["body"] for each in chain.records("receipt") if each["parents"][0] == name.id]
    assert [(each["outcome"], each["reason"]) for each in receipts] == [("blocked", "erased")]


def _with_a_large_text(chain: Chain, view: Any) -> Any:
    """Put a larger rendered text in an item's place, as a message about a thousand tasks has it."""
    from reporting_governance.contracts.journal_line import RecordLine, ViewKey
    from reporting_governance.storage.interface import Addition, Group

    item = {**view.body["item"], "rendered": {**view.body["item"]["rendered"], "body": "line\n" * 12_000}}
    record = RecordLine(
        kind="spool-item",
        id=view.name.id,
        body=item,
        consumes=(view.name,),
        views=(ViewKey(Folder.SPOOL, view.name.id, view.name.due),),
    )
    chain.store.commit([Group(additions=(Addition(record=record),))], now=chain.clock.now())
    found = chain.store.read(chain.store.listing(Folder.SPOOL).names[view.name.id])
    assert found is not None
    return found.body["item"]["rendered"]


def test_explain_says_what_was_retired(tmp_path: Path) -> None:
    limits = Limits(segment_seconds=80_000, past_seconds=2 * 86_400)
    store = FilesStore(str(tmp_path / "state"), actor="uid:0", limits=limits)
    chain = Chain(store=store, folder=str(tmp_path))
    chain.notify()
    for task in ("old", "half"):
        chain.report("start", task, agent="a1")
    chain.report("fail", "old", message="gave up")
    for day in range(13):
        if day == 11:
            chain.report("fail", "half", message="gave up")
        judged(chain)
        chain.clock.forward(86_400)
        store.heartbeat_line(chain.clock.now())
        store.maintain(chain.clock.now())
    assert run_explain(store, "old").retired == ()
    before = chain.clock.now() - timedelta(days=3)
    plan, seq, _ = store.keeper().retire(before, reason="plan", approver="ops", now=chain.clock.now())
    assert plan.stretches, plan
    assert seq
    with pytest.raises(RetiredId, match=r"retired on 2026-03-.*: plan"):
        run_explain(store, "old")
    assert _is_known(store, "half")


def _is_known(store: Store, what: str) -> bool:
    report = run_explain(store, what)
    return bool(report.steps) and report.retired[-1].reason == "plan"
