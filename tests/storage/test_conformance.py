"""What every back end promises: commit by exact versions, groups whole or not at all, one text per version."""

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest

from reporting_governance.contracts.journal_line import Folder, LineType, RecordLine, ViewKey, ViewName
from reporting_governance.contracts.times import FAR_FUTURE, due_name
from reporting_governance.storage.interface import Absence, Added, Addition, Group, Refused, Store, TreeHead, expand
from reporting_governance.verifier.merkle import extend
from reporting_governance.verifier.merkle import root as tree_root
from tests.storage.building import DUE, NOW, SPOOL, attempt, birth, event_id, item_id, later, observed, reborn, settle


def only_name(store: Store, number: int = 1) -> ViewName:
    store.ready()
    return store.listing(SPOOL).names[item_id(number)]


def records(store: Store) -> list[str]:
    return [line.document["record"]["id"] for line in store.replay() if "record" in line.document]


def test_a_store_nobody_wrote_to_is_empty(store: Store) -> None:
    head = store.ready()
    assert head.seq == 0
    assert head.leaf == "0" * 64
    assert dict(store.listing(SPOOL).names) == {}
    assert store.past(item_id(1)) is None
    assert list(store.replay()) == []


def test_what_is_added_is_listed_read_and_replayed(store: Store) -> None:
    [answer] = store.commit([birth(1)], now=NOW)
    assert isinstance(answer, Added)
    name = only_name(store)
    assert name == ViewName(SPOOL, item_id(1), DUE, answer.seqs[0])
    view = store.read(name)
    assert view is not None
    assert view.body == {"item": {"spool_id": item_id(1), "text": "é😀"}, "attempts": [], "receipts": []}
    assert records(store) == [item_id(1)]


def test_a_version_is_consumed_once(store: Store) -> None:
    store.commit([birth(1)], now=NOW)
    name = only_name(store)
    first = store.commit([attempt(name)], now=NOW)
    second = store.commit([attempt(name)], now=NOW)
    assert isinstance(first[0], Added)
    assert second == [Refused(str(name))]
    assert store.read(name) is None
    changed = only_name(store)
    assert changed.seq == first[0].seqs[0]
    assert changed.due == FAR_FUTURE


def test_of_two_groups_that_consume_one_version_the_second_is_refused(store: Store) -> None:
    store.commit([birth(1)], now=NOW)
    name = only_name(store)
    answers = store.commit([attempt(name, 1), settle(name)], now=NOW)
    assert isinstance(answers[0], Added)
    assert answers[1] == Refused(str(name))


def test_a_refused_group_leaves_its_neighbours_alone(store: Store) -> None:
    gone = ViewName(SPOOL, item_id(9), DUE, 1)
    answers = store.commit([birth(1), attempt(gone), birth(2)], now=NOW)
    assert [type(answer) for answer in answers] == [Added, Refused, Added]
    assert records(store) == [item_id(1), item_id(2)]


def test_a_group_is_added_whole_or_not_at_all(store: Store) -> None:
    store.commit([birth(1)], now=NOW)
    name = only_name(store)
    gone = ViewName(SPOOL, item_id(9), DUE, 1)
    both = Group(additions=(*settle(name).additions, *settle(gone).additions))
    assert store.commit([both], now=NOW) == [Refused(str(gone))]
    assert store.read(name) is not None
    assert records(store) == [item_id(1)]


def test_an_expected_version_is_neither_changed_nor_may_it_be_gone(store: Store) -> None:
    store.commit([birth(1)], now=NOW)
    name = only_name(store)
    assert isinstance(store.commit([Group(additions=birth(2).additions, expects=(name,))], now=NOW)[0], Added)
    assert store.read(name) is not None
    answers = store.commit([settle(name), Group(additions=birth(3).additions, expects=(name,))], now=NOW)
    assert answers[1] == Refused(str(name))


def test_instead_of_a_refused_group_its_other_records_are_added(store: Store) -> None:
    gone = ViewName(SPOOL, item_id(9), DUE, 1)
    [answer] = store.commit([attempt(gone, otherwise=birth(7).additions)], now=NOW)
    assert isinstance(answer, Added)
    assert answer.instead
    assert records(store) == [item_id(7)]


def test_a_birth_is_refused_when_a_line_since_the_listing_names_the_id(store: Store) -> None:
    store.commit([birth(5)], now=NOW)
    seen = store.ready().seq
    assert isinstance(store.commit([birth(1, absent_at=seen)], now=NOW)[0], Added)
    assert isinstance(store.commit([birth(1, absent_at=seen)], now=NOW)[0], Refused)
    store.commit([settle(only_name(store))], now=NOW)
    assert isinstance(store.commit([birth(1, absent_at=seen)], now=NOW)[0], Refused), "born and closed since"
    assert isinstance(store.commit([birth(1, absent_at=store.ready().seq)], now=NOW)[0], Added)


def test_of_two_births_in_one_commit_the_second_is_refused(store: Store) -> None:
    seen = store.ready().seq
    answers = store.commit([birth(1, absent_at=seen), birth(1, absent_at=seen)], now=NOW)
    assert [type(answer) for answer in answers] == [Added, Refused]


def test_absence_is_of_one_folder(store: Store) -> None:
    store.commit([birth(1)], now=NOW)
    elsewhere = Group(additions=birth(2).additions, absences=(Absence(Folder.TASKS, item_id(1), 0),))
    assert isinstance(store.commit([elsewhere], now=NOW)[0], Added)


def test_what_is_over_is_found_by_id_and_consumed_by_version(store: Store) -> None:
    store.commit([birth(1)], now=NOW)
    store.commit([settle(only_name(store), into_past=True)], now=NOW)
    assert item_id(1) not in store.listing(SPOOL).names
    kept = store.past(item_id(1))
    assert kept is not None
    assert str(kept.name) == f"past/{item_id(1)}@{kept.name.seq:012d}"
    assert store.read(kept.name) == kept
    assert store.past_names("spl_") == [item_id(1)]
    stale = ViewName(Folder.PAST, item_id(1), "", kept.name.seq - 1)
    assert store.commit([reborn(stale)], now=NOW) == [Refused(str(stale))]
    assert isinstance(store.commit([reborn(kept.name)], now=NOW)[0], Added)
    assert store.past(item_id(1)) is None
    assert only_name(store).due == DUE


def test_what_is_over_can_be_put_anew(store: Store) -> None:
    store.commit([birth(1)], now=NOW)
    store.commit([settle(only_name(store), into_past=True)], now=NOW)
    first = store.past(item_id(1))
    assert first is not None
    store.commit([settle(first.name, into_past=True)], now=NOW)
    second = store.past(item_id(1))
    assert second is not None
    assert len(second.body["receipts"]) == 2
    assert store.read(first.name) is None
    assert store.past_names("") == [item_id(1)]


def test_past_is_not_listed(store: Store) -> None:
    with pytest.raises(ValueError, match="not listed"):
        store.listing(Folder.PAST)


def test_due_names_come_oldest_first_and_what_is_due_exactly_now_is_due(store: Store) -> None:
    dues = [due_name(later(seconds)) for seconds in (3, 1, 2, 4)]
    store.commit([birth(number, due=due) for number, due in enumerate(dues)], now=NOW)
    store.ready()
    found = store.listing(SPOOL).due(due_name(later(3)))
    assert [name.due for name in found] == sorted(dues[:3])


def test_every_line_is_canonical_and_names_the_one_before(store: Store) -> None:
    store.commit([Group(additions=(*birth(1).additions, *birth(2).additions)), birth(3)], now=NOW)
    lines = list(store.replay())
    assert [line.seq for line in lines] == list(range(1, len(lines) + 1))
    for before, line in zip([None, *lines], lines, strict=False):
        assert line.document["prev"] == ("0" * 64 if before is None else before.leaf)
        text = json.dumps(line.document, sort_keys=True, separators=(",", ":"))
        assert sha256(b"\x00" + text.encode("ascii")).hexdigest() == line.leaf
    assert [line.document["g"] for line in lines[-3:]] == [[1, 2], [2, 2], [1, 1]]
    assert lines[-1].document["ts"] == "2026-03-01T04:05:06.789Z"
    assert set(lines[-1].document) == {"actor", "g", "prev", "record", "seq", "ts", "type", "v", "writer"}
    assert set(lines[-1].document["record"]) == {
        "about", "body", "consumes", "id", "kind", "parents", "version", "views",
    }  # fmt: skip
    assert store.head().leaf == lines[-1].leaf
    assert [line.seq for line in store.replay(2)] == [line.seq for line in lines[1:]]


def test_a_line_may_say_something_without_a_record(store: Store) -> None:
    said = Addition(
        type=LineType.ROLE_DENIED, action="ack", reason="viewer", meta={"role": "viewer"}, job_id="j", plugin_id="p"
    )
    store.commit([Group(additions=(said,))], now=NOW)
    document = list(store.replay())[-1].document
    assert (document["type"], document["action"], document["reason"]) == ("role.denied", "ack", "viewer")
    assert (document["meta"], document["jobId"], document["pluginId"]) == ({"role": "viewer"}, "j", "p")


def test_numbers_and_texts_that_other_readers_would_misread_become_strings(store: Store) -> None:
    bodies = {1: {"large": 2**53, "fits": 2**53 - 1}, 2: {"half": "\ud800x"}, 3: {"in": [-(2**53)]}}
    store.commit([birth(number, body=body) for number, body in bodies.items()], now=NOW)
    documents = [line.document for line in store.replay()][-3:]
    assert [document["record"]["body"] for document in documents] == [
        {"large": str(2**53), "fits": 2**53 - 1}, {"half": "\ufffdx"}, {"in": [str(-(2**53))]},
    ]  # fmt: skip
    assert [document["meta"] for document in documents] == [{"converted": 1}] * 3


@pytest.mark.parametrize("bad", [{"seconds": 1.5}, {"when": NOW}, {1: "key"}])
def test_what_a_line_cannot_hold_is_refused_and_nothing_is_added(store: Store, bad: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        store.commit([birth(1), birth(2, body=bad)], now=NOW)
    assert records(store) == []
    assert dict(store.listing(SPOOL).names) == {}


def test_a_record_that_cannot_be_folded_never_reaches_the_log(store: Store) -> None:
    nonsense = RecordLine(kind="receipt", id="r", body={}, views=(ViewKey(Folder.EPISODES, "thr_1", DUE),))
    with pytest.raises(KeyError):
        store.commit([birth(1), Group(additions=(Addition(record=nonsense),))], now=NOW)
    assert records(store) == []
    assert isinstance(store.commit([birth(1)], now=NOW)[0], Added)


@pytest.mark.parametrize("identity", ["../x", "a/b", "", ".hidden", "a" * 129, "é"])
def test_an_id_that_could_be_a_path_is_refused(store: Store, identity: str) -> None:
    record = RecordLine(kind="spool-item", id="x", body={}, views=(ViewKey(SPOOL, identity, DUE),))
    with pytest.raises(ValueError):
        store.commit([Group(additions=(Addition(record=record),))], now=NOW)


def test_secrets_are_removed_before_anything_is_hashed(store: Store) -> None:
    body = {
        "headers": {"Authorization": "Bearer abcdefghijklmnop", "x": "1"},
        "text": "use sk-abcdefghijklmnopqrstuvwx and https://user:hunter22@host/",
        "token_count": 7,
        "idempotency_key": "k1",
    }
    store.commit([birth(1, body=body)], now=NOW)
    document = list(store.replay())[-1].document
    text = json.dumps(document)
    assert not any(secret in text for secret in ("abcdefghijklmnop", "hunter22"))
    assert document["record"]["body"]["token_count"] == 7
    assert document["record"]["body"]["idempotency_key"] == "k1"
    assert document["meta"] == {"scrubbed": 3}
    view = store.read(only_name(store))
    assert view is not None
    assert "hunter22" not in json.dumps(view.body)


def test_long_free_text_lies_apart_and_can_be_erased(store: Store) -> None:
    long = "ä" * 200
    store.commit([observed(1, long)], now=NOW)
    store.ready()
    view = store.read(store.listing(Folder.EVENTS).names[event_id(1)])
    assert view is not None
    reference = view.body["event"]["payload"]["message"]
    assert reference["size"] == 400
    assert view.body["event"]["payload"]["title"] == "short"
    assert expand(store, view.body["event"]) == {"payload": {"title": "short", "message": long}}
    store.erase_blob(reference["$blob"], reason="asked for", now=NOW)
    assert store.get_blob(reference) is None
    assert expand(store, view.body["event"]) == {"payload": {"title": "short", "message": None}}
    last = list(store.replay())[-1].document
    assert (last["type"], last["reason"], last["meta"]) == (
        "record.erased", "asked for", {"blob": reference["$blob"]},
    )  # fmt: skip


def test_a_large_body_is_split_so_that_its_line_stays_short(store: Store) -> None:
    body = {"spool_id": "x", "deep": {"list": [{"text": "y" * 100} for _ in range(1000)]}, "big": "z" * 70_000}
    store.commit([birth(1, body=body)], now=NOW)
    line = list(store.replay())[-1].document
    assert len(json.dumps(line["record"]["body"])) <= 48 * 1024
    assert line["record"]["body"]["spool_id"] == "x"
    read = expand(store, line["record"]["body"])
    assert read == body, "a list comes back as a list"


def test_what_is_moved_out_of_a_large_body_is_the_largest_part_and_not_all_around_it(store: Store) -> None:
    inner = {"task_id": "t", "labels": {f"k{number}": "v" * 200 for number in range(400)}}
    store.commit([birth(1, body={"spool_id": "x", "payload": {"phase": "firing", "task": inner}})], now=NOW)
    payload = list(store.replay())[-1].document["record"]["body"]["payload"]
    assert (payload["phase"], payload["task"]["task_id"]) == ("firing", "t")
    assert expand(store, payload)["task"] == inner
    store.erase_blob(payload["task"]["labels"]["$blob"], reason="asked for", now=NOW)
    assert expand(store, payload)["task"] == {"task_id": "t", "labels": None}


@pytest.mark.parametrize("odd", [1, None, {"$blob": 2}, ["x"], "../../secret", "A" * 64, "short"])
def test_what_only_looks_like_a_reference_is_data(store: Store, odd: object) -> None:
    body = {"spool_id": "x", "report": {"$blob": odd, "size": 1}}
    store.commit([birth(1, body=body)], now=NOW)
    read = list(store.replay())[-1].document["record"]["body"]
    assert expand(store, read) == read == body


def test_blobs_are_kept_as_they_are(store: Store) -> None:
    reference = store.put_blob(b"\x00\xff bytes")
    assert reference["size"] == 8
    assert store.get_blob(reference) == b"\x00\xff bytes"
    assert store.get_blob({"$blob": "0" * 64, "size": 1}) is None


def test_heartbeats(store: Store) -> None:
    store.heartbeat("tsk_1", NOW)
    store.heartbeat("any/../id", later(5))
    assert store.heartbeats(["tsk_1", "any/../id", "tsk_2"]) == {
        "tsk_1": NOW, "any/../id": later(5), "tsk_2": None,
    }  # fmt: skip


def test_a_commit_is_bounded(store: Store) -> None:
    with pytest.raises(ValueError, match="at most 200"):
        store.commit([birth(number) for number in range(201)], now=NOW)
    with pytest.raises(ValueError, match="without additions"):
        store.commit([Group(additions=())], now=NOW)
    assert store.commit([], now=NOW) == []


def leaves(store: Store) -> list[bytes]:
    return [bytes.fromhex(line.leaf) for line in store.replay()]


def test_the_tree_of_a_store_nobody_wrote_to_is_the_empty_one(store: Store) -> None:
    assert store.tree_head() == TreeHead(0, sha256(b"").digest(), ())
    assert store.log_checkpoints() == []
    assert store.newest_log_checkpoint() == 0
    assert store.log_checkpoint(1) is None


def test_the_tree_covers_every_line(store: Store) -> None:
    for number in range(1, 12):
        store.commit([birth(number)], now=NOW)
        head = store.tree_head()
        size, frontier = extend(0, (), leaves(store))
        assert head == TreeHead(size, tree_root(frontier), frontier)
        assert head.size == store.head().seq


def test_signed_heads_are_kept_as_they_are(store: Store) -> None:
    store.commit([birth(1)], now=NOW)
    store.keep_log_checkpoint(12, b"twelve\n")
    store.keep_log_checkpoint(3, b"three\n")
    store.keep_log_checkpoint(12, b"twelve again\n")
    assert store.log_checkpoints() == [3, 12]
    assert store.newest_log_checkpoint() == 12
    assert store.log_checkpoint(12) == b"twelve again\n"
    assert store.log_checkpoint(3) == b"three\n"
    assert store.log_checkpoint(4) is None


def test_threads_of_one_process_share_a_store(store: Store) -> None:
    """Sends run beside each other, and each looks whether it is still wanted."""
    store.commit([birth(0)], now=NOW)
    watched = only_name(store, 0)

    def work(number: int) -> list[Added | Refused]:
        answers = []
        for place in range(5):
            assert store.read(watched) is not None
            answers += store.commit([birth(number * 100 + place, absent_at=1)], now=NOW)
            assert store.past(item_id(number)) is None
            assert item_id(0) in store.listing(SPOOL).names
        return answers

    with ThreadPoolExecutor(4) as threads:
        answers = [each for said in threads.map(work, range(1, 5)) for each in said]
    assert all(isinstance(each, Added) for each in answers)
    assert len(records(store)) == len(set(records(store))) == 21
