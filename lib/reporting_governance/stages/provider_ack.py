"""A person acted where the message arrived: at the provider, on a phone.  That is an acknowledgement like any other."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.receipt import Receipt
from reporting_governance.stages.acts import NothingToAct, run_ack
from reporting_governance.stages.clock import Clock
from reporting_governance.stages.newest import newest_view
from reporting_governance.storage.interface import Store


def stop_everybody(store: Store, item: Mapping[str, Any], receipt: Receipt, clock: Clock) -> None:
    """Acknowledge the episodes of an item, for every receiver, in the name of who says that a person acted.

    Done before the receipt is recorded: killed in between, the receipt comes again, and finds it done.
    """
    said = "; ".join(f"{key} {value}" for key, value in sorted(receipt.evidence.items()))
    for key in item["thread_keys"]:
        store.ready()
        thread = newest_view(store, store.listing(Folder.EPISODES), key)
        if thread is None or thread.body["acked"] or thread.body["resolved_at"]:
            continue
        with suppress(NothingToAct):  # over by now
            run_ack(store, key, actor=receipt.settled_by, comment=said, clock=clock)
