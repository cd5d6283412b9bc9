"""Secrets are taken out before anything is hashed: what is in the log cannot be taken out again.

Structure first (the value of a key such as `authorization`), then a small table of token shapes in text.
A digest, an id or a count is never touched: `token_count` counts, `idempotency_key` names.
"""

import re
from collections.abc import Callable, Mapping, Set
from functools import cache
from typing import Any

from reporting_governance.contracts.blob_reference import is_reference

REMOVED = "[removed]"

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRET_LAST_WORDS = frozenset(
    (
        "token",
        "password",
        "passwd",
        "passphrase",
        "secret",
        "secrets",
        "authorization",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "apikey",
        "accesskey",
        "privatekey",
        "secretkey",
    )
)
_SECRET_KEY_KINDS = frozenset(("api", "access", "private", "secret", "signing", "auth", "encryption"))

_TOKENS = r"""
      -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----[\s\S]*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|$)
    | \b(?P<scheme>(?i:bearer|basic))\s+[A-Za-z0-9._~+/=-]{12,}
    | \beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*
    | \bsk-[A-Za-z0-9_-]{16,}
    | \b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{20,}
    | \bgithub_pat_[A-Za-z0-9_]{20,}
    | \bglpat-[A-Za-z0-9_-]{16,}
    | \bxox[a-z]-[A-Za-z0-9-]{10,}
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b
    | \bAIza[A-Za-z0-9_-]{30,}
    | \bnpm_[A-Za-z0-9]{30,}
    | \bpypi-[A-Za-z0-9_-]{30,}
    | \b[0-9]{6,12}:AA[A-Za-z0-9_-]{30,}
    | (?P<hook>(?i:https://hooks\.slack\.com/(?:services|workflows)/))[A-Za-z0-9/_-]+
    | (?P<discord>(?i:https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/))[0-9]+/[A-Za-z0-9_-]+
    | (?P<userinfo>\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"']*:)(?!\[removed\])[^\s/@"']+(?=@)
    | (?P<assigned>
        \b(?i:(?:[a-z]+[_-])*(?:token|password|passwd|secret|api[_-]?key|access[_-]?key))["']?\s?[=:]\s?["']?)
      (?!\[removed\])[^\s"'&,;]{6,}
    """
_KEPT_PARTS = ("scheme", "hook", "discord", "userinfo", "assigned")

#: Every token above is found by one of these too.  Each begins with a fixed word, which the engine looks for at a
#: hundredth of the cost of the table above; what stands beside it keeps `task-17` and a web address cheap.  Where the
#: word has a rare letter, a search for that alone comes first and costs next to nothing.  (letter, pattern)
_HINTS = (
    ("K", r"PRIVATE KEY-----"),
    ("J", r"eyJ[A-Za-z0-9_-]{8,}\."),
    ("", r"sk-[A-Za-z0-9_-]{16}"),
    ("", r"gh[pousr]_[A-Za-z0-9]{20}"),
    ("", r"github_pat_"),
    ("", r"glpat-"),
    ("x", r"xox[a-z]-"),
    ("I", r"AKIA[A-Z0-9]{16}"),
    ("I", r"ASIA[A-Z0-9]{16}"),
    ("I", r"AIza"),
    ("", r"npm_[A-Za-z0-9]{30}"),
    ("", r"pypi-"),
    ("A", r":AA[A-Za-z0-9_-]{30}"),
)
_SPACE = r"(?:\s|\\[a-z][0-9a-f]{0,4})"  #: as JSON writes it
_ASSIGNED = r"(?:[^a-z_]|\\[a-z][0-9a-f]{0,4}){0,6}[=:]"
#: The same for what counts in capitals too; looked for in small letters.
_HINTS_IN_ANY_CASE = (
    ("", rf"bearer{_SPACE}+[a-z0-9._~+/=-]{{12}}"),
    ("", rf"basic{_SPACE}+[a-z0-9._~+/=-]{{12}}"),
    ("/", r"://(?:hooks\.slack|[^/]*discord|[^\s/:@]*:[^\s/@]+@)"),
    ("", rf"token{_ASSIGNED}"),
    ("", r"passw"),
    ("", rf"secret{_ASSIGNED}"),
    ("", rf"key(?:(?<=apikey)|(?<=api[_-]key)|(?<=accesskey)|(?<=access[_-]key)){_ASSIGNED}"),
)

_Hints = tuple[tuple[str, Callable[[str], object]], ...]


@cache
def _token_table() -> re.Pattern[str]:
    return re.compile(_TOKENS, re.VERBOSE)  # when first needed: a tick with nothing to write has no use for it


@cache
def _hint_tables() -> tuple[_Hints, _Hints]:
    def compiled(hints: tuple[tuple[str, str], ...]) -> _Hints:
        return tuple((letter, re.compile(pattern).search) for letter, pattern in hints)

    return compiled(_HINTS), compiled(_HINTS_IN_ANY_CASE)


def may_hold_token(encoded: str) -> bool:
    """Tell whether a document's JSON text deserves `scrub` for what its texts hold.

    Never false where `scrub` would change a text; keys are judged by `names_a_secret` alone.
    """
    exact, in_any_case = _hint_tables()
    return _hints_at(encoded, exact) or _hints_at(encoded.lower(), in_any_case)


def _hints_at(text: str, hints: _Hints) -> bool:
    return any(letter in text and found(text) is not None for letter, found in hints)


def scrub(value: Any) -> tuple[Any, int]:
    """Return `value` without secrets, and how many were taken out.  What needs no change is returned as it is."""
    if isinstance(value, str):
        return _scrub_text(value)
    if isinstance(value, Mapping):
        return _scrub_mapping(value)
    if isinstance(value, (list, tuple)):
        pairs = [scrub(each) for each in value]
        removed = sum(count for _, count in pairs)
        return (value if removed == 0 else [each for each, _ in pairs]), removed
    return value, 0


def names_a_secret(key: str) -> bool:
    """Tell whether the value under this key is a secret by its name: `apiKey`, `X-Auth-Token`, `client_secret`."""
    if key in _HARMLESS_KEYS:
        return False
    if _judge_key(key):
        return True
    if len(_HARMLESS_KEYS) < _MOST_KEYS:
        _HARMLESS_KEYS.add(key)
    return False


def any_names_a_secret(keys: Set[str]) -> bool:
    """Tell whether any of an object's keys names a secret.  Cheap, as the same few keys come again and again."""
    return not keys <= _HARMLESS_KEYS and any(names_a_secret(key) for key in keys)


_HARMLESS_KEYS: set[str] = set()
_MOST_KEYS = 10_000


def _judge_key(key: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(key)]
    if not words:
        return False
    if words[-1] in _SECRET_LAST_WORDS:
        return True
    return words[-1] in ("key", "keys") and len(words) > 1 and words[-2] in _SECRET_KEY_KINDS


def _scrub_mapping(value: Mapping[str, Any]) -> tuple[Any, int]:
    cleaned: dict[str, Any] = {}
    removed = 0
    for key, each in value.items():
        if names_a_secret(key) and _is_text(each):
            if each != REMOVED:
                removed += 1
            cleaned[key] = REMOVED
        else:
            cleaned[key], count = scrub(each)
            removed += count
    return (value if removed == 0 else cleaned), removed


def _is_text(value: Any) -> bool:
    """Tell whether a value can carry a secret's text; a count or a flag under `token` is no secret."""
    if isinstance(value, str):
        return value != ""
    return isinstance(value, (Mapping, list, tuple)) and len(value) > 0 and not is_reference(value)


def _scrub_text(text: str) -> tuple[str, int]:
    return _token_table().subn(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    for part in _KEPT_PARTS:
        kept = found.group(part)
        if kept:
            return f"{kept}{' ' if part == 'scheme' else ''}{REMOVED}"
    return REMOVED
