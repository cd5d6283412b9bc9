"""Looks at what stands at the paths that a document names, without following a link or leaving the package root."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

from reporting_governance.contracts.suggest import nearest
from reporting_governance.core.descriptor_meaning import NamedPath, PathFault, Surroundings


class Looker:
    """Looks at package roots; what was seen once is not looked at again."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], NamedPath] = {}
        self._surfaces: frozenset[str] | None = None

    def around(self, root: str, paths: Sequence[str]) -> Surroundings:
        """Return what a descriptor's meaning is judged by."""
        return Surroundings(paths={each: self.path(root, each) for each in paths}, surfaces=self.surfaces)

    @property
    def surfaces(self) -> frozenset[str]:
        """The surfaces that have a module here."""
        if self._surfaces is None:
            self._surfaces = _surfaces_here()
        return self._surfaces

    def path(self, root: str, written: str) -> NamedPath:
        """Return what stands at a path from the package root."""
        key = (root, written)
        known = self._seen.get(key)
        if known is None:
            known = self._seen[key] = _look(root, written)
        return known


def _look(root: str, written: str) -> NamedPath:
    if written.startswith("/"):
        return NamedPath(fault=PathFault.ABSOLUTE)
    parts = [each for each in written.split("/") if each not in ("", ".")]
    if ".." in parts or "\\" in written or "\0" in written:
        return NamedPath(fault=PathFault.ESCAPES)
    here = root
    for index, part in enumerate(parts):
        folder, here = here, os.path.join(here, part)
        try:
            about = os.lstat(here)
        except OSError:
            return NamedPath(fault=PathFault.MISSING, nearest=_similar(folder, parts, index))
        if stat.S_ISLNK(about.st_mode):
            return NamedPath(fault=PathFault.THROUGH_LINK)
    if not parts or not stat.S_ISREG(about.st_mode):
        return NamedPath(fault=PathFault.NO_FILE)
    return NamedPath(executable=bool(about.st_mode & 0o111))


def _similar(folder: str, parts: Sequence[str], index: int) -> str | None:
    """Return the path with what is not there replaced by the nearest names, where that leads to something."""
    found = list(parts[:index])
    for part in parts[index:]:
        if not os.path.lexists(os.path.join(folder, part)):
            try:
                close = nearest(part, sorted(os.listdir(folder)))
            except OSError:
                return None
            if close is None:
                return None
            part = close
        found.append(part)
        folder = os.path.join(folder, part)
    return "/".join(found)


def _surfaces_here() -> frozenset[str]:
    """Return the surfaces whose module lies in this package, which is not imported for it."""
    from reporting_governance.contracts.surfaces import SURFACES

    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    found = set()
    for surface, module in SURFACES.items():
        place = os.path.join(package, *module.split(".")[1:])
        if os.path.isfile(f"{place}.py") or os.path.isfile(os.path.join(place, "__init__.py")):
            found.add(surface)
    return frozenset(found)
