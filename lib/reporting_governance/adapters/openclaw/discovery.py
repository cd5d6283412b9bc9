"""Finding the plugins that OpenClaw would find, in its order, without starting it."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from reporting_governance.adapters.openclaw.bundles import DEFAULT_ENTRIES, form_of, read_bundle
from reporting_governance.adapters.openclaw.entries import Place, check_setup, declared_entries, entry_sources
from reporting_governance.adapters.openclaw.files import exists, facts_of, is_inside, real_path
from reporting_governance.adapters.openclaw.looking import (
    Hindrance,
    facts_of_named,
    hindrance_of,
    legacy_declaration,
    names_in,
)
from reporting_governance.adapters.openclaw.manifest import (
    MANIFEST,
    PACKAGE,
    Fault,
    Package,
    read_manifest,
    read_package,
)
from reporting_governance.adapters.openclaw.names import entry_hint, folder_hint, is_code, is_ignored, stem
from reporting_governance.adapters.openclaw.sightings import Sighting, candidates_of, one_for_each_source
from reporting_governance.contracts.plugin import Candidate, Origin, PluginManifest, Refusal, RefusalReason
from reporting_governance.core.plugin_choice import Wish, unmet_wishes
from reporting_governance.core.plugin_compatibility import api_refusal, rule_verdicts


class Roots(NamedTuple):
    """Where plugins are looked for.  Absolute paths."""

    named: tuple[str, ...]  #: what `plugins.load.paths` names
    workspace: str | None  #: the folder of the workspace's plugins; None when it is not known whose workspace counts
    bundled: str | None  #: None when OpenClaw's own package was not found
    tracked: tuple[Tracked, ...]
    loose: str  #: the extensions folder of the state folder


class Tracked(NamedTuple):
    """One recorded install."""

    path: str
    built_only: bool  #: what is TypeScript must have been built: it is a copy of a package, nobody's own folder


class Found(NamedTuple):
    """What was found, in order, and what is told beside it."""

    candidates: tuple[Candidate, ...]
    refusals: tuple[Refusal, ...]


def discover(roots: Roots, host: str, *, uid: int) -> Found:
    """Find all plugins.

    Args:
        roots: where to look.
        host: the version of OpenClaw; some plugins are refused before anything else of them is looked at.
        uid: whose OpenClaw it is: a plugin must belong to that user or to root.
    """
    scanner = _Scanner(roots, host, uid)
    for each in roots.named:
        scanner.look_at_path(each, Origin.CONFIG)
    if roots.workspace is not None:
        scanner.look_into(roots.workspace, Origin.WORKSPACE)
    if roots.bundled is not None:
        scanner.look_into(roots.bundled, Origin.BUNDLED, files=True)
    for tracked in roots.tracked:
        scanner.look_at_path(tracked.path, Origin.GLOBAL, tracked=tracked)
    scanner.look_into(roots.loose, Origin.GLOBAL, skip=scanner.tracked_folders())
    sightings = one_for_each_source(scanner.sightings)
    wishes = [
        Wish(plugin_id=each.hint, origin=each.origin, path=each.manifest_path, wanted=each.requires)
        for each in sightings
    ]
    scanner.refusals += unmet_wishes(wishes, (each.hint for each in sightings))
    candidates, refusals = candidates_of(sightings, roots.named)
    return Found(tuple(candidates), (*scanner.refusals, *refusals))


class _Scanner:
    """One walk over the roots."""

    def __init__(self, roots: Roots, host: str, uid: int) -> None:
        self.roots = roots
        self.host = host
        self.uid = uid
        self.sightings: list[Sighting] = []
        self.refusals: list[Refusal] = []
        self._sources: set[str] = set()
        self._own = None if roots.bundled is None else real_path(roots.bundled)

    def tracked_folders(self) -> frozenset[str]:
        """Return the real paths of the folders of recorded installs."""
        folders = set()
        for each in self.roots.tracked:
            facts = facts_of(each.path)
            if facts is not None:
                folder = os.path.dirname(each.path) if stat.S_ISREG(facts.st_mode) else each.path
                folders.add(real_path(folder) or folder)
        return frozenset(folders)

    def look_at_path(self, path: str, origin: Origin, *, tracked: Tracked | None = None) -> None:
        """Look at a path that somebody named: a plugin, a folder of plugins, or one file."""
        facts = facts_of_named(path)
        if isinstance(facts, Hindrance):
            self._tell_of(facts, origin)
            return
        is_file = stat.S_ISREG(facts.st_mode)
        folder = os.path.dirname(path) if is_file else path
        real = real_path(folder) or folder
        named = origin is Origin.CONFIG
        if self._own is not None and is_inside(self._own, real):
            origin = Origin.BUNDLED
        if is_file:
            self._look_at_file(path, origin, named)
        elif not self._look_at_folder(path, origin, named=named, tracked=tracked):
            self.look_into(path, origin, files=True, named=named, tracked=tracked)

    def look_into(
        self,
        folder: str,
        origin: Origin,
        *,
        files: bool = False,
        named: bool = False,
        skip: frozenset[str] = frozenset(),
        tracked: Tracked | None = None,
    ) -> None:
        """Look at everything in a folder of plugins."""
        if not exists(folder):
            return
        try:
            names = names_in(folder)
        except OSError as fault:
            self._tell(RefusalReason.ROOT_UNREADABLE, folder, "", fault.strerror or str(fault), None)
            return
        for name in names:
            path = os.path.join(folder, name)
            facts = facts_of(path)
            if facts is None:
                continue
            if stat.S_ISREG(facts.st_mode):
                if files and is_code(path):
                    hint = stem(path)
                    self._add(Sighting(hint=hint, source=path, root=folder, origin=origin, named=named))
            elif stat.S_ISDIR(facts.st_mode) and not is_ignored(name):
                self._look_at_child(path, folder, origin, named, skip, tracked)

    def _look_at_child(
        self, path: str, parent: str, origin: Origin, named: bool, skip: frozenset[str], tracked: Tracked | None
    ) -> None:
        real = real_path(path) or path
        if origin is Origin.BUNDLED and not is_inside(real_path(parent) or parent, real):
            self._tell(RefusalReason.UNSAFE_ENTRY, path, "", "it leads out of OpenClaw's own package", origin)
        elif real not in skip:
            self._look_at_folder(path, origin, named=named, tracked=tracked)

    def _look_at_file(self, path: str, origin: Origin, named: bool) -> None:
        if not is_code(path):
            self._tell(RefusalReason.NOT_A_PLUGIN_FILE, path, "", "it is no file of JavaScript or TypeScript", origin)
            return
        self._add(Sighting(hint=stem(path), source=path, root=os.path.dirname(path), origin=origin, named=named))

    def _look_at_folder(self, folder: str, origin: Origin, *, named: bool, tracked: Tracked | None) -> bool:
        """Look at one folder; tell whether it settles what is there, so that nothing below needs to be looked at."""
        root = real_path(folder) or folder
        single = origin is not Origin.BUNDLED
        package = read_package(root, single_name=single)
        manifest = read_manifest(root, single_name=single)
        known = None if isinstance(manifest, Fault) else manifest
        hint = folder_hint(package, folder) if known is None else known.id
        if self._is_out_of_range(folder, origin, package, known, hint):
            return True
        declared = declared_entries(package.openclaw)
        if declared.problem is not None:
            self._tell(declared.problem, folder, hint, declared.detail, origin)
            return True
        sighting = Sighting(
            hint=hint,
            told_as=hint,
            source="",
            root=folder,
            origin=origin,
            named=named,
            tracked=tracked is not None,
            package=package.facts,
            folder=folder,
            requires=() if known is None else known.requires,
            manifest_path=os.path.join(root, MANIFEST),
        )
        place = Place(folder, root, origin, tracked is not None and tracked.built_only)
        openclaw = package.openclaw if isinstance(package.openclaw, dict) else {}
        check_setup(place, openclaw, lambda reason, detail: self._tell(reason, folder, hint, detail, origin))
        if declared.entries:
            self._add_entries(sighting, place, openclaw, declared.entries, package, known is not None)
            return True
        return (
            self._add_bundle(sighting, root, single)
            or self._add_index(sighting, known is not None)
            or self._tell_of_legacy(folder, root)
        )

    def _add_entries(
        self,
        sighting: Sighting,
        place: Place,
        openclaw: dict[str, object],
        entries: tuple[str, ...],
        package: Package,
        has_manifest: bool,
    ) -> None:
        def tell(reason: RefusalReason, detail: str) -> None:
            self._tell(reason, place.folder, sighting.hint, detail, place.origin)

        sources = entry_sources(place, openclaw, entries, tell)
        if len(entries) == 1:
            hint = sighting.hint if has_manifest else entry_hint(package, place.folder)
            for source in sources:
                self._add(sighting.at(source, hint=hint))
            return
        base = sighting.hint if has_manifest else entry_hint(package, place.folder)
        groups: dict[str, list[str]] = {}
        for source in sources:
            groups.setdefault(f"{base}/{stem(source)}", []).append(source)
        for hint, group in groups.items():
            if len(group) > 1:
                names = ", ".join(os.path.relpath(each, place.root) for each in group)
                self._tell(RefusalReason.ENTRIES_COLLIDE, place.folder, hint, f"{names} have one name", place.origin)
            else:
                self._add(sighting.at(group[0], hint=hint, effective_id=hint))

    def _add_bundle(self, sighting: Sighting, root: str, single_name: bool) -> bool:
        form = form_of(sighting.root, root)
        if form is None:
            return False
        manifest, _ = read_bundle(sighting.root, root, form, single_name=single_name)
        if isinstance(manifest, Fault):
            self._tell(manifest.reason, manifest.path, "", manifest.detail, sighting.origin)
            return False
        self._add(sighting.at(sighting.root, hint=manifest.id, told_as=manifest.id, form=form, requires=()))
        return True

    def _add_index(self, sighting: Sighting, has_manifest: bool) -> bool:
        for name in DEFAULT_ENTRIES:
            path = os.path.join(sighting.root, name)
            if exists(path):
                hint = sighting.hint if has_manifest else os.path.basename(sighting.root)
                self._add(sighting.at(path, hint=hint))
                return True
        return False

    def _is_out_of_range(
        self, folder: str, origin: Origin, package: Package, known: PluginManifest | None, hint: str
    ) -> bool:
        reason = None if origin is Origin.BUNDLED else api_refusal(package.facts, self.host)
        if reason is None:
            return False
        verdicts = rule_verdicts(known, package.facts, origin, self.host)
        detail = "; ".join(f"{each.rule} {each.wanted}: {each.why}" for each in verdicts if not each.met)
        self.refusals.append(
            Refusal(
                reason=reason,
                path=os.path.join(folder, PACKAGE),
                plugin_id=hint,
                detail=detail,
                origin=origin,
                verdicts=verdicts,
            )
        )
        return True

    def _add(self, sighting: Sighting) -> None:
        """Take something in, unless it was come upon before or its owner or mode forbid it."""
        if sighting.source in self._sources:
            return
        self._sources.add(sighting.source)
        root = real_path(sighting.root) or sighting.root
        hindrance = hindrance_of(sighting.source, root, sighting.origin, self.uid)
        if hindrance is None:
            self.sightings.append(sighting.below(root))
        else:
            self._tell_of(hindrance._replace(plugin_id=sighting.hint), sighting.origin)

    def _tell_of(self, hindrance: Hindrance, origin: Origin | None) -> None:
        self._tell(hindrance.reason, hindrance.path, hindrance.plugin_id, hindrance.detail, origin)

    def _tell_of_legacy(self, folder: str, root: str) -> bool:
        legacy = legacy_declaration(folder, root)
        if legacy is not None:
            self._tell_of(legacy, None)
        return legacy is not None

    def _tell(self, reason: RefusalReason, path: str, plugin_id: str, detail: str, origin: Origin | None) -> None:
        refusal = Refusal(reason=reason, path=path, plugin_id=plugin_id, detail=detail, origin=origin)
        if refusal not in self.refusals:
            self.refusals.append(refusal)
