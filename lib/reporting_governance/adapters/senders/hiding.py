"""Where a secret stands in a text, in whatever shape somebody has repeated it.

A vendor's answer, a program's error or a library's exception may hold a secret as it is, as a URL or JSON writes it,
broken over lines, as a part of base64 (`user:password` of Basic authentication), or only the part of an address or a
header that matters.  All of these are looked for; a text in which one was found says `***` there.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Set
from urllib.parse import urlsplit

HIDDEN = "***"
SHORTEST = 4  #: characters; a shorter secret would be found in every text, and hides nothing
_SHORTEST_PART = 8  #: of what only stands within a secret: an address has short words in it
_SHORTEST_PLAIN_WORD = 16  #: small letters alone are a word of the address, such as `services`
_SHORTEST_CORE = 8  #: characters of base64 that say the same whatever stands before and after
_LONGEST_WITH_PARTS = 4096  #: a whole document of keys has too many parts, and is repeated by nobody in part
_BETWEEN_PARTS = re.compile(r"[\s/?&=#:@;,|\"'\\]+")
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})|\\([nrt/\"\\])")


def forms_of(value: str) -> Set[bytes]:
    """Return everything that gives a secret away, each without white space, in UTF-8."""
    found = {value, value.replace(" ", "+")}
    if len(value) <= _LONGEST_WITH_PARTS:
        found |= {each for each in _parts(value) if len(each) >= SHORTEST}
    plain = {_bare(each.encode("utf-8", "surrogatepass")) for each in found}
    return {each for each in plain | {core for each in plain for core in _encoded(each)} if len(each) >= SHORTEST}


def hide(text: str, forms: Iterable[bytes]) -> str:
    """Return a text with every form taken out of it."""
    wanted = sorted(forms, key=len, reverse=True)
    if not wanted or not text:
        return text
    spans = sorted(span for reading in (_plain(text), _decoded(text)) for span in reading.spans(wanted))
    kept: list[str] = []
    end = 0
    for first, last in spans:
        if first >= end:
            kept += (text[end:first], HIDDEN)
        end = max(end, last)
    return "".join((*kept, text[end:]))


def _parts(value: str) -> Iterator[str]:
    """Yield what is secret by itself within an address, a header or a pair."""
    for part in _BETWEEN_PARTS.split(value):
        is_word = part.isalpha() and part.islower() and len(part) < _SHORTEST_PLAIN_WORD
        if len(part) >= _SHORTEST_PART and not is_word:
            yield part
    for part in value.split():
        yield from _of_pair(part)
    try:
        address = urlsplit(value)
        yield address.password or ""
    except ValueError:
        return
    yield from (part.partition("=")[2] for part in address.query.split("&"))


def _of_pair(part: str) -> Iterator[str]:
    """Yield a pair of Basic authentication as it was before base64, and its password."""
    try:
        pair = base64.b64decode(part, validate=True).decode()
    except ValueError:
        return
    if ":" in pair and pair.isprintable():
        yield pair
        yield pair.partition(":")[2]


def _encoded(value: bytes) -> Iterator[bytes]:
    """Yield what base64 makes of a text wherever it begins: only the letters that no neighbour has a part in."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + value).rstrip(b"=")
        first = -(-before * 8 // 6)
        last = (before + len(value)) * 8 // 6
        core = text[first:last]
        if len(core) >= _SHORTEST_CORE:
            yield core
            yield core.replace(b"+", b"-").replace(b"/", b"_")


def _bare(data: bytes) -> bytes:
    return b"".join(data.split())


class _Reading:
    """A text as somebody reads it: its bytes, and where in the text each comes from."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._first: list[int] = []
        self._last: list[int] = []

    def add(self, data: bytes, first: int, last: int) -> None:
        """Add what the characters from `first` up to `last` say; white space says nothing."""
        if data.isspace():
            return
        self._data += data
        self._first += [first] * len(data)
        self._last += [last] * len(data)

    def spans(self, wanted: Iterable[bytes]) -> Iterator[tuple[int, int]]:
        """Yield (first, last) of the characters in which something wanted is read."""
        for each in wanted:
            place = self._data.find(each)
            while place >= 0:
                yield self._first[place], self._last[place + len(each) - 1]
                place = self._data.find(each, place + 1)


def _plain(text: str) -> _Reading:
    reading = _Reading()
    for place, letter in enumerate(text):
        reading.add(letter.encode("utf-8", "surrogatepass"), place, place + 1)
    return reading


def _decoded(text: str) -> _Reading:
    """Read a text as URLs and JSON write it."""
    reading = _Reading()
    data = text.encode("utf-8", "surrogatepass")
    places = [place for place, letter in enumerate(text) for _ in letter.encode("utf-8", "surrogatepass")]
    end = 0
    for found in _ESCAPED.finditer(data):
        for place in range(end, found.start()):
            reading.add(data[place : place + 1], places[place], places[place] + 1)
        end = found.end()
        reading.add(_meant(found), places[found.start()], places[end - 1] + 1)
    for place in range(end, len(data)):
        reading.add(data[place : place + 1], places[place], places[place] + 1)
    return reading


def _meant(found: "re.Match[bytes]") -> bytes:
    in_url, in_json, letter = found.groups()
    if in_url:
        return bytes.fromhex(in_url.decode())
    if in_json:
        return chr(int(in_json, 16)).encode("utf-8", "surrogatepass")
    return b" " if letter in b"nrt" else bytes(letter)
