"""Small JSON files that only help: of one that cannot be read nothing is known."""

from __future__ import annotations

from typing import Any

from reporting_governance.adapters.openclaw.files import Unread, read_inside
from reporting_governance.adapters.openclaw.texts import NotReadable, read_strict


def object_in(root: str, name: str, *, max_bytes: int) -> dict[str, Any]:
    """Return the object that a strict JSON file in a folder holds; an empty one when there is none to be read.

    Args:
        root: real path of the folder.
        max_bytes: a longer file is not read.
    """
    data = read_inside(root, name, max_bytes=max_bytes, single_name=False)
    try:
        document = {} if isinstance(data, Unread) else read_strict(data)
    except NotReadable:
        return {}
    return document if isinstance(document, dict) else {}
