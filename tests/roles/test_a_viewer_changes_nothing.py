"""Every verb, called by somebody who may only look: whatever he gives it, the state is the same to the last byte.

A viewer comes in three ways: with a user of his own, as one of the state's readers, and with the owner's user, which
`sudo` gave him and which his login uid betrays.  In the last case the refusals are lines of the journal, and it is
these lines, and nothing else, that the state has more.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from reporting_governance.commands.main import VERBS
from tests.acceptance.verbs import ROOT
from tests.roles.attempts import ATTEMPTS, EVIL_PROFILE
from tests.roles.users import User, call_as, needs_users
from tests.roles.world import OWNER, World, everything

pytestmark = needs_users
#: verbs that know no state
STATELESS = ("verify-descriptor", "verify-profile", "verify-policy", "rule", "completions")
CALLS = [(verb, tuple(words)) for verb, calls in ATTEMPTS.items() for words in calls if verb in VERBS]
#: one of each verb: what the kernel keeps somebody from who may not even read it keeps him from with any words
FIRST_CALLS = [(verb, tuple(calls[0])) for verb, calls in ATTEMPTS.items() if verb in VERBS and verb not in STATELESS]
READER_CALLS = [(verb, words) for verb, words in CALLS if verb not in STATELESS and "--profile" not in words]
#: the same calls, with what names a profile in the environment instead
LENT_CALLS = [
    *((verb, words, "arguments") for verb, words in CALLS),
    *((verb, words, "environment") for verb, words in CALLS if "--profile" in words),
]
#: what is said of a call that is wrong in itself, and so tries nothing
MISSPELT = ("No such option", "is not one of", "Missing option", "unexpected extra argument")
#: what grows by the line of a refusal
_OF_THE_JOURNAL = ("journal/applied", "journal/log/000000000001.jsonl")


def test_no_verb_is_left_out() -> None:
    assert set(VERBS) <= set(ATTEMPTS)


@pytest.fixture(scope="module")
def prepared(world: World) -> World:
    """Return a world with an evil profile that all can read, in a folder that all can write."""
    world.write("evil.yaml", EVIL_PROFILE.replace("TMP", str(world.tmp)), owner="mallory", into=world.tmp)
    program = f"#!/bin/sh\ntouch {world.tmp}/owned\n"
    world.write("program", program, owner="mallory", mode=0o755, into=world.tmp)
    descriptor = (ROOT / "capabilities/local-host.json").read_text()
    world.write("local-host.json", descriptor, owner="mallory", into=world.tmp)
    return world


@pytest.fixture(scope="module")
def with_readers(prepared: World) -> Iterator[World]:
    """Return a world whose state a group may read."""
    prepared.ok(OWNER, "init", "--readers", "readers")
    yield prepared
    prepared.ok(OWNER, "init", "--no-readers")


def spelled(world: World, words: tuple[str, ...]) -> list[str]:
    """Return words with the names of this world in them."""
    document = world.reply(OWNER, "silence", "list") if "SILENCE" in words else {}
    names = {"SILENCE": next((each["silence_id"] for each in document.get("silences", ())), "sil_x")}
    if "JOB" in words:
        names["JOB"] = str(next(each["job_id"] for each in world.reply(OWNER, "jobs", "list")["jobs"]))
    return [names.get(each, each).replace("TMP", str(world.tmp)).replace("STATE", str(world.state)) for each in words]


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Return what was made, taken away, or is another than before."""
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


@pytest.mark.parametrize(
    ("verb", "words"), FIRST_CALLS, ids=lambda each: each if isinstance(each, str) else " ".join(each)
)
def test_with_a_user_of_his_own(prepared: World, verb: str, words: tuple[str, ...]) -> None:
    before = everything(prepared.state, leave_out=("inbox",))
    ended = prepared.call(User("vera"), verb, *spelled(prepared, words))
    assert ended.code in (0, 1, 2, 3, 75), ended
    assert changed(before, everything(prepared.state, leave_out=("inbox",))) == set()
    assert not (prepared.tmp / "owned").exists()


@pytest.mark.parametrize(("verb", "words"), READER_CALLS, ids=str)
def test_as_a_reader(with_readers: World, verb: str, words: tuple[str, ...]) -> None:
    before = everything(with_readers.state, leave_out=("inbox",))
    ended = with_readers.call(User("rita"), verb, *spelled(with_readers, words))
    assert ended.code in (0, 1, 2, 3, 75), ended
    assert changed(before, everything(with_readers.state, leave_out=("inbox",))) == set()


@pytest.mark.parametrize(("verb", "words", "way"), LENT_CALLS, ids=str)
def test_with_the_owners_user(prepared: World, verb: str, words: tuple[str, ...], way: str) -> None:
    environment = {}
    if way == "environment":
        environment["REPORTGOV_PROFILE"] = words[words.index("--profile") + 1].replace("TMP", str(prepared.tmp))
        words = words[: words.index("--profile")] + words[words.index("--profile") + 2 :]
    seq = prepared.seq()
    before = everything(prepared.folder)
    ended = prepared.call(User("gov", login="vera", environment=environment), verb, *spelled(prepared, words))
    if verb.startswith("verify-") and verb in STATELESS:
        assert not any(each in words for each in ("--format", "--probe")) or "with the rights of gov" in ended.err, (
            ended
        )
    assert ended.code in (0, 1, 2, 3, 75), ended
    assert not any(each in ended.err for each in MISSPELT), ended
    after = everything(prepared.folder)
    assert changed(before, after) <= {f"gov/state/{each}" for each in _OF_THE_JOURNAL}
    for line in prepared.journal()[seq:]:
        assert (line["type"], line["actor"], line["meta"]["by"]) == ("policy.blocked", "vera", verb), line
    assert not (prepared.tmp / "owned").exists()


@pytest.mark.parametrize("inside", ["tasks", "journal/log", "keys", "new", "inbox", "corrupt/new"])
def test_a_state_inside_the_state(prepared: World, inside: str) -> None:
    before = everything(prepared.folder)
    link = prepared.tmp / "inside"
    link.symlink_to(prepared.state / inside)
    called = [("init",), ("scan",), ("report", "start", "x", "--agent", "y"), ("doctor", "--rebuild")]
    for place, words in [
        (link, called[0]),
        *((prepared.state / inside, each) for each in called[: 1 + 3 * (inside == "new")]),
    ]:
        ended = prepared.call(User("gov", login="vera"), *words, state=place)
        assert ended.code == 2, ended
        assert "lies inside the state folder" in ended.err
    link.unlink()
    assert changed(before, everything(prepared.folder)) <= {"tmp"}


@pytest.mark.parametrize("state", ["tmp/none", "gov", "tmp/vera"])
@pytest.mark.parametrize(
    "words",
    [
        ("run", "--profile", "TMP/evil.yaml"),
        ("bridge", "--profile", "TMP/evil.yaml"),
        ("status", "--html", "STATE/roles.yaml"),
        ("export-audit", "--output", "STATE/roles.yaml"),
        ("verify-audit", "--write-verifier", "STATE/verifier.py"),
        ("policy", "test", "baseline", "--junit", "STATE/roles.yaml"),
        ("keys", "rotate", "--signer", "program", "--program", "/usr/bin/touch"),
        ("jobs", "run"),
    ],
    ids=lambda each: each[0],
)
def test_no_state_of_ones_own_lends_the_rights_of_its_owner(world: World, words: tuple[str, ...], state: str) -> None:
    """Where there is no state yet, or an empty folder of the owner's, the caller has no role either.

    In a state of her own she has every role, and still not the rights of the user whom `sudo` gave her.
    """
    if state == "tmp/vera":
        assert world.call(User("vera"), "init", state=world.folder / state).code == 0
    world.write("evil.yaml", EVIL_PROFILE.replace("TMP", str(world.tmp)), owner="mallory", into=world.tmp)
    before = everything(world.folder, leave_out=("tmp/vera/inbox",))
    ended = world.call(User("gov", login="vera"), *spelled(world, words), state=world.folder / state)
    assert ended.code in (1, 2), ended
    assert changed(before, everything(world.folder, leave_out=("tmp/vera/inbox",))) == set()
    assert not (world.tmp / "owned").exists()


def test_the_attempts_are_in_the_journal(prepared: World) -> None:
    prepared.call(OWNER, "run")
    seq = prepared.seq()
    vera = User("vera")
    for words in (
        ("scan",),
        ("run",),
        ("ack", "nightly"),
        ("prune", "--keep", "1d"),
        ("plugins", "enable", "x", "--yes"),
        ("init",),
    ):
        prepared.call(vera, *words)
        prepared.call(vera, *words)
    prepared.call(OWNER, "run")
    found = prepared.refusals(since=seq)
    assert sorted(found) == [
        ("policy.blocked", action, "vera", "inbox" if action == "ack" else "note")
        for action in ("ack", "plugin.enable", "prune", "run", "scan", "state.init")
    ]
    assert {each["meta"]["count"] for each in prepared.journal()[seq:] if each["type"] == "policy.blocked"} == {2}
    assert json.dumps(found).count("gov") == 0


def test_a_folder_of_ones_own_that_links_into_the_state(with_readers: World) -> None:
    """A viewer owns the folder that he names, and all that lies in it is the other's."""
    prepared = with_readers
    own = prepared.tmp / "own"
    names = sorted(each.name for each in prepared.state.iterdir() if each.name != "roles.yaml")

    def build() -> None:
        own.mkdir()
        for name in names:
            (own / name).symlink_to(prepared.state / name)
        (own / "roles.yaml").write_text("users: {vera: owner}\n")

    assert call_as(User("vera"), build).code == 0
    before = everything(prepared.state, leave_out=("inbox",))
    for user in (User("vera"), User("gov", login="vera")):
        for verb in ("run", "ack", "jobs", "prune", "erase", "init", "doctor", "keys", "silence", "report", "status"):
            ended = prepared.call(user, verb, *spelled(prepared, tuple(ATTEMPTS[verb][0])), state=own)
            assert ended.code in (0, 1, 2, 3, 75), ended
            assert changed(before, everything(prepared.state, leave_out=("inbox",))) == set(), (user, verb)


def test_a_link_to_the_state_is_the_state(prepared: World) -> None:
    link = prepared.tmp / "link"
    link.symlink_to(prepared.state)
    seq = prepared.seq()
    ended = prepared.call(User("gov", login="vera"), "run", state=link)
    assert (ended.code, "POLICY_BLOCKED" in ended.err) == (1, True)
    assert prepared.refusals(since=seq) == [("policy.blocked", "run", "vera", "run")]


@pytest.mark.parametrize("way", ["argument", "variable"])
def test_who_may_report_may_not_choose_the_profile(prepared: World, way: str) -> None:
    """For a task of one's own no role is needed; a profile decides for everybody."""
    evil = str(prepared.tmp / "evil.yaml")
    words = [
        "report",
        "start",
        f"veras-{way}",
        "--agent",
        "helper",
        *(["--profile", evil] if way == "argument" else []),
    ]
    environment = {"REPORTGOV_PROFILE": evil} if way == "variable" else {}
    seq = prepared.seq()
    ended = prepared.call(User("gov", login="vera", environment=environment), *words)
    assert (ended.code, "POLICY_BLOCKED: outside" in ended.err) == (1, True), ended
    assert [each["type"] for each in prepared.journal()[seq:]] == ["policy.blocked"]


@pytest.mark.parametrize(
    "words", [("init",), ("report", "start", "x", "--agent", "y"), ("gate",)], ids=lambda words: words[0]
)
def test_no_state_is_made_in_a_folder_of_the_owners_that_holds_something_else(
    world: World, words: tuple[str, ...]
) -> None:
    place = world.folder / "gov" / f"papers-{words[0]}"
    place.mkdir()
    world.write("letter", "x", into=place)
    os.chown(place, OWNER.uid, OWNER.uid)
    before = everything(place)
    ended = world.call(User("gov", login="vera"), *words, state=place)
    assert changed(before, everything(place)) == set(), ended
    assert ended.code != 0 or words == ("gate",), ended
