"""What the walk over the roots came upon, before anybody asked what its manifest says."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from reporting_governance.adapters.openclaw.bundles import read_bundle
from reporting_governance.adapters.openclaw.files import exists, real_path
from reporting_governance.adapters.openclaw.manifest import MANIFEST, PACKAGE, Fault, is_reserved, read_manifest
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.plugin import (
    Candidate,
    Form,
    Origin,
    PluginManifest,
    PluginPackage,
    Refusal,
    RefusalReason,
)


@frozen(kw_only=True)
class Sighting:
    """Something that looks like a plugin."""

    hint: str  #: the id it most likely has
    told_as: str = ""  #: what it is called when its manifest is refused; empty: the hint
    source: str
    root: str
    origin: Origin
    named: bool = False
    tracked: bool = False
    form: Form = Form.OPENCLAW
    effective_id: str | None = None  #: the id it gets whatever its manifest says
    package: PluginPackage = PluginPackage()
    folder: str | None = None  #: as it was come upon; None for a loose file
    requires: tuple[str, ...] = ()
    manifest_path: str = ""

    def at(self, source: str, **changes: Any) -> Sighting:
        """Return the same with the file that is loaded."""
        return replace(self, source=source, **changes)

    def below(self, root: str) -> Sighting:
        """Return the same with the real path of its folder."""
        return replace(self, root=root)


def one_for_each_source(sightings: Iterable[Sighting]) -> list[Sighting]:
    """Return one sighting for each real file: the first, but OpenClaw's own before any other."""
    chosen: dict[str, Sighting] = {}
    for each in sightings:
        key = real_path(each.source) or each.source
        first = chosen.get(key)
        if first is None:
            chosen[key] = each
            continue
        kept, other = (each, first) if each.origin is Origin.BUNDLED else (first, each)
        named = kept.named or other.named or other.origin is Origin.CONFIG
        chosen[key] = replace(kept, named=named, tracked=kept.tracked or other.tracked)
    return list(chosen.values())


def candidates_of(sightings: Iterable[Sighting], named: Sequence[str]) -> tuple[list[Candidate], list[Refusal]]:
    """Return the plugins that have a manifest, and why the others have none.

    Args:
        named: what `plugins.load.paths` names: a file named there needs no manifest.
    """
    candidates: list[Candidate] = []
    refusals: list[Refusal] = []
    for each in sightings:
        manifest, path = _manifest_of(each, frozenset(named))
        if isinstance(manifest, Fault):
            refusals.append(
                Refusal(
                    reason=manifest.reason,
                    path=manifest.path,
                    plugin_id=each.told_as or each.hint,
                    detail=manifest.detail,
                    origin=each.origin,
                )
            )
            continue
        candidates.append(
            Candidate(
                id=each.effective_id or manifest.id,
                manifest=manifest,
                package=each.package,
                origin=each.origin,
                form=each.form,
                source=each.source,
                root=each.root,
                manifest_path=path,
                package_path=os.path.join(each.folder or each.root, PACKAGE),
                named=each.named,
                tracked=each.tracked,
            )
        )
    return candidates, refusals


def _manifest_of(sighting: Sighting, named: frozenset[str]) -> tuple[PluginManifest | Fault, str]:
    single = sighting.origin is not Origin.BUNDLED
    if sighting.form is not Form.OPENCLAW:
        return read_bundle(sighting.root, sighting.root, sighting.form, single_name=single)
    path = os.path.join(sighting.root, MANIFEST)
    alone = sighting.origin is Origin.CONFIG and sighting.source in named and not exists(path)
    if not alone:
        return read_manifest(sighting.root, single_name=single), path
    if is_reserved(sighting.hint):
        detail = f"OpenClaw keeps the id {sighting.hint} for itself"
        return Fault(RefusalReason.RESERVED_ID, sighting.source, detail), sighting.source
    return PluginManifest(id=sighting.hint), sighting.source
