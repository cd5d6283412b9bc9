"""What must hold of a state folder after anything at all, checked without the code that wrote it.

The log is read as a stranger would: every line hashed, every void stretch compared with the line that declares it.
The views are made again from its records by the pure fold, and compared with the files.
"""

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from reporting_governance.contracts.journal_line import Folder, RecordLine, ViewKey, ViewName
from reporting_governance.core.projection import apply
from tests.storage.back_ends import current


def read_log(root: str) -> list[dict[str, Any]]:
    """Return the documents of the valid lines, having checked all there is to check about the bytes."""
    folder = f"{root}/journal/log"
    physical: list[bytes] = []
    for name in sorted(os.listdir(folder)):
        assert int(name.removesuffix(".jsonl")) == len(physical) + 1, "a segment is named after its first seq"
        with open(f"{folder}/{name}", "rb") as file:
            data = file.read()
        assert data == b"" or data.endswith(b"\n"), f"{name} ends in the middle of a line"
        physical.extend(data.split(b"\n")[:-1])
    return read_lines(physical)


def read_lines(physical: list[bytes]) -> list[dict[str, Any]]:
    """Return the documents of the valid lines among these: the first of a log and all after it, without their ends."""
    void = _void_seqs(physical)
    documents = []
    prev = "0" * 64
    for seq, raw in enumerate(physical, start=1):
        if seq not in void:
            document = json.loads(raw)
            assert document["seq"] == seq
            assert document["prev"] == prev, f"line {seq} does not chain"
            assert raw.decode("ascii") == json.dumps(document, sort_keys=True, separators=(",", ":"))
            documents.append(document)
        prev = sha256(b"\x00" + raw).hexdigest()
    _check_groups(documents)
    return documents


def _void_seqs(physical: list[bytes]) -> set[int]:
    """Return the seqs that a line declares void; going back, so that a torn declaration inside a stretch counts not."""
    void: set[int] = set()
    for seq in range(len(physical), 0, -1):
        if seq in void or b'"type":"log.torn"' not in physical[seq - 1]:
            continue
        try:
            meta = json.loads(physical[seq - 1])["meta"]
        except ValueError:
            continue
        stretch = b"".join(line + b"\n" for line in physical[meta["from_seq"] - 1 : seq - 1])
        assert meta["lines"] == seq - meta["from_seq"]
        assert meta["bytes"] == len(stretch)
        assert meta["sha256"] == sha256(stretch).hexdigest()
        void.update(range(meta["from_seq"], seq))
    return void


def _check_groups(documents: list[dict[str, Any]]) -> None:
    open_group: list[int] = []
    for document in documents:
        place, size = document["g"]
        assert place == len(open_group) + 1, f"line {document['seq']} stands in no group"
        open_group = [] if place == size else [*open_group, size]


def views_by_replay(documents: list[dict[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return version's name -> body, from the lines alone."""
    views: dict[str, Mapping[str, Any]] = {}
    group: list[tuple[int, RecordLine]] = []
    for document in documents:
        if document["type"] == "log.segment_open":
            before = document["meta"].get("past_before", 0)
            views = {name: body for name, body in views.items() if not _is_forgotten(name, before)}
        if "record" in document:
            group.append((document["seq"], _record(document["record"])))
        if document["g"][0] == document["g"][1]:
            _apply(group, views)
            group = []
    return views


def views_on_disk(root: str) -> dict[str, Mapping[str, Any]]:
    """Return version's name -> body, from the files; a file that is no view fails."""
    views: dict[str, Mapping[str, Any]] = {}
    for folder in Folder:
        for file in os.listdir(f"{root}/{folder.value}"):
            with open(f"{root}/{folder.value}/{file}", encoding="ascii") as content:
                document = json.load(content)
            name = document["name"]
            expected = f"past/{file.removesuffix('.json')}@" if folder is Folder.PAST else f"{folder.value}/{file}"
            assert name.startswith(expected), f"{folder.value}/{file} says it is {name}"
            views[name] = document["body"]
    return views


def check(root: str) -> list[dict[str, Any]]:
    """Check log and views of a state; return the valid lines' documents."""
    documents = current().lines(root)
    assert current().views(root) == json.loads(json.dumps(views_by_replay(documents)))
    return documents


def record_ids(documents: list[dict[str, Any]]) -> list[str]:
    """Return the ids of the records in the log, in order."""
    return [document["record"]["id"] for document in documents if "record" in document]


def _apply(group: list[tuple[int, RecordLine]], views: dict[str, Mapping[str, Any]]) -> None:
    changes = apply(group, lambda name: views.get(str(name)))
    for put in changes.puts:
        if put.name.folder is Folder.PAST:
            for name in [each for each in views if each.startswith(f"past/{put.name.id}@")]:
                del views[name]
        views[str(put.name)] = put.body
    for name in changes.removes:
        del views[str(name)]


def _is_forgotten(name: str, before: int) -> bool:
    return name.startswith("past/") and ViewName.parse(name).seq < before


def _record(document: dict[str, Any]) -> RecordLine:
    return RecordLine(
        kind=document["kind"],
        id=document["id"],
        body=document["body"],
        consumes=tuple(ViewName.parse(name) for name in document["consumes"]),
        views=tuple(ViewKey(Folder(folder), identity, due) for folder, identity, due in document["views"]),
        about=tuple(document["about"]),
    )
