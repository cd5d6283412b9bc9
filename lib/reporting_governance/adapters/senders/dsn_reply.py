"""Whether a reply by mail was written by who it says: only our own mail server can vouch for that.

Anybody can write any address into From.  The mail server that takes our mail in checks what can be checked and writes
the outcome into Authentication-Results (RFC 8601) under its own name; it must remove what others wrote under that name.
"""

import re
from collections.abc import Iterator, Sequence

from reporting_governance.adapters.senders.dsn_parts import Part

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ONE_ADDRESS = re.compile(r"(?:[^<>@,;:]*<\s*([^<>@\s,;]+@[^<>@\s,;]+)\s*>|([^<>@\s,;]+@[^<>@\s,;]+))\s*")
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*(dkim|spf|dmarc)\s*(?:/\s*\d+\s*)?=\s*(\w+)(.*)", re.IGNORECASE | re.DOTALL)
_PROPERTY = re.compile(r"(\w+)\.([\w-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s;\"]+))")
_DEEPEST = 10  #: comments within comments


def writer(mail: Part) -> str:
    """Return the one address of From, in small letters; empty when it is not exactly one."""
    fields = mail.all("from")
    if len(fields) != 1:
        return ""
    found = _ONE_ADDRESS.fullmatch(_QUOTED.sub("", fields[0]))
    return (found[1] or found[2]).lower() if found else ""


def vouching(mail: Part, *, by: str) -> tuple[str, ...]:
    """Return by which checks the server of this name found that the mail comes from the domain in From; () by none.

    That is: DMARC passed for it, or a DKIM signature of exactly this domain, or SPF for a sender in exactly this
    domain; and no DMARC check of the same server found otherwise.
    """
    domain = writer(mail).rpartition("@")[2]
    if not domain:
        return ()
    passed: list[str] = []
    for method, result, properties in _results(mail, by):
        if method == "dmarc" and result != "pass":
            return ()
        names = {
            "dmarc": (properties.get("header.from"),),
            "dkim": (properties.get("header.d"), _domain(properties.get("header.i", ""))),
            "spf": (_domain(properties.get("smtp.mailfrom", "")),),
        }[method]
        if result == "pass" and domain in names:
            passed.append(method)
    return tuple(dict.fromkeys(passed))


def is_from_one_of(mail: Part, addresses: Sequence[str]) -> bool:
    """Tell whether From names one of these addresses."""
    wrote = writer(mail)
    return bool(wrote) and wrote in {each.lower() for each in addresses}


def _results(mail: Part, by: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    for value in mail.all("authentication-results"):
        for _ in range(_DEEPEST):
            value = _COMMENT.sub(" ", value)
        name, *results = value.split(";")
        if "(" in value or name.split()[:1] != [by]:
            continue
        for each in results:
            found = _RESULT.fullmatch(each)
            if found:
                properties = {
                    f"{kind}.{what}".lower(): (quoted or plain).lower()
                    for kind, what, quoted, plain in _PROPERTY.findall(found[3])
                }
                yield found[1].lower(), found[2].lower(), properties


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
