"""A policy pack without the rules that have faults, so that the faults of the others are found in the same run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from reporting_governance.contracts.problem import Problem

Document: TypeAlias = Mapping[str, Any]
_IN_A_RULE = re.compile(r"/spec/rules/([0-9]+)(/.*)?", re.DOTALL)
_FOR_PEOPLE = re.compile(r"/metadata(?:/(?:title|version|summary|owner|tags)(?:/.*)?)?", re.DOTALL)
#: metadata that no rule depends on
_STANDING_IN = {"title": "Pack", "version": "0", "summary": "Pack.", "owner": "nobody"}


class PackParts:
    """The rules of one pack that are still judged.

    Args:
        written: the pack as plain data; it is an object.
    """

    def __init__(self, written: Document) -> None:
        self._written = written
        self._left_out: set[int] = set()
        self._kept: Sequence[int] = ()
        self._is_named_wrongly = False
        self._is_lost = False

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return not (self._left_out or self._is_named_wrongly)

    @property
    def can_be_judged(self) -> bool:
        """Whether anything is left whose meaning can be told."""
        if self._is_lost:
            return False
        rules = self._written["spec"]["rules"]
        self._kept = [place for place in range(len(rules)) if place not in self._left_out]
        return bool(self._kept)

    @property
    def document(self) -> Document:
        """The pack without what is left out; `can_be_judged` has been asked."""
        if self.is_whole:
            return self._written
        spec, metadata = self._written["spec"], self._written["metadata"]
        if self._is_named_wrongly:
            metadata = {key: each for key, each in metadata.items() if key in ("id", "severity_default", "applies_to")}
            metadata |= _STANDING_IN
        rules = [spec["rules"][place] for place in self._kept]
        return {**self._written, "metadata": metadata, "spec": {**spec, "rules": rules}}

    def leave_out(self, pointers: Iterable[str]) -> bool:
        """Leave out the rules that these pointers lead to; tell whether that left out anything more.

        Args:
            pointers: into the pack as it is written.
        """
        before = (set(self._left_out), self._is_named_wrongly)
        for pointer in pointers:
            rule = _IN_A_RULE.fullmatch(pointer)
            if rule is not None:
                self._left_out.add(int(rule[1]))
            elif _FOR_PEOPLE.fullmatch(pointer) and self._says_what_rules_need:
                self._is_named_wrongly = True
            else:
                self._is_lost = True
        return before != (self._left_out, self._is_named_wrongly)

    @property
    def _says_what_rules_need(self) -> bool:
        metadata = self._written.get("metadata")
        return isinstance(metadata, Mapping) and "id" in metadata and "severity_default" in metadata

    def as_written(self, problem: Problem) -> Problem:
        """Return a problem of `document` with its place in the pack as it is written."""
        rule = _IN_A_RULE.fullmatch(problem.pointer)
        if rule is None:
            return problem
        return problem._replace(pointer=f"/spec/rules/{self._kept[int(rule[1])]}{rule[2] or ''}")
