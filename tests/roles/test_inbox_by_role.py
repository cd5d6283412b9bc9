"""What lies in the inbox counts as far as its owner may: who that is the file system says, and nothing in the file."""

import json
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.roles.users import NAMELESS, User, call_as, needs_users
from tests.roles.world import OWNER, World

pytestmark = needs_users
OLGA, VERA, RELAY, ADAM = (User(each) for each in ("olga", "vera", "relay", "adam"))
ACK = {"what": "ack", "subject": "nightly", "comment": "on it"}


@pytest.fixture
def since(world: World) -> Iterator[int]:
    """Return the last line before a test; what the test leaves in `corrupt/` goes."""
    yield world.seq()
    for path in (world.state / "corrupt").iterdir():
        path.unlink()


def run(world: World, since: int) -> tuple[dict[str, Any], list[tuple[str, str, str, str]]]:
    """Let the owner take everything in; return what the run says of the inbox, and the refusals."""
    return world.reply(OWNER, "run")["inbox"], world.refusals(since=since)


def acts(world: World, since: int) -> list[tuple[str, str]]:
    """Return the acts behind a line, and whose they are."""
    records = [each["record"] for each in world.journal() if each["seq"] > since and "record" in each]
    return [(each["body"]["what"], each["body"]["actor"]) for each in records if each["kind"] == "act"]


def test_an_operator_acts_by_his_own_user(world: World, since: int) -> None:
    assert "handed in as inbox/" in world.ok(OLGA, "ack", "nightly", "--comment", "mine").out
    assert world.ok(OLGA, "ack", "nightly", "--undo").out
    world.ok(OLGA, "silence", "add", "task_id=x", "--for", "1h", "--comment", "planned")
    inbox, refused = run(world, since)
    assert (inbox["recorded"], inbox["refused"], refused) == (3, 0, [])
    assert acts(world, since) == [("ack", "olga"), ("unack", "olga")]


def test_who_wrote_a_file_is_not_said_in_it(world: World, since: int) -> None:
    world.drop(VERA, {**ACK, "actor": "olga", "uid": OWNER.uid, "created_by": "gov"}, "forged.json")
    world.drop(VERA, {"matcher": {"task_id": "*"}, "created_by": "gov", "comment": "x"}, "silence.json")
    world.drop(VERA, {"blocked": "ack"}, "note.json")
    inbox, refused = run(world, since)
    assert (inbox["recorded"], inbox["refused"]) == (1, 2)
    assert sorted(refused) == [
        ("policy.blocked", "ack", "vera", "inbox"),
        ("policy.blocked", "ack", "vera", "note"),
        ("policy.blocked", "silence", "vera", "inbox"),
    ]
    kept = [json.loads(each.read_text()) for each in (world.state / "corrupt").glob("*.finding.json")]
    assert [each["uid"] for each in kept] == [VERA.uid, VERA.uid]
    assert all("POLICY_BLOCKED" in each["findings"][0]["message"] for each in kept)


@pytest.mark.parametrize("way", ["hard link", "renamed over", "symbolic link"])
def test_a_file_of_another_cannot_be_handed_in_as_his(world: World, since: int, way: str) -> None:
    """The viewer finds a file that the operator wrote, and would like it to be an act of hers."""
    hers = world.write("act.json", json.dumps(ACK), owner="olga", into=world.tmp)

    def hand_in() -> None:
        place = world.state / "inbox" / "borrowed.json"
        if way == "hard link":
            os.link(hers, place)
        elif way == "symbolic link":
            place.symlink_to(hers)
        else:
            os.rename(hers, place)

    ended = call_as(VERA, hand_in)
    if ended.code == 0:
        inbox, _ = run(world, since)
        assert (inbox["recorded"], inbox["refused"]) == (0, 1)
    else:
        assert "PermissionError" in ended.err, "the kernel has kept him from it"
    assert acts(world, since) == []


def test_nobody_removes_or_reads_what_another_has_handed_in(world: World, since: int) -> None:
    name = world.reply(OLGA, "ack", "nightly")["handed_in"]

    def look() -> int:
        try:
            os.listdir(world.state / "inbox")
        except PermissionError:
            pass
        else:
            return 1
        try:
            os.unlink(world.state / "inbox" / name)
        except PermissionError:
            return 0
        return 2

    assert call_as(VERA, look).code == 0
    run(world, since)
    assert acts(world, since) == [("ack", "olga")]
    world.ok(OLGA, "ack", "nightly", "--undo")
    run(world, since)


def test_check_ins_are_those_of_whoever_started_the_task(world: World, since: int) -> None:
    world.ok(VERA, "report", "start", "veras", "--agent", "helper")
    world.ok(VERA, "report", "checkpoint", "veras", "going on")
    world.ok(User("mallory"), "report", "complete", "veras")
    world.ok(User("mallory"), "report", "heartbeat", "veras")
    inbox, refused = run(world, since)
    assert (inbox["recorded"], inbox["refused"]) == (2, 2)
    assert refused == [("policy.blocked", "report.others", "mallory", "inbox")]
    world.ok(OLGA, "report", "checkpoint", "veras", "by an operator")
    world.ok(OWNER, "report", "checkpoint", "veras", "by the owner")
    inbox, refused = run(world, since)
    assert (inbox["recorded"], inbox["refused"], len(refused)) == (1, 0, 1)


def test_through_the_owners_user_a_check_in_is_still_that_of_who_logged_in(world: World, since: int) -> None:
    world.ok(User("gov", login="vera"), "report", "start", "sudo", "--agent", "helper")
    assert world.call(User("gov", login="mallory"), "report", "complete", "sudo").code == 1
    assert world.call(User("gov", login="olga"), "report", "checkpoint", "sudo", "x").code == 0
    assert world.ok(User("gov", login="vera"), "report", "checkpoint", "sudo", "x").code == 0
    assert world.refusals(since=since) == [("policy.blocked", "report.others", "mallory", "report")]


@pytest.mark.parametrize(
    ("user", "is_taken"),
    [(RELAY, True), (OWNER, True), (OLGA, False), (ADAM, False), (VERA, False)],
    ids=["sender", "owner", "operator", "admin", "viewer"],
)
def test_receipts_are_for_senders_and_for_nobody_by_role(world: World, since: int, user: User, is_taken: bool) -> None:
    attempt = next(e["record"]["id"] for e in world.journal() if e.get("record", {}).get("kind") == "attempt")
    receipt = {"attempt_id": attempt, "proof": "person", "id": f"r-{user.name}"}
    world.drop(user, receipt, f"{user.name}.json")
    inbox, refused = run(world, since)
    assert (inbox["recorded"], inbox["refused"]) == ((1, 0) if is_taken else (0, 1))
    assert refused == ([] if is_taken else [("role.denied", "receipt", user.name, "inbox")])
    bodies = [
        e["record"]["body"]
        for e in world.journal()
        if e["seq"] > since and e.get("record", {}).get("kind") == "receipt"
    ]
    said = [(each["proof"], each["settled_by"], each["evidence"].get("claimed_proof")) for each in bodies]
    if user is RELAY:
        assert said == [("delivered", "relay", "person")], "that a person acted is not for a sender to say"
    elif user is OWNER:
        assert said == [("person", "gov", None)]


def test_a_sender_may_do_nothing_else(world: World, since: int) -> None:
    world.drop(RELAY, ACK, "ack.json")
    world.ok(RELAY, "retry", "nightly")
    inbox, refused = run(world, since)
    assert (inbox["recorded"], inbox["refused"]) == (0, 2)
    assert sorted(each[1] for each in refused) == ["ack", "retry"]


def test_a_user_without_an_account_is_named_by_his_number(world: World, since: int) -> None:
    nobody = User(str(NAMELESS))
    world.ok(nobody, "ack", "nightly")
    _, refused = run(world, since)
    assert refused == [("policy.blocked", "ack", f"uid:{NAMELESS}", "inbox")]
    roles = world.state / "roles.yaml"
    kept = roles.read_text()
    world.write("roles.yaml", f'users: {{"{NAMELESS}": operator}}\n')
    try:
        world.ok(nobody, "ack", "nightly")
        inbox, _ = run(world, since)
        assert (inbox["recorded"], inbox["refused"]) == (1, 0)
    finally:
        world.write("roles.yaml", kept)


def test_a_flood_of_a_viewer_is_a_line_and_leaves_the_others_their_turn(world: World, since: int) -> None:
    def flood() -> None:
        for number in range(1_200):
            path = world.state / "inbox" / f"{number:04}.json"
            path.write_text('{"what": "ack", "subject": "nightly"}')

    assert call_as(VERA, flood).code == 0
    world.ok(OLGA, "ack", "nightly", "--comment", "in between")
    inbox, refused = run(world, since)
    assert (inbox["refused"], inbox["left"], inbox["recorded"]) == (1_000, 200, 1)
    assert refused == [("policy.blocked", "ack", "vera", "inbox")]
    assert ("ack", "olga") in acts(world, since)
    run(world, since)


@pytest.mark.parametrize(
    "words",
    [
        ("ack", "nightly"),
        ("retry", "nightly"),
        ("review", "approve", "nightly", "--comment", "x"),
        ("silence", "add", "task_id=nightly", "--for", "1h", "--comment", "x"),
        ("silence", "expire", "sil_x"),
        ("report", "complete", "nightly"),
    ],
    ids=" ".join,
)
def test_nobody_signs_with_a_name_that_sudo_lent(world: World, words: tuple[str, ...]) -> None:
    """Olga may act here, and vera may start our verbs as olga: she is not olga in the state of a third user."""
    ended = world.call(User("olga", login="vera"), *words)
    assert (ended.code, "with the rights of olga, and you are vera" in ended.err) == (1, True), ended
    assert world.reply(OWNER, "run")["inbox"] is None  # nothing lies there


@pytest.mark.parametrize("place", ["a link of somebody else", "a folder of somebody else"])
def test_an_inbox_that_is_not_the_owners_is_not_written_to(world: World, place: str) -> None:
    """Root acts on a state of mallory's, in which the inbox leads to where only root may write."""
    target = world.folder / "only-root"
    target.mkdir(mode=0o700)
    state = world.tmp / "trap"

    def set_trap() -> None:
        from reporting_governance.__main__ import main

        main(["init", "--state", str(state)])
        os.rename(state / "inbox", state / "inbox-2")
        if place.startswith("a link"):
            (state / "inbox").symlink_to(target)

    assert call_as(User("mallory"), set_trap).code == 0
    if not place.startswith("a link"):
        (state / "inbox").mkdir(mode=0o777)
    ended = world.call(User("root"), "ack", "nightly", state=state)
    assert (ended.code, list(target.iterdir())) == (3, []), ended
    target.rmdir()
    shutil.rmtree(state)
