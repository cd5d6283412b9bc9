"""What a database of ours holds, read with statements of our own and without the code that wrote it."""

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from reporting_governance.verifier.verifying import Wish, verify_wish
from tests.storage.oracle import read_lines

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[Any]

_LINES = "SELECT seq, line, leaf, names FROM reporting_governance.journal ORDER BY seq"
_SEGMENTS = "SELECT first FROM reporting_governance.segment ORDER BY first"
_VIEWS = (
    "SELECT folder, id, w.due, w.seq, b.seq, b.body FROM reporting_governance.work w "
    "FULL JOIN reporting_governance.work_body b USING (folder, id)"
)


def documents_of(connection: "Connection") -> list[dict[str, Any]]:
    """Return the valid lines, having checked seqs, leaves, links, groups, and that each says which views it names."""
    rows = connection.execute(_LINES).fetchall()
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1)), "a seq is missing or stands twice"
    for seq, line, leaf, _ in rows:
        assert leaf == sha256(b"\x00" + line).digest(), f"line {seq} has another leaf than its bytes"
        assert b"\n" not in line
    documents = read_lines([row[1] for row in rows])
    named = {row[0]: set(row[3]) for row in rows}
    for document in documents:
        views = document.get("record", {}).get("views", ())
        assert {f"{view[0]}/{view[1]}" for view in views} == named[document["seq"]] - {""}, "a birth would not be seen"
    return documents


def views_of(connection: "Connection") -> dict[str, Mapping[str, Any]]:
    """Return version's name -> body."""
    views: dict[str, Mapping[str, Any]] = {}
    for folder, identity, due, seq, body_seq, body in connection.execute(_VIEWS).fetchall():
        assert seq == body_seq, f"{folder}/{identity}: a version without its body, or a body without its version"
        ending = f"{identity}@{seq:012d}" if folder == "past" else f"{due}-{identity}-{seq:012d}.json"
        views[f"{folder}/{ending}"] = json.loads(body)
    return views


def verify_lines(connection: "Connection", folder: str) -> None:
    """Write the lines out as segments, and let the verifier that strangers use judge them."""
    firsts = [row[0] for row in connection.execute(_SEGMENTS).fetchall()]
    lines = [row[1] for row in connection.execute(_LINES).fetchall()]
    os.makedirs(folder)
    for first, end in zip(firsts, [*firsts[1:], len(lines) + 1], strict=True):
        with open(f"{folder}/{first:012d}.jsonl", "wb") as file:
            file.write(b"".join(line + b"\n" for line in lines[first - 1 : end - 1]))
    found = verify_wish(Wish(path=folder, require="integrity"))
    assert found.exit_code == 0, json.dumps(found.document, indent=1)
