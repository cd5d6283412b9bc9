"""What does not stand in a line itself: text that somebody may want erased, and what makes a body too large."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reporting_governance.contracts.blob_reference import is_reference
from reporting_governance.contracts.free_text import FREE_TEXT
from reporting_governance.errors import StorageError

LARGEST_BODY = 48 * 1024  #: bytes of a body's JSON in the line, as long as it has anything to give away
LARGEST_REST = 128 * 1024  #: bytes of a body that has not: the ids of a message about a thousand things
LONGEST_FREE_TEXT = 256  #: bytes; shorter free text stays in the line and cannot be erased

Path = tuple[str | int, ...]

_STEPS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    kind: tuple(tuple(path.split(".")) for path in paths) for kind, paths in FREE_TEXT.items()
}


def split(
    kind: str,
    body: Any,
    text: str,
    put_blob: Callable[[bytes], Mapping[str, Any]],
    encode: Callable[[Any], str],
) -> tuple[Any, tuple[str, ...]]:
    """Return the body with references where values were stored apart, and the digests of what was stored.

    Free text goes when it is long.  A body that is still too large gives its largest texts away, then its largest
    inner lists and objects (as JSON), so that the fields that views are made from stay in the line.

    Raises: StorageError when nothing is left to give away and the rest is too large all the same.
    """
    paths = _long_free_text(kind, body) if len(text) > LONGEST_FREE_TEXT else []
    if not paths and len(text) <= LARGEST_BODY:
        return body, ()
    digests: list[str] = []
    for path in paths:
        body = _move(body, path, put_blob, encode, digests)
    while len(encode(body)) > LARGEST_BODY:
        largest = _largest_part(body, encode)
        if largest is None:
            if len(encode(body)) <= LARGEST_REST:
                break
            raise StorageError(
                path="journal", reason=f"a {kind} of more than {LARGEST_REST} bytes that cannot be split"
            )
        body = _move(body, largest, put_blob, encode, digests)
    return body, tuple(digests)


def _long_free_text(kind: str, body: Any) -> list[Path]:
    found: list[Path] = []
    for steps in _STEPS.get(kind, ()):
        if steps[0] in body:
            _collect(body, steps, (), found)
    return found


def _collect(value: Any, steps: tuple[str, ...], so_far: Path, found: list[Path]) -> None:
    """Add the places of long texts at the end of the steps.  No generator: this runs for every record."""
    if not steps:
        if isinstance(value, str) and _is_long(value):
            found.append(so_far)
    elif steps[0] == "*":
        for key, each in _children(value):
            _collect(each, steps[1:], (*so_far, key), found)
    elif isinstance(value, Mapping) and steps[0] in value:
        _collect(value[steps[0]], steps[1:], (*so_far, steps[0]), found)


def _is_long(text: str) -> bool:
    return len(text) * 4 > LONGEST_FREE_TEXT and len(text.encode("utf-8", "replace")) > LONGEST_FREE_TEXT


def _largest_part(body: Any, encode: Callable[[Any], str]) -> Path | None:
    """Return where the largest long text stands; else the largest container that is no top-level field."""
    texts = [(len(value), path) for path, value in _walk(body, ()) if isinstance(value, str)]
    longest = max(texts, default=(0, ()), key=lambda each: each[0])
    if longest[0] > LONGEST_FREE_TEXT:
        return longest[1]
    containers = {
        path: len(encode(value))
        for path, value in _walk(body, ())
        if len(path) > 1 and isinstance(value, (Mapping, list, tuple)) and not is_reference(value)
    }
    largest = max(containers, default=(), key=lambda path: containers[path])
    if containers.get(largest, 0) <= LONGEST_FREE_TEXT:
        return None
    return _heart(largest, containers)


def _heart(path: Path, sizes: Mapping[Path, int]) -> Path:
    """Return the innermost container that still makes most of a large one: what lies beside it can stay."""
    for each in sorted(sizes, key=len):  # parents before what lies in them
        if each[:-1] == path and sizes[each] * 2 > sizes[path]:
            path = each
    return path


def _walk(value: Any, so_far: Path) -> Iterator[tuple[Path, Any]]:
    if is_reference(value):
        return
    for key, each in _children(value):
        path = (*so_far, key)
        yield path, each
        yield from _walk(each, path)


def _children(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, (list, tuple)):
        yield from enumerate(value)


def _move(
    body: Any,
    path: Path,
    put_blob: Callable[[bytes], Mapping[str, Any]],
    encode: Callable[[Any], str],
    digests: list[str],
) -> Any:
    """Return a copy of the body in which the value at `path` is a reference to a blob."""
    step, rest = path[0], path[1:]
    value = body[step]
    if rest:
        moved: Any = _move(value, rest, put_blob, encode, digests)
    else:
        is_text = isinstance(value, str)
        text = value if is_text else encode(value)
        moved = put_blob(text.encode("utf-8", "replace"))
        if not is_text:
            moved = {**moved, "json": True}
        digests.append(moved["$blob"])
    copy: Any = dict(body) if isinstance(body, Mapping) else list(body)
    copy[step] = moved
    return copy
