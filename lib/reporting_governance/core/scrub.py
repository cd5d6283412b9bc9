"""Secrets are taken out before anything is hashed: what is in the log cannot be taken out again.

Structure first (the value of a key such as `authorization`), then a small table of token shapes in text.
A digest, an id or a count is never touched: `token_count` counts, `idempotency_key` names.
"""

import re
from collections.abc import Mapping, Set
from functools import cache
from typing import Any

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
    | \b(?P<scheme>bearer|basic)\s+[A-Za-z0-9._~+/=-]{12,}
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
    | (?P<hook>https://hooks\.slack\.com/(?:services|workflows)/)[A-Za-z0-9/_-]+
    | (?P<discord>https://(?:\w+\.)?discord(?:app)?\.com/api/webhooks/)[0-9]+/[A-Za-z0-9_-]+
    | (?P<userinfo>\b[a-z][a-z0-9+.-]*://[^\s/:@"']*:)(?!\[removed\])[^\s/@"']+(?=@)
    | (?P<assigned>\b(?:[a-z]+[_-])*(?:token|password|passwd|secret|api[_-]?key|access[_-]?key)["']?\s?[=:]\s?["']?)
      (?!\[removed\])[^\s"'&,;]{6,}
    """
_KEPT_PARTS = ("scheme", "hook", "discord", "userinfo", "assigned")

#: Every token above, in small letters, holds one of these words and matches what stands beside it.  A search for a
#: fixed word costs a fiftieth of the table above; the second look keeps `task-17` and a web address cheap.
_HINTS = (
    ("-----begin", ""),
    ("bearer", r"bearer(?:\s|\\[a-z][0-9a-f]{0,4})+[a-z0-9._~+/=-]{12}"),
    ("basic", r"basic(?:\s|\\[a-z][0-9a-f]{0,4})+[a-z0-9._~+/=-]{12}"),
    ("eyj", r"eyj[a-z0-9_-]{8,}\."),
    ("sk-", r"sk-[a-z0-9_-]{16,}"),
    ("gh", r"gh(?:[pousr]_[a-z0-9]{20,}|ub_pat_)|github_pat_"),
    ("glpat-", ""),
    ("xox", r"xox[a-z]-"),
    ("akia", ""),
    ("asia", r"asia[a-z0-9]{16}"),
    ("aiza", ""),
    ("npm_", r"npm_[a-z0-9]{30,}"),
    ("pypi-", ""),
    (":aa", r":aa[a-z0-9_-]{30,}"),
    ("://", r"hooks\.slack|webhooks|://[^\s/:@]*:[^\s/@]+@"),
    ("token", r"token(?:[^a-z_]|\\[a-z][0-9a-f]{0,4}){0,6}[=:]"),
    ("passw", ""),
    ("secret", r"secret(?:[^a-z_]|\\[a-z][0-9a-f]{0,4}){0,6}[=:]"),
    ("key", r"(?:api|access)[_-]?key(?:[^a-z_]|\\[a-z][0-9a-f]{0,4}){0,6}[=:]"),
)


@cache
def _token_table() -> re.Pattern[str]:
    return re.compile(_TOKENS, re.VERBOSE | re.IGNORECASE)  # when first needed: a tick with nothing to write has no use


@cache
def _hint_table() -> tuple[tuple[str, re.Pattern[str] | None], ...]:
    return tuple((word, re.compile(pattern) if pattern else None) for word, pattern in _HINTS)


def may_hold_token(encoded: str) -> bool:
    """Tell whether a document's JSON text deserves `scrub` for what its texts hold.

    Never false where `scrub` would change a text; keys are judged by `names_a_secret` alone.
    """
    text = encoded.lower()
    suspicions = [beside for word, beside in _hint_table() if word in text]
    return any(beside is None or beside.search(text) is not None for beside in suspicions)


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
    return isinstance(value, (Mapping, list, tuple)) and len(value) > 0 and "$blob" not in value


def _scrub_text(text: str) -> tuple[str, int]:
    return _token_table().subn(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    for part in _KEPT_PARTS:
        kept = found.group(part)
        if kept:
            return f"{kept}{' ' if part == 'scheme' else ''}{REMOVED}"
    return REMOVED
