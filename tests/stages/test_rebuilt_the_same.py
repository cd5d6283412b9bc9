"""Whatever a chain went through: views made anew from the log are the same bytes as those that were kept on the way."""

import random
from contextlib import suppress
from pathlib import Path

import pytest

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.threads import rules_of
from reporting_governance.errors import GovernanceError
from reporting_governance.stages.acts import run_ack, run_unack
from reporting_governance.stages.late_receipt import run_late_receipt
from reporting_governance.stages.retrying import run_retry
from reporting_governance.stages.silencing import end_silence
from reporting_governance.storage.files.store import FilesStore
from tests.stages.chain_world import RECEIVERS, Chain, task

MANY = {f"label-{number}": "v" * 200 for number in range(300)}


def files_of(root: Path) -> dict[str, bytes]:
    """Return every view file, by its place."""
    found = {}
    for folder in Folder:
        for file in sorted((root / folder.value).glob("*")):
            found[f"{folder.value}/{file.name}"] = file.read_bytes()
    return found


def random_life(chain: Chain, dice: random.Random) -> None:
    """Do one thing or another."""
    names = [f"t{number}" for number in range(4)]
    age = int((chain.clock.now() - chain.clock.time.replace(hour=8, minute=0, second=0)).total_seconds())
    acts = ("show", "tick", "tick", "forward", "ack", "unack", "silence", "end", "retry", "proof", "report", "down")
    match dice.choice(acts):
        case "show":
            shown = dice.sample(names, dice.randrange(5))
            facts = {"owner_dead": True} if dice.random() < 0.3 else {}
            unreadable = "no such file" if dice.random() < 0.2 else None
            chain.shows(
                *(
                    task(name, seen=dice.choice((0, max(0, age)))) if not facts else task(name, **facts)
                    for name in shown
                ),
                unreadable=unreadable,
                complete=unreadable is None,
            )
        case "tick":
            chain.tick()
        case "forward":
            chain.clock.forward(dice.choice((30, 700, 4000, 90_000)))
        case "down":
            place = Path(f"{chain.folder}/operator.jsonl")
            with suppress(OSError):
                place.mkdir()
        case "report":
            labels = MANY if dice.random() < 0.3 else {"a": "b"}
            with suppress(GovernanceError):
                chain.report(
                    dice.choice(("start", "checkpoint", "complete", "fail", "wait")),
                    dice.choice(("n1", "n2")),
                    message="x" * dice.choice((3, 500)),
                    **({"labels": labels} if dice.random() < 0.5 else {}),
                )
        case other:
            with suppress(GovernanceError, IndexError):
                person(chain, dice, other)


def person(chain: Chain, dice: random.Random, what: str) -> None:
    """Do what somebody at a keyboard does."""
    store, clock, rules = chain.store, chain.clock, rules_of(chain.profile.notification)
    said = {"actor": "uid:0", "comment": "as tried"}
    if what == "silence":
        chain.silence(dice.choice((60, 5000)), task_id=dice.choice(("*", "t1")))
    elif what == "end":
        end_silence(store, dice.choice(list(store.listing(Folder.SILENCES).names)), clock=clock, **said)
    elif what == "ack":
        run_ack(store, dice.choice(chain.records("notice"))["id"], clock=clock, **said)
    elif what == "unack":
        run_unack(store, dice.choice(chain.records("notice"))["id"], clock=clock, rules=rules, **said)
    elif what == "retry":
        run_retry(store, dice.choice(chain.records("spool-item"))["id"], lifetime_seconds=600, clock=clock, **said)
    elif what == "proof":
        attempt = dice.choice(chain.records("attempt"))["id"]
        proof = {"attempt_id": attempt, "id": str(dice.randrange(3)), "proof": dice.choice(("delivered", "person"))}
        run_late_receipt(store, {**proof, "evidence": {}}, settled_by="uid:0", rules=rules, clock=clock)


@pytest.mark.parametrize("seed", range(8))
def test_a_rebuild_makes_the_same_views(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    chain = Chain(folder=str(tmp_path))
    root = tmp_path / "state"
    chain.store = FilesStore(str(root), actor="uid:0", now=chain.clock.now, monotonic=chain.clock.monotonic)
    targets = {
        "outbox": RECEIVERS["boss"]["targets"]["outbox"],
        "second": {"sender": "file", "parameters": {"path": "s"}},
    }
    chain.notify(
        receivers={**RECEIVERS, "boss": {"targets": targets}},
        fallback=["boss"],
        group_by=dice.choice(([], ["task_id"])),
        repeat_seconds=3600,
        rate_limit=dice.choice((None, {"messages": 2, "per_seconds": 600})),
        escalation=[{"after_seconds": 600, "receivers": ["boss"]}],
    )
    for _ in range(60):
        random_life(chain, dice)
    before = files_of(root)
    assert len(before) > 10
    chain.store.rebuild()
    after = files_of(root)
    assert sorted(after) == sorted(before)
    assert {name for name in before if before[name] != after[name]} == set()
