"""Versions of OpenClaw: calendar versions in the dress of semantic ones, and the floor that a plugin may name.

`2026.7.1-beta.5` comes before `2026.7.1`, and `2026.7.1-2`, a single number after the hyphen, is a correction that
comes after it, where semantic versioning puts it before.  `plugin_ranges` has the other rule: it sees no corrections.

Source: what OpenClaw 2026.9.6 does; tests/openclaw/test_plugins_oracle.py holds both rules to the program.
"""

import re
from enum import StrEnum
from typing import Any

from reporting_governance.contracts.frozen import frozen

LONGEST = 256  #: characters of a version; the longest that a semantic version may have in npm's reading
MAX_SAFE = 2**53 - 1  #: the largest number that JavaScript counts exactly; a larger part makes no version

#: What JavaScript's trim() takes away; Python's strip() knows four control characters more and one mark less.
WHITE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)

NUMBER = r"0|[1-9][0-9]{0,256}"
_IDENTIFIER = rf"(?:[0-9]{{0,256}}[a-zA-Z-][a-zA-Z0-9-]{{0,250}}|{NUMBER})"
PRERELEASE = rf"-({_IDENTIFIER}(?:\.{_IDENTIFIER})*)"
BUILD = r"\+([0-9A-Za-z-]{1,250}(?:\.[0-9A-Za-z-]{1,250})*)"
_VERSION = re.compile(rf"v?({NUMBER})\.({NUMBER})\.({NUMBER})(?:{PRERELEASE})?(?:{BUILD})?")
_OLD_BETA = re.compile(r"([vV]?[0-9]+\.[0-9]+\.[0-9]+)\.beta(?:\.([0-9A-Za-z.-]+))?")
_FLOOR = re.compile(r"(>=)?([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)")


@frozen
class Version:
    """One version; the build, which says nothing about order, is left out."""

    main: tuple[int, int, int]
    prerelease: tuple[int | str, ...] = ()

    @property
    def is_correction(self) -> bool:
        """Whether it is a stable release mended: a single number stands after the hyphen."""
        return len(self.prerelease) == 1 and isinstance(self.prerelease[0], int)


class FloorVerdict(StrEnum):
    """What a plugin's `install.minHostVersion` says about a host."""

    MET = "met"
    TOO_OLD = "too_old"
    UNKNOWN_HOST = "unknown_host"  #: the host's own version is none
    NO_FLOOR = "no_floor"  #: the text is no floor, so nobody can meet it


def parse_version(text: str) -> Version | None:
    """Return a version in strict form (a leading v is let through), None for anything else."""
    if len(text) > LONGEST:
        return None
    match = _VERSION.fullmatch(text.strip(WHITE))
    if match is None:
        return None
    major, minor, patch = (int(each) for each in match.group(1, 2, 3))
    if max(major, minor, patch) > MAX_SAFE:
        return None
    parts = match[4].split(".") if match[4] else ()
    return Version((major, minor, patch), tuple(map(_identifier, parts)))


def parse_host_version(text: str) -> Version | None:
    """Return a version of OpenClaw, also one in the old form `2026.1.2.beta.3`."""
    trimmed = text.strip(WHITE)
    if match := _OLD_BETA.fullmatch(trimmed):
        trimmed = f"{match[1]}-beta.{match[2]}" if match[2] else f"{match[1]}-beta"
    return parse_version(trimmed)


def compare_semantic(left: Version, right: Version) -> int:
    """Return -1, 0 or 1 by semantic versioning, to which a correction is a prerelease."""
    if left.main != right.main:
        return _sign(left.main, right.main)
    if not left.prerelease or not right.prerelease:
        return bool(right.prerelease) - bool(left.prerelease)
    for mine, other in zip(left.prerelease, right.prerelease, strict=False):
        if mine != other:
            return _compare_identifiers(mine, other)
    return _sign(len(left.prerelease), len(right.prerelease))


def compare_calendar(left: Version, right: Version) -> int:
    """Return -1, 0 or 1 by OpenClaw's order: prereleases, the stable release, then its corrections."""
    plain = compare_semantic(_without_correction(left), _without_correction(right))
    if plain:
        return plain
    return _sign(_correction(left), _correction(right))


def judge_floor(floor: object, host: str, *, bare: bool = False) -> FloorVerdict:
    """Tell whether a host meets the floor that a plugin names.

    Args:
        floor: the value of `install.minHostVersion`, of whatever type.
        host: the host's version, as it says it itself.
        bare: also take a version without `>=` before it, as is done for plugins installed long ago.
    """
    if not isinstance(floor, str):
        return FloorVerdict.NO_FLOOR
    match = _FLOOR.fullmatch(floor.strip(WHITE))
    least = parse_version(match[2]) if match is not None and (match[1] or bare) else None
    if least is None:
        return FloorVerdict.NO_FLOOR
    here = parse_host_version(host)
    if here is None:
        return FloorVerdict.UNKNOWN_HOST
    return FloorVerdict.MET if compare_calendar(here, least) >= 0 else FloorVerdict.TOO_OLD


def _identifier(text: str) -> int | str:
    number = int(text) if text.isdigit() else None
    return number if number is not None and number < MAX_SAFE else text


def _compare_identifiers(left: int | str, right: int | str) -> int:
    numbers = [isinstance(each, int) or each.isdigit() for each in (left, right)]
    if all(numbers):
        return _sign(float(left), float(right))  # as JavaScript counts what is too long to be a number
    if any(numbers):
        return -1 if numbers[0] else 1
    return _sign(str(left), str(right))


def _without_correction(version: Version) -> Version:
    return Version(version.main) if version.is_correction else version


def _correction(version: Version) -> int:
    """Return the number of the correction, -1 for what is none."""
    first = version.prerelease[0] if version.is_correction else -1
    return first if isinstance(first, int) else -1


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)
