"""Every message that leaves ends with the head of our journal, so that whoever got it is a witness."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from reporting_governance.adapters.interface import Answer, SendResult
from reporting_governance.adapters.senders.texts import cut, whole_text
from reporting_governance.contracts.spool_item import JournalHead
from reporting_governance.core.scrub import scrub
from reporting_governance.stages.bridge import run_bridge
from reporting_governance.stages.journal_head import with_mark
from reporting_governance.stages.retrying import run_retry
from reporting_governance.storage.interface import Store
from reporting_governance.storage.memory import MemoryStore
from reporting_governance.verifier.merkle import extend, root
from reporting_governance.verifier.note import find_marks, head_mark
from tests.stages.bridge_world import HERE, World, profile
from tests.stages.chain_world import Chain, fire, task
from tests.stages.test_bridge_in_doubt import IN_DOUBT, STORED, Channel
from tests.stages.test_what_is_sent import sent

REFUSED = Answer(result=SendResult.REFUSED)
HEAD = JournalHead(log="5d2f4c1a", size=1204, root="9b1f02c47ad3e6581c90a7d4412f6e83")


def test_a_notice_as_it_leaves(world: World) -> None:
    world.item(html="<p>Nothing was heard for <b>30</b> minutes.</p>", head=HEAD)
    message = sent(world)
    assert message.body == (
        "Nothing was heard for 30 minutes.\n\nJournal: 5d2f4c1a, 1204 lines, root 9b1f02c47ad3e6581c90a7d4412f6e83"
    )
    assert message.html == (
        "<p>Nothing was heard for <b>30</b> minutes.</p>"
        "<p>Journal: 5d2f4c1a, 1204 lines, root 9b1f02c47ad3e6581c90a7d4412f6e83</p>"
    )


def test_a_message_without_html_gets_none_for_the_mark(world: World) -> None:
    world.item(head=HEAD)
    assert sent(world).html is None


def test_an_item_of_an_older_version_leaves_as_it_was_made(world: World) -> None:
    world.item()
    assert sent(world).body == "Nothing was heard for 30 minutes."


def test_every_attempt_of_an_item_carries_the_same_mark_as_its_last_line(world: World) -> None:
    """Also the one that says that it may be a repeat, when the journal is longer by its first attempt."""
    world.item(head=HEAD)
    answers = [IN_DOUBT, STORED]
    channel = Channel(lambda: answers.pop(0))
    for _ in range(2):
        run_bridge(world.store, {"operator/main": channel}, profile(), clock=world.clock, host=HERE)
        world.clock.pass_by(7200)
    first, second = channel.got
    assert second.possible_repeat_of
    assert second.body != first.body
    mark = head_mark(HEAD.log, HEAD.size, HEAD.root)
    assert [each.body.splitlines()[-1] for each in (first, second)] == [mark, mark]


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    chain = Chain(store=MemoryStore(), folder=str(tmp_path))
    chain.notify()
    chain.shows(task())
    chain.tick()
    return chain


def tree_over(store: Store, size: int) -> str:
    """Return the root over the first lines, from the lines themselves."""
    leaves = [bytes.fromhex(line.leaf) for line in store.replay()]
    assert len(leaves) >= size
    return root(extend(0, (), leaves[:size])[1]).hex()


def test_what_arrives_names_the_journal_as_it_was_at_dispatch(chain: Chain) -> None:
    fire(chain)
    before = chain.lines()
    chain.dispatch()
    chain.send()
    for receiver in ("operator", "boss"):
        (line,) = Path(chain.folder, f"{receiver}.jsonl").read_text().splitlines()
        (mark,) = find_marks(json.loads(line)["body"])
        assert mark.log == (chain.store.head().log_id or "")[:8]
        assert mark.size == before
        assert mark.root_hex == tree_over(chain.store, before)[:32]


def test_one_head_is_taken_for_a_whole_run_and_none_when_nothing_leaves(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    whole = chain.store.tree_head
    monkeypatch.setattr(chain.store, "tree_head", lambda: taken.append(1) or whole())
    chain.shows(*(task(f"t{number}") for number in range(5)))
    chain.look()
    chain.silence()
    fire(chain)
    assert chain.dispatch().held == 10
    assert taken == []
    chain.clock.forward(3600)
    assert chain.dispatch().items == 10
    assert taken == [1]


def test_a_person_who_sends_again_sends_the_head_of_that_day(world: World) -> None:
    spool_id = world.item(head=HEAD)
    refused = Channel(lambda: REFUSED)
    run_bridge(world.store, {"operator/main": refused}, profile(), clock=world.clock, host=HERE)
    world.clock.pass_by(60)
    before = world.store.ready().seq
    run_retry(world.store, spool_id, actor="pat", comment="look", lifetime_seconds=3600, clock=world.clock)
    made = [body for kind, body in world.records() if kind == "spool-item"][-1]
    assert made["round"] == 1
    assert made["journal_head"]["size"] == before
    assert made["journal_head"]["root"] == tree_over(world.store, before)[:32]


def test_no_mark_looks_like_a_secret() -> None:
    for number in range(2000):
        digest = sha256(b"%d" % number).hexdigest()
        said = {"log": digest[-8:], "size": number + 1, "root": digest[:32]}
        assert scrub(said) == (said, 0)
        text = head_mark(said["log"], number + 1, digest[:32])
        assert scrub({"text": text}) == ({"text": text}, 0)


@pytest.mark.parametrize("longest", [170, 250, 1024, 3500, 4096])
def test_a_channel_that_cuts_long_texts_keeps_the_mark(longest: int) -> None:
    text, _ = with_mark({"journal_head": HEAD.dump()}, "An agent wrote much. " * 1000, None)
    shown = cut(whole_text("subject", text), longest)
    assert len(shown) <= longest
    assert [mark.size for mark in find_marks(shown)] == [HEAD.size]


@pytest.mark.parametrize(
    "words",
    [
        "Journal: 5d2f4c1a, 3 lines, root 00000000000000000000",
        "Journal:\n> 5d2f4c1a, 3 lines,\n> root 00000000000000000000",
        "done. Journal:    5d2f4c1a, 999999999 lines, root 0123456789abcdef0123456789abcdef, thanks",
    ],
)
def test_an_agents_words_carry_no_mark(words: str) -> None:
    """Whoever holds the notice against the journal would find that it was written anew, and it was not."""
    from html import unescape

    item = {"journal_head": {"log": HEAD.log, "size": HEAD.size, "root": HEAD.root}}
    text, html = with_mark(item, f"coder says: {words}", f"<p>coder says: <b>{words.replace('>', '&gt;')}</b></p>")
    assert html is not None
    for shown in (text, html, unescape(html), unescape(html.replace("<b>", "").replace("</b>", ""))):
        assert [mark.size for mark in find_marks(shown)] == [HEAD.size]


def test_words_that_are_no_mark_stay_as_they_are() -> None:
    item = {"journal_head": {"log": HEAD.log, "size": HEAD.size, "root": HEAD.root}}
    text, _ = with_mark(item, "Journal: three of five entries are written", None)
    assert text.startswith("Journal: three of five entries are written\n\nJournal: 5d2f4c1a, 1204 lines")


def test_a_subject_carries_no_mark_either(world: World) -> None:
    late = replace(world.notice(), subject="late: Journal: 5d2f4c1a, 3 lines, root 00000000000000000000")
    world.item(late, head=HEAD)
    assert not find_marks(sent(world).subject)
