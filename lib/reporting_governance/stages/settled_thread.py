"""How a thread is put back once a receipt has settled its newest notice."""

from reporting_governance.contracts.journal_line import Folder, ViewKey
from reporting_governance.contracts.receipt import Receipt
from reporting_governance.contracts.times import due_name
from reporting_governance.core.threads import ThreadRules, due_after_settling
from reporting_governance.storage.interface import View


def settled_key(thread: View, receipt: Receipt, rules: ThreadRules) -> ViewKey:
    """Return the view that a receipt makes of a thread: due when `enqueue` must look at it again."""
    due = due_after_settling(
        thread.body, outcome=receipt.outcome, reason=receipt.reason, settled_at=receipt.settled_at, rules=rules
    )
    return ViewKey(Folder.EPISODES, thread.name.id, due_name(due))
