"""How a line is written: compact JSON, keys sorted, ASCII, one LF; every rule a stranger's verifier relies on.

Floats are refused (a bug of the caller: durations are integer seconds).  Integers from 2^53 on become strings,
because readers in other languages would round them; lone surrogates become U+FFFD, because they have no UTF-8.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from reporting_governance.contracts.journal_line import LINE_VERSION, Folder, LineType, RecordLine, ViewKey, ViewName
from reporting_governance.core.scrub import any_names_a_secret, may_hold_token, scrub
from reporting_governance.errors import StorageError
from reporting_governance.storage.interface import Addition
from reporting_governance.storage.lines import encode
from reporting_governance.storage.splitting import split

LARGEST_LINE = 1 << 20  #: bytes, with the LF
LARGEST_INTEGER = (1 << 53) - 1

_quote = json.encoder.encode_basestring_ascii

_IDENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_DUE = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{3}Z")
PutBlob = Callable[[bytes], Mapping[str, Any]]


class Prepared(NamedTuple):
    """A line but for what is only known under the lock: `prev`, `seq`, its time and its place in the group.

    The pieces are what stands between those, in the order of the sorted keys, so that nothing is encoded twice.
    """

    before_group: str
    before_prev: str
    before_seq: str
    after_time: str
    type: LineType
    record: RecordLine | None
    body_text: str  #: JSON of the record's body
    meta: Mapping[str, Any] | None
    blobs: tuple[str, ...]  #: digests of the files made for this line

    def line(self, *, place: int, size: int, prev: bytes, seq: int, time: str) -> bytes:
        """Return the line with its LF.

        Args:
            place, size: of the line in its group, and of the group.
            prev: leaf hash of the previous line.
            time: as documents write it.

        Raises: StorageError when the line would be longer than a line may be.
        """
        text = (
            f"{self.before_group}[{place},{size}]{self.before_prev}{prev.hex()}{self.before_seq}{seq}"
            f',"ts":"{time}{self.after_time}'
        )
        data = text.encode("ascii")
        if len(data) > LARGEST_LINE:
            raise StorageError(
                path="journal", reason=f"a line of {len(data)} bytes; at most {LARGEST_LINE} are allowed"
            )
        return data


def prepare(addition: Addition, put_blob: PutBlob, *, actor: str, writer: str) -> Prepared:
    """Return an addition cleaned of secrets, split and encoded.

    Args:
        put_blob: stores what does not stand in the line itself.
        actor: who acts, as the operating system knows them, encoded.
        writer: the writing process, encoded.

    Raises: ValueError for what a line cannot hold; StorageError when a body stays too large.
    """
    counts = _Counts()
    record, record_text, body_text, blobs = _prepare_record(addition.record, put_blob, counts)
    reason = _cleaned_text(addition.reason, counts)
    act = _cleaned_text(addition.action, counts)
    meta = None if addition.meta is None else _cleaned(addition.meta, counts)[0]
    counted = counts.as_meta()
    if counted:
        meta = {**(meta or {}), **counted}
    action = "" if act is None else f'"action":{encode(act)},'
    job = "" if addition.job_id is None else f',"jobId":{encode(addition.job_id)}'
    plugin = "" if addition.plugin_id is None else f',"pluginId":{encode(addition.plugin_id)}'
    said = "" if meta is None else f',"meta":{encode(meta)}'
    why = "" if reason is None else f',"reason":{encode(reason)}'
    return Prepared(
        before_group=f'{{{action}"actor":{actor},"g":',
        before_prev=f'{job}{said}{plugin},"prev":"',
        before_seq=f'"{why}{record_text},"seq":',
        after_time=f'","type":"{addition.type.value}","v":{LINE_VERSION},"writer":{writer}}}\n',
        type=addition.type,
        record=record,
        body_text=body_text,
        meta=meta,
        blobs=blobs,
    )


def body_text(line: bytes) -> str | None:
    """Return the JSON of the body in a valid line as it stands there; None where that takes a decoder to find.

    Exact because keys are sorted and a quote inside a text is always escaped: behind `about` comes `body`, and the last
    `consumes` is the record's own, since only texts and numbers follow it.  A line with `meta`, which may hold
    anything, is left to the decoder.
    """
    if b',"meta":' in line:
        return None
    begin = line.index(b'],"body":', line.index(b',"record":{"about":[')) + 9
    return line[begin : line.rindex(b',"consumes":[')].decode("ascii")


_FOLDERS = {folder.value: folder for folder in Folder}


def record_of(document: Mapping[str, Any]) -> RecordLine | None:
    """Return the record a line's document carries, None for a line that carries none."""
    record = document.get("record")
    if record is None:
        return None
    return RecordLine(
        kind=record["kind"],
        id=record["id"],
        body=record["body"],
        parents=tuple(record["parents"]),
        consumes=tuple(map(ViewName.parse, record["consumes"])),
        views=tuple([ViewKey(_FOLDERS[folder], identity, due) for folder, identity, due in record["views"]]),
        about=tuple(record["about"]),
        version=record["version"],
    )


class _Counts:
    """What was changed on the way in; told in the line's `meta`."""

    __slots__ = ("converted", "scrubbed")

    def __init__(self) -> None:
        self.converted = 0
        self.scrubbed = 0

    def as_meta(self) -> dict[str, int]:
        if not self.converted and not self.scrubbed:
            return {}
        said = {"converted": self.converted, "scrubbed": self.scrubbed}
        return {key: count for key, count in said.items() if count}


def _prepare_record(
    record: RecordLine | None, put_blob: PutBlob, counts: _Counts
) -> tuple[RecordLine | None, str, str, tuple[str, ...]]:
    if record is None:
        return None, "", "", ()
    for key in record.views:
        _check_key(key)
    body, text = _cleaned(record.body, counts)
    split_body, blobs = split(record.kind, body, text, put_blob, encode)
    if split_body is not body:
        body, text = split_body, encode(split_body)
    if body is not record.body:
        record = replace(record, body=body)
    views = ",".join(f'["{key.folder.value}","{key.id}","{key.due}"]' for key in record.views)
    names = ",".join(f'"{name}"' for name in record.consumes)
    record_text = (
        f',"record":{{"about":[{_quoted(record.about)}],"body":{text},"consumes":[{names}],"id":{_quote(record.id)},'
        f'"kind":{_quote(record.kind)},"parents":[{_quoted(record.parents)}],"version":{record.version},'
        f'"views":[{views}]}}'
    )
    return record, record_text, text, blobs


def _quoted(texts: tuple[str, ...]) -> str:
    text = ",".join(map(_quote, texts))
    return text if "\\ud" not in text else ",".join(_quote(_whole_text(each, _Counts())) for each in texts)


def _check_key(key: ViewKey) -> None:
    """Refuse a view whose id or due could not be a file's name: an id is one of ours, never a foreign one."""
    if _IDENTITY.fullmatch(key.id) is None:
        raise ValueError(f"not the id of a view: {key.id!r}")
    if _DUE.fullmatch(key.due) is None and not (key.folder is Folder.PAST and key.due == ""):
        raise ValueError(f"not the due part of a view's name: {key.due!r}")


def _cleaned(value: Any, counts: _Counts) -> tuple[Any, str]:
    """Return a value without secrets and within the number rule, and its text."""
    plain, secret = _look(value)
    if not plain:
        value = _within_rule(value, counts)
    text = encode(value)
    if "\\ud" in text and (fixed := _within_rule(value, counts)) != value:
        value, text = fixed, encode(fixed)
    if secret or may_hold_token(text):
        value, scrubbed = scrub(value)
        if scrubbed:
            counts.scrubbed += scrubbed
            text = encode(value)
    return value, text


def _cleaned_text(text: str | None, counts: _Counts) -> str | None:
    return None if text is None else str(_cleaned(text, counts)[0])


_STRINGS = {str}


def _look(value: Any) -> tuple[bool, bool]:
    """Tell whether a value needs no change to its types, and whether a key in it names a secret.

    Nearly always the answers are yes and no, and this is cheaper than a copy.
    """
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True, False
    if kind is int:
        return -LARGEST_INTEGER <= value <= LARGEST_INTEGER, False
    if kind is dict:
        if set(map(type, value)) - _STRINGS:
            return False, True
        plain, secret = _look_at_all(value.values())
        return plain, secret or any_names_a_secret(value.keys())
    if kind is list or kind is tuple:
        return _look_at_all(value)
    return False, True


def _look_at_all(values: Iterable[Any]) -> tuple[bool, bool]:
    plain, secret = True, False
    for each in values:
        if type(each) is str:  # most are, and a call for each would double the cost
            continue
        fine, inner = _look(each)
        plain, secret = plain and fine, secret or inner
    return plain, secret


def _within_rule(value: Any, counts: _Counts) -> Any:
    if isinstance(value, str):
        return _whole_text(value, counts)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            return value
        counts.converted += 1
        return str(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a line's keys are strings")
        return {_whole_text(key, counts): _within_rule(each, counts) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_within_rule(each, counts) for each in value]
    raise ValueError(f"a line cannot hold {type(value).__name__}: {value!r}")


def _whole_text(text: str, counts: _Counts) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        counts.converted += 1
        # Two surrogates that belong together are one character; only lone ones are replaced.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return str(text)
