"""Two bridges at once: one that was stalled while the other went on, and two that make the same thing."""

import pytest

from reporting_governance.contracts.event_envelope import Phase
from reporting_governance.contracts.journal_line import Folder, RecordLine
from reporting_governance.contracts.receipt import Receipt
from reporting_governance.core.delivery import Body
from reporting_governance.core.threads import ThreadRules
from reporting_governance.stages import receipts
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.host import Host
from reporting_governance.storage.files.store import FilesStore
from reporting_governance.storage.interface import Store
from tests.stages.bridge_world import HERE, World, profile
from tests.stages.test_bridge_in_doubt import IN_DOUBT, STORED, Channel

OTHER = Host(name="alpha", boot_id="boot-1", pid=101)
TWO = {
    "main": {"sender": "file", "parameters": {"path": "a"}},
    "pager": {"sender": "file", "parameters": {"path": "b"}},
}
RESENDS = {"in_doubt": "resend_marked", "receivers": {"operator": {"targets": TWO}}}


def send(world: World, channel: Channel, host: Host = HERE) -> None:
    run_bridge(world.store, {"operator/main": channel}, profile(**RESENDS), clock=world.clock, host=host)


@pytest.mark.parametrize("ended", ["resolved", "resolved and closed"])
def test_a_stalled_bridge_sends_nothing_of_an_episode_that_ended(world: World, ended: str) -> None:
    """Stopped between its attempt and its send until another has settled that attempt: its fence says no."""
    notice = world.notice()
    item = world.item(notice)
    twin = world.twin()
    second = Channel(lambda: STORED)

    def meanwhile() -> None:
        world.clock.pass_by(3600)
        world.resolve(notice.thread_key)
        if ended != "resolved":
            name = world.store.listing(Folder.EPISODES).names[notice.thread_key]
            world.add(RecordLine(kind="thread-close", id=notice.thread_key, body={}, consumes=(name,)))
        send(twin, second, OTHER)

    stalled = Channel(lambda: STORED, before=meanwhile)
    send(world, stalled)
    assert stalled.got == []
    assert [each.get("reason") for each in world.receipts()] == ["in_doubt", "not_started"]
    assert second.got == []
    world.clock.pass_by(3600)
    send(world, second)  # it was tried, so it is told all the same, once, and its end is told after it
    assert [each.possible_repeat_of for each in second.got] == [None]
    assert world.spool(item) is None


def test_two_bridges_that_tell_one_target_make_one_mark(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither receipt changes the thread, so neither is refused; the mark stands once, and a rebuild makes the same."""
    world.item(world.notice())
    twin = world.twin()
    marks = receipts.told_marks

    def while_another_does_too(
        store: Store, item: Body, receipt: Receipt, rules: ThreadRules, *, joins: bool
    ) -> object:
        found = marks(store, item, receipt, rules, joins=joins)
        monkeypatch.setattr(receipts, "told_marks", marks)
        twin.item(twin.notice(phase=Phase.REPEAT))
        send(twin, Channel(lambda: IN_DOUBT), OTHER)
        return found

    monkeypatch.setattr(receipts, "told_marks", while_another_does_too)
    send(world, Channel(lambda: IN_DOUBT))
    assert [each["reason"] for each in world.receipts()] == ["in_doubt", "in_doubt"]
    (mark,) = world.store.past_names("tld_")
    if isinstance(world.store, FilesStore):
        kept = world.store.past(mark)
        careful = FilesStore(world.store._layout.root, actor="test", heals=False)
        assert careful.ready() == world.store.ready()
        assert careful.past_names("tld_") == [mark]
        careful.rebuild()
        assert careful.past(mark) == kept
