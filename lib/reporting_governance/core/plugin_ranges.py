"""The range of hosts that a plugin's `compat.pluginApi` names: `>=2026.8`, `^2026.3.1 <2026.9`, `*`.

Comparators stand side by side with spaces between, and all must hold; `||` is refused.  A correction of the host counts
as the release it corrects, and so does a prerelease, unless the comparator names a prerelease itself.

Source: what OpenClaw 2026.9.6 does with npm's `semver`; tests/openclaw/test_plugins_oracle.py holds it to the program.
"""

import re
from collections.abc import Callable
from typing import Final

from reporting_governance.core.plugin_versions import (
    BUILD,
    MAX_SAFE,
    NUMBER,
    PRERELEASE,
    WHITE,
    Version,
    compare_semantic,
    parse_version,
)

_SPACES = re.compile(f"[{WHITE}]+")
_TOKEN = re.compile(r"(>=|<=|>|<|=|\^|~)?(.+)")
_TWO_PARTS = re.compile(r"[vV]?[0-9]+\.[0-9]+")
_RELEASE = r"[vV]?([0-9]{4}\.[1-9][0-9]?\.[1-9][0-9]*)"
_CORRECTED = re.compile(rf"{_RELEASE}-[0-9]+")
_SUFFIXED = re.compile(rf"{_RELEASE}-(?:alpha|beta|rc)\.[0-9]+", re.IGNORECASE)
_PART = rf"({NUMBER}|x|X|\*)"
_PARTS = rf"[v=]*{_PART}(?:\.{_PART}(?:\.{_PART}(?:{PRERELEASE})?(?:{BUILD})?)?)?"
_CARET, _TILDE = re.compile(rf"\^{_PARTS}"), re.compile(rf"~{_PARTS}")
_OPEN = re.compile(rf"([<>]?=?){_PARTS}")
_STAR = re.compile(r"[<>]?=?\*")
_BUILD = re.compile(r"\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*")
_SIMPLE = re.compile(r"([<>]?=?)(.+)")

_HOLDS: Final[dict[str, Callable[[int], bool]]] = {
    "": lambda order: order == 0,
    "=": lambda order: order == 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
}


def in_range(host: str, wanted: str) -> bool:
    """Tell whether a host's version is in a range; a range or a version that is none is never met."""
    tokens = [each for each in _SPACES.split(wanted) if each]
    return bool(tokens) and "||" not in wanted and all(_holds(host, each) for each in tokens)


def _holds(host: str, token: str) -> bool:
    match = _TOKEN.fullmatch(token)
    if match is None or match[2][0] in "<>=^~":
        return False
    operator, target = match[1] or "", match[2]
    if _TWO_PARTS.fullmatch(target):
        operator, target = operator or ">=", f"{target}.0"
    version = parse_version(_as_release(host, target))
    if version is None:
        return False
    comparators = _plain(_BUILD.sub("", operator + target))
    return all(_meets(version, each) for each in comparators)


def _as_release(host: str, target: str) -> str:
    """Return the host's version as this comparator sees it."""
    trimmed = host.strip(WHITE)
    if match := _CORRECTED.fullmatch(trimmed):
        return match[1]
    floor = parse_version(target)
    if floor is not None and floor.prerelease:
        return host
    match = _SUFFIXED.fullmatch(trimmed)
    return match[1] if match else host


def _meets(version: Version, comparator: str) -> bool:
    if not comparator:
        return True
    match = _SIMPLE.fullmatch(comparator)
    limit = None if match is None else parse_version(match[2])
    if match is None or limit is None:
        return False
    return _HOLDS[match[1]](compare_semantic(version, limit))


def _plain(comparator: str) -> list[str]:
    """Return a comparator as one or two that have no caret, no tilde and no open part."""
    if match := _CARET.fullmatch(comparator):
        return _between(*match.group(1, 2, 3, 4), compatible=True)
    if match := _TILDE.fullmatch(comparator):
        return _between(*match.group(1, 2, 3, 4), compatible=False)
    match = _OPEN.fullmatch(comparator)
    if match is not None:
        opened = _opened(comparator, *match.group(1, 2, 3, 4))
        if opened is not None:
            return opened
    return [_STAR.sub("", comparator, count=1)]


def _between(
    major: str, minor: str | None, patch: str | None, prerelease: str | None, *, compatible: bool
) -> list[str]:
    """Return both ends of a caret (nothing may change up to the first part but 0) or of a tilde (the minor)."""
    if _is_open(major):
        return []
    if minor is None or _is_open(minor):
        return [f">={major}.0.0-0", f"<{_next(major)}.0.0-0"]
    least = f"{major}.{minor}.0-0" if patch is None or _is_open(patch) else f"{major}.{minor}.{patch}"
    if prerelease and patch is not None and not _is_open(patch):
        least += f"-{prerelease}"
    if compatible and major != "0":
        return [f">={least}", f"<{_next(major)}.0.0-0"]
    if compatible and minor == "0" and patch is not None and not _is_open(patch):
        return [f">={least}", f"<0.0.{_next(patch)}-0"]
    return [f">={least}", f"<{major}.{_next(minor)}.0-0"]


def _opened(whole: str, operator: str, major: str, minor: str | None, patch: str | None) -> list[str] | None:
    """Return what a comparator with an open part (`2026`, `>2026.x`) stands for, None when it has none."""
    open_minor, open_patch = minor is None or _is_open(minor), patch is None or _is_open(patch)
    if (_is_open(major) and not open_minor) or (open_minor and patch is not None and not open_patch):
        return [_STAR.sub("", whole, count=1)]
    if _is_open(major):
        return ["<0.0.0-0"] if operator in ("<", ">") else []
    if not open_minor and not open_patch:
        return None
    start = f"{major}.0.0-0" if open_minor else f"{major}.{minor}.0-0"
    end = f"{_next(major)}.0.0-0" if open_minor else f"{major}.{_next(str(minor))}.0-0"
    if operator in ("", "="):
        return [f">={start}", f"<{end}"]
    return {">": [f">={end}"], ">=": [f">={start}"], "<": [f"<{start}"], "<=": [f"<{end}"]}[operator]


def _is_open(part: str) -> bool:
    return part in ("x", "X", "*")


def _next(part: str) -> str:
    following = int(part) + 1
    return str(following) if following <= MAX_SAFE else "too-large"
