"""Whether the product's own answers agree with what `checker` derives: views on disk, a rebuild, states, `status`."""

import json
from typing import Any

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.core.delivery_state import delivery_state, histories
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.status import run_status
from reporting_governance.storage.interface import Store
from tests.oracle.checker import PAST, SPOOL, THREADS, Derived
from tests.storage.back_ends import current
from tests.storage.oracle import views_by_replay


def agree_on_disk(root: str, derived: Derived) -> None:
    """The views are the open versions, hold what a replay says, and a rebuild of a copy changes nothing."""
    kept, lines = current().views(root), current().lines(root)
    assert set(kept) == set(derived.versions), "the views are not the open versions"
    assert kept == json.loads(json.dumps(views_by_replay(lines))), "a view does not hold what a replay says"
    assert current().rebuilt(root) == kept, "a rebuild makes other views"


def agree_on_states(store: Store, derived: Derived, clock: Clock) -> None:
    """`status`, the listings and the derived delivery states say the same as the records."""
    records = ((line.document["record"]["kind"], line.document["record"]["body"]) for line in _with_records(store))
    for identity, history in histories(records).items():
        assert delivery_state(history).value == derived.state_of(identity), identity
    for folder in Folder:
        if folder is not Folder.PAST:
            listed = {str(name) for name in store.listing(folder).names.values()}
            assert listed == {str(each) for each in derived.open_in(folder.value)}, folder
    _agree_with_status(run_status(store, clock=clock), derived)


def _with_records(store: Store) -> list[Any]:
    return [line for line in store.replay() if "record" in line.document]


def _agree_with_status(status: Any, derived: Derived) -> None:
    spool = [derived.items[each.id] for each in derived.open_in(SPOOL)]
    waiting = [item for item in spool if item.receipts and item.receipts[-1]["outcome"] == "pending_external_send"]
    blocked = [each for each in derived.open_in(PAST) if each.id.startswith(("spl_", "ntc_"))]
    assert status.notices == {
        "queued": len(derived.open_in("operator-notify-queue")),
        "held": 0,  # nothing is judged without a profile
        "dispatched": len(spool) - len(waiting),
        "pending_external_send": len(waiting),
        "blocked": len(blocked),
    }
    assert status.undecided_events == len(derived.open_in("long-task-watchdog-events"))
    payloads = [event["payload"] for event in derived.events.values()]
    tests = {each.get("episode") for each in payloads if each.get("condition") == "canary_notice"}
    opened = {each.id for each in derived.open_in(THREADS, "epi_")}
    assert {each.episode_id for each in status.episodes} == opened - tests, "a test that is on its way is no trouble"
    for episode in status.episodes:
        for telling in episode.tellings:
            if telling.state != "on its way":
                assert telling.state == derived.state_of(telling.notice_id), telling
