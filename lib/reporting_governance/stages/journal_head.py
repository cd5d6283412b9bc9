"""The head of our journal in every message that leaves: each receiver becomes a witness, at no cost."""

from html import escape
from typing import Any

from reporting_governance.contracts.spool_item import JournalHead
from reporting_governance.storage.interface import Store

_LOG_DIGITS, _ROOT_DIGITS = 8, 20


def journal_head(store: Store) -> JournalHead | None:
    """Return the head of the journal as it is now, None for an empty one.  Reads what is new since somebody asked."""
    log_id = store.head().log_id
    tree = store.tree_head()
    if log_id is None or tree.size == 0:
        return None
    return JournalHead(log=log_id[:_LOG_DIGITS], size=tree.size, root=tree.root.hex()[:_ROOT_DIGITS])


def with_mark(item: dict[str, Any], text: str, html: str | None) -> tuple[str, str | None]:
    """Return a message's text and HTML with the mark of its item's head as their last line.

    What an older version put into the spool has none, and stays as it is.
    """
    said = item.get("journal_head")
    if said is None:
        return text, html
    from reporting_governance.verifier.note import head_mark

    mark = head_mark(said["log"], said["size"], said["root"])
    return f"{text}\n\n{mark}", f"{html}<p>{escape(mark)}</p>" if html else html
