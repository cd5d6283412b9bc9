"""A pruned journal and its bundle prove what an unpruned one proves, heads over retired lines included."""

from datetime import datetime
from pathlib import Path

import pytest

from reporting_governance.adapters.signing.key_file import KeyFile
from reporting_governance.stages.checkpointing import key_in_force, make_log_checkpoint
from reporting_governance.verifier.verifying import Wish, verify_wish
from tests.stages.export_world import exported
from tests.storage.building import SPOOL, birth, later, settle
from tests.storage.retention import DAY, DAYS, days_of_work, documents, open_daily

END = DAYS + 6


class At:
    """A clock that stands on a day."""

    def __init__(self, day: int) -> None:
        self.day = day

    def now(self) -> datetime:
        return later(self.day * DAY)

    def monotonic(self) -> float:
        return 1.0


@pytest.fixture
def pruned(tmp_path: Path) -> str:
    """Return a state whose key came in by a line that is retired, as are the first lines that it signed for."""
    where = str(tmp_path / "state")
    days_of_work(where)
    signer = KeyFile(f"{where}/keys/log.key")
    signer.make()
    make_log_checkpoint(open_daily(where), signer, clock=At(DAYS))
    for day in range(DAYS, END):
        store, now = open_daily(where, day), later(day * DAY)
        store.commit([birth(1000 + day)], now=now)
        store.commit([settle(next(iter(store.listing(SPOOL).names.values())))], now=now)
        store.maintain(now)
        make_log_checkpoint(store, signer, clock=At(day))
    store = open_daily(where, END - 1)
    store.keeper().retire(later((END - 3) * DAY), reason="r", approver="a", now=later((END - 1) * DAY))
    make_log_checkpoint(store, signer, clock=At(END - 1))
    return where


def test_a_pruned_journal_and_its_bundle_prove_the_same(pruned: str, tmp_path: Path) -> None:
    store = open_daily(pruned, END - 1)
    kept = documents(pruned)
    assert not any(each["type"] == "log.key" for each in kept), "the key goes on without its line"
    assert store.log_checkpoints()[0] < kept[0]["seq"]
    key = key_in_force(store)
    assert key is not None
    bundle = exported(pruned, str(tmp_path / "bundle.zip"), recorded=False).file.path
    for path in (pruned, bundle):
        done = verify_wish(Wish(path, (key.key.text(),), (), (), "authenticity", None, 1))
        verdicts = {name: each["verdict"] for name, each in done.document["verdicts"].items()}
        assert {verdicts[name] for name in ("integrity", "order", "completeness", "authenticity")} == {"proven"}
        assert "failed" not in verdicts.values()
        assert done.exit_code == 0
        assert "segment-retired" in {each["code"] for each in done.document["findings"]}
