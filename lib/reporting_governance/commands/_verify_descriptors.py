"""The meaning of capability descriptors, for `verify-descriptor`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reporting_governance.commands._checking import Checker, object_of
from reporting_governance.commands._surroundings import Looker
from reporting_governance.commands._verify_files import package_root
from reporting_governance.contracts.finding import Finding
from reporting_governance.contracts.reading import Document
from reporting_governance.contracts.surfaces import SURFACES
from reporting_governance.core.descriptor_meaning import descriptor_problems, paths_named


class DescriptorMeaning:
    """Holds descriptors against what lies around them.

    Args:
        root: the package root; None finds it for each file.
        keeps: whether `sound` is asked for; thousands of documents would fill the memory.
    """

    def __init__(self, root: str | None, *, keeps: bool = False) -> None:
        self._root = root
        self._keeps = keeps
        self._looker = Looker()
        self._roots: dict[str, str] = {}  #: by folder
        self.sound: list[tuple[Document, str]] = []  #: descriptors whose shape is right, with their files

    def check(self, document: Document, path: str, checker: Checker, faults: Sequence[Finding]) -> None:
        """Look at one descriptor."""
        if self._keeps and not faults:
            self.sound.append((document, path))
        value = sound_part(document.value) if faults else object_of(document)
        if value is None:
            return
        around = self._looker.around(self._root_of(path), paths_named(value))
        problems = list(descriptor_problems(value, around))
        if problems:
            checker.refuse_at(document, path, problems)

    def _root_of(self, path: str) -> str:
        folder = path.rpartition("/")[0]
        known = self._roots.get(folder)
        if known is None:
            known = self._roots[folder] = package_root(path, self._root)
        return known


def sound_part(value: Any) -> Mapping[str, Any] | None:
    """Return what can still be judged of a descriptor whose shape is wrong: the parts whose types are right."""
    if not isinstance(value, dict):
        return None
    runtime, said = _object(value, "runtime"), _object(value, "compatibility")
    kept: dict[str, Any] = {"runtime": {}, "compatibility": {}, "capabilities": {}}
    if isinstance(runtime.get("entrypoint"), str):
        kept["runtime"]["entrypoint"] = runtime["entrypoint"]
    surfaces = runtime.get("surfaces")
    if isinstance(surfaces, list) and all(isinstance(each, str) and each in SURFACES for each in surfaces):
        kept["runtime"]["surfaces"] = surfaces
    for key, text in said.items():
        if isinstance(text, str):
            kept["compatibility"][key] = text
    versions = said.get("plugin_spec_versions")
    if isinstance(versions, list) and all(isinstance(each, str) for each in versions):
        kept["compatibility"]["plugin_spec_versions"] = versions
    for group, leaves in _object(value, "capabilities").items():
        if isinstance(leaves, dict):
            sound = {name: leaf for name, leaf in leaves.items() if isinstance(leaf, dict) and _is_sound(name, leaf)}
            kept["capabilities"][group] = sound
    return kept


def _object(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inside = value.get(key)
    return inside if isinstance(inside, dict) else {}


def _is_sound(name: str, leaf: Mapping[str, Any]) -> bool:
    if name == "truth_model":
        return isinstance(leaf.get("delivery_states", []), list)
    limits, probe = leaf.get("limits", []), leaf.get("probe", "")
    return leaf.get("level") in ("none", "partial", "full") and isinstance(limits, list) and isinstance(probe, str)
