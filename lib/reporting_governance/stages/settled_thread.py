"""How a thread is put back once a record has changed it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey
from reporting_governance.contracts.receipt import Receipt
from reporting_governance.contracts.times import due_name
from reporting_governance.core.thread_fold import fold_thread
from reporting_governance.core.threads import ThreadRules, due_after_settling, due_of
from reporting_governance.storage.interface import View


def settled_key(thread: View, receipt: Receipt, rules: ThreadRules, *, speaks: bool = True) -> ViewKey:
    """Return the view that a receipt makes of a thread: due when `enqueue` must look at it again."""
    due = due_after_settling(thread.body, receipt, rules, speaks=speaks)
    return ViewKey(Folder.EPISODES, thread.name.id, due_name(due))


def changed_key(
    identity: str, body: Mapping[str, Any] | None, record: RecordLine, *, rules: ThreadRules, now: datetime
) -> tuple[ViewKey, Mapping[str, Any]]:
    """Return the view that any other record makes of a thread, and its body then.

    Args:
        body: as it is before the record; None for a thread that it begins.
        record: its own views are not looked at, so they may be added afterwards.
    """
    after = fold_thread(body, record, identity)
    return ViewKey(Folder.EPISODES, identity, due_name(due_of(after, now=now, rules=rules))), after
