"""What is kept of one version of a view: its name and its body, as one line of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporting_governance.storage.lines import decode_line, encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reporting_governance.core.projection import Body


def content_of(name: str, body: Body, texts: Mapping[int, str]) -> bytes:
    """Return what a version's file holds.  The name stands first, so that a scan need not parse the rest.

    Args:
        texts: JSON of objects that are encoded already, by `id`: most of a view is a record's body, which was encoded
            for its line a moment ago.
    """
    if not texts.keys().isdisjoint(map(id, body.values())):
        members = [f'"{key}":{texts.get(id(body[key])) or encode(body[key])}' for key in sorted(body)]
        text = f"{{{','.join(members)}}}"
    else:
        text = encode(body)
    return f'{{"name":"{name}","body":{text}}}\n'.encode("ascii")


def name_in(content: bytes) -> str:
    """Return the name in a file's content, given that `content_of` made it."""
    return content[9 : content.index(b'"', 9)].decode("ascii")


def body_in(content: bytes) -> Body:
    """Return the body in a file's content, given that `content_of` made it."""
    document = decode_line(content)
    assert document is not None
    body: Body = document["body"]
    return body
