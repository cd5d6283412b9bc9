"""Tell whether a profile would give a secret away.

A profile is copied into digests, bundles and repositories as it is written, so what opens a channel must stand
elsewhere: `${env:NAME}` or `${file:path}` names the place.  The checks are pure and never repeat the value they refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reporting_governance.contracts.problem import Problem

_REFERENCE = re.compile(r"\$\{(?:env:[A-Za-z_][A-Za-z0-9_]*|file:[^{}$\x00]+)\}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LONG_ENOUGH = 16  #: characters; shorter parts of a path are too short to be a key
_LONGEST_WORD = 24
_LONGEST_NUMBER = 8  #: a date
_CHUNK = re.compile(r"[-_.~+:@=%]+")
_WORD = re.compile(r"(?:[A-Z]+|[A-Z]?[a-z]+|[A-Z]?[a-z]{2,}(?:[A-Z][a-z]{2,})+)[0-9]{0,2}")
_UNPRONOUNCEABLE = re.compile(r"[^aeiouyAEIOUY0-9]{5}")
_PLAIN_HTTP = ("http://", "https://")
_SECRET_KEYS = (
    "token",
    "password",
    "passwd",
    "secret",
    "authorization",
    "apikey",
    "api_key",
    "credential",
    "private_key",
    "access_key",
    "integration_key",
    "routing_key",
)


def is_reference(value: str) -> bool:
    """Tell whether a text is one `${env:NAME}` or `${file:path}` and nothing else."""
    return _REFERENCE.fullmatch(value) is not None


def address_problems(value: str) -> str | None:
    """Return why an address must not stand in a profile, None when it may.

    A reference is always right.  A literal URL is wrong when it has a user or password, a query, or a part of 16 or
    more characters that looks random: many services put the key there.
    """
    literal = _REFERENCE.sub("", value)
    if "${" in literal:
        return "a reference is written ${env:NAME} or ${file:path}"
    scheme = _SCHEME.match(literal)
    if scheme is None:
        return None
    rest = literal[scheme.end() :]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        return "a literal URL must not hold a user or password; use ${env:NAME} or ${file:path}"
    if "?" in rest:
        return "a literal URL must not hold a query; use ${env:NAME} or ${file:path}"
    parts = re.split(r"[/#;]", rest[len(authority) :])
    if not literal.lower().startswith(_PLAIN_HTTP):
        parts.append(authority)
    if any(looks_random(each) for each in parts):
        return "a literal URL must not hold what looks like a key; use ${env:NAME} or ${file:path}"
    return None


def looks_random(part: str) -> bool:
    """Tell whether a part of a path looks like a key and not like words, a date or a version.

    A guess on the safe side: a long name that is no plain words is taken for a key.
    """
    if len(part) < _LONG_ENOUGH:
        return False
    return not all(_is_plain(chunk) for chunk in _CHUNK.split(part) if chunk)


def _is_plain(chunk: str) -> bool:
    if chunk.isascii() and chunk.isdigit():
        return len(chunk) <= _LONGEST_NUMBER
    if len(chunk) > _LONGEST_WORD or _WORD.fullmatch(chunk) is None:
        return False
    return _UNPRONOUNCEABLE.search(chunk) is None


def parameter_problems(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (JSON pointer, problem) for every parameter of a sender that would give a secret away."""
    yield from _problems("", parameters, secret=False)


def secret_problem(pointer: str, message: str) -> Problem:
    """Return the problem of a value that may give a secret away."""
    from reporting_governance.contracts.finding_rules import SECRET_IN_TEXT

    return Problem(pointer, message, rule=SECRET_IN_TEXT)


def _problems(pointer: str, value: object, *, secret: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            name = str(key).lower().replace("-", "_")
            hidden = secret or name.removesuffix("s").endswith(_SECRET_KEYS)
            yield from _problems(f"{pointer}/{_escape(str(key))}", each, secret=hidden)
    elif isinstance(value, (list, tuple)):
        for place, each in enumerate(value):
            yield from _problems(f"{pointer}/{place}", each, secret=secret)
    elif isinstance(value, str):
        problem = address_problems(value)
        if problem is None and secret and _REFERENCE.search(value) is None:
            problem = "a secret must be ${env:NAME} or ${file:path}"
        if problem is not None:
            yield pointer, problem


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
