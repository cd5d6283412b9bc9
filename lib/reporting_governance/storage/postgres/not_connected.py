"""Why there is no connection, told apart by what somebody has to do about it.

The driver hands on no code for this, only words: of libpq, which are English here, and behind FATAL those of the
server or of a pooler.  Words that are not known, or are in another language, mean that the next try may work.
"""

from __future__ import annotations

import re

from reporting_governance.errors import StorageError
from reporting_governance.storage.postgres.away import Refused, StoreAway, WrongAddress

#: what stands before the words of each try, by the driver and by libpq
_BEFORE = re.compile(r"(?:connection failed: |connection is bad: )?connection to (?:server|client) .*? failed: ")
_ASKED = "connection to "
#: words of libpq about what it was given, in which nothing can be part of a password
_NAMES_WRONGLY = re.compile(
    r'definition of service "[^"]*" not found|service file "[^"]*" not found|syntax error in service file'
    r'|nested service specifications|invalid \w+ value: "[\w-]*"$'
)
#: how libpq begins when it makes nothing of what it was given; what follows may hold a part of that
_MAKES_NOTHING = ("invalid", "missing", "unexpected", "unterminated", "could not match", "forbidden value")
_REFUSES = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry|pg_hba\.conf rejects"
    r'|role "[^"]*" (?:does not exist|is not permitted to log in)'
    r'|database "[^"]*" does not exist|permission denied for database'
    r"|server does not support SSL, but SSL was required|certificate|no such (?:user|database)"
)


def not_connected(words: str, place: str) -> StorageError:
    """Return what the words of a connection that was not made mean.

    Args:
        words: the driver's message; of several servers it tells of each.
        place: what names the database in messages.
    """
    tries = [line.strip() for line in words.splitlines() if _ASKED in line]
    if not tries:
        return _nobody_asked(words, place)
    said = list(dict.fromkeys(_said(each) for each in tries))
    reason = "; ".join(said)
    if all(_REFUSES.search(each) for each in said):
        return Refused(path=place, reason=reason)
    return StoreAway(path=place, reason=reason)


def _said(line: str) -> str:
    """Return what one server said, or why it said nothing."""
    return _BEFORE.split(line)[-1].removeprefix("FATAL:").strip() or "no reason given"


def _nobody_asked(words: str, place: str) -> StorageError:
    line = next((each.strip() for each in words.splitlines() if each.strip()), "no reason given")
    line = line.removeprefix("connection is bad: ")
    found = _NAMES_WRONGLY.search(line)
    if found:
        return WrongAddress(path=place, reason=found.group())
    if line.startswith(_MAKES_NOTHING):
        return WrongAddress(path=place, reason="this is nothing that libpq connects by")
    return StoreAway(path=place, reason=line)
