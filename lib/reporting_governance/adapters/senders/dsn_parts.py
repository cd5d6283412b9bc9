"""A mail as its fields and its parts, one level deep, in time that grows with its size and nothing else.

What is read here was written by strangers.  A parser that follows every nesting and every encoding can be led to work
for minutes; a delivery report (RFC 3464) has its parts at the first level, so nothing deeper is looked at.
"""

import re
from collections.abc import Sequence
from email.message import Message as Fields

from reporting_governance.contracts.frozen import frozen

LONGEST_HEAD = 64 * 1024
MOST_FIELDS = 500
MOST_PARTS = 20
_LONGEST_VALUE = 4000
_FIELD = re.compile(r"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)


class NoMail(Exception):
    """These bytes are no mail that is read here.  The text quotes nothing of them."""


@frozen
class Part:
    """Fields in their order, names in lower case, values on one line; and what follows them."""

    fields: Sequence[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> Sequence[str]:
        """Return the values of a field."""
        return [value for each, value in self.fields if each == name]

    def first(self, name: str) -> str:
        """Return the first value of a field; empty when there is none."""
        return next((value for each, value in self.fields if each == name), "")

    def kind(self) -> tuple[str, str, str]:
        """Return the content type, its boundary and its report type."""
        fields: Fields[str, str] = Fields()
        fields["content-type"] = self.first("content-type")
        report = fields.get_param("report-type", "")
        return fields.get_content_type(), fields.get_boundary("") or "", report if isinstance(report, str) else ""

    def decoded(self) -> bytes:
        """Return the body as it was before it was made fit for transfer.  Raises: NoMail."""
        encoding = self.first("content-transfer-encoding").strip().lower()
        if encoding == "base64":
            import binascii

            try:
                return binascii.a2b_base64(self.body)
            except binascii.Error:
                raise NoMail("a part is no base64") from None
        if encoding == "quoted-printable":
            import quopri

            return quopri.decodestring(self.body)
        return self.body


def part_of(data: bytes) -> Part:
    """Read fields, an empty line, and what follows.  Raises: NoMail."""
    data = data.replace(b"\r\n", b"\n")
    if data.startswith(b"From "):  # as mail drops write it into files
        data = data.partition(b"\n")[2]
    if data.startswith(b"\n"):
        return Part((), data[1:])
    head, _, body = data.partition(b"\n\n")
    return Part(fields_of(head), body)


def fields_of(head: bytes) -> Sequence[tuple[str, str]]:
    """Read fields; a line that is none ends them.  Raises: NoMail when there is more than anybody needs."""
    if len(head) > LONGEST_HEAD:
        raise NoMail("its head is too long")
    found: list[tuple[str, list[str]]] = []
    for line in head.decode("ascii", "replace").split("\n"):
        if line[:1] in (" ", "\t") and found:
            found[-1][1].append(line)
            continue
        field = _FIELD.fullmatch(line)
        if field is None:
            break
        found.append((field[1].lower(), [field[2]]))
        if len(found) > MOST_FIELDS:
            raise NoMail("its head has too many fields")
    return [(name, " ".join("".join(lines).split())[:_LONGEST_VALUE]) for name, lines in found]


def parts_of(whole: Part) -> Sequence[Part]:
    """Return the parts of a multipart, not theirs.  Raises: NoMail."""
    boundary = whole.kind()[1]
    if not boundary or len(boundary) > 200:
        raise NoMail("its parts have no boundary")
    mark = b"--" + boundary.encode("ascii", "replace")
    parts: list[list[bytes]] = []
    for line in whole.body.split(b"\n"):
        if line.startswith(mark):
            rest = line[len(mark) :].strip()
            if rest == b"--":
                break
            if not rest:
                if len(parts) == MOST_PARTS:
                    raise NoMail("it has too many parts")
                parts.append([])
                continue
        if parts:
            parts[-1].append(line)
    return [part_of(b"\n".join(lines)) for lines in parts]
