"""The head of our journal in every message that leaves: each receiver becomes a witness, at no cost."""

import re
from typing import Any

from reporting_governance.contracts.spool_item import JournalHead
from reporting_governance.storage.interface import Store

_LOG_DIGITS, _ROOT_DIGITS = 8, 32
#: how a mark begins, also when HTML stands between its words
_LIKE_A_MARK = re.compile(r"Journal:(?=(?:\s|>|&\w{1,6};|&#\w{1,8};|<[^<>]{0,200}>){0,50}[0-9a-f]{8})")


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
    from html import escape

    from reporting_governance.verifier.note import head_mark

    mark = head_mark(said["log"], said["size"], said["root"])
    return f"{without_marks(text)}\n\n{mark}", f"{without_marks(html)}<p>{escape(mark)}</p>" if html else html


def without_marks(text: str) -> str:
    """Return a text or HTML in which nobody's words look like a head mark of ours.

    An agent could else write a false one into its report, and whoever holds the notice against the journal would find
    that an untouched journal was written anew.
    """
    return _LIKE_A_MARK.sub("Journal :", text)
