"""Turns what an engine reports into one problem per fault, in words.

What is missing or not known is worked out here from the schema and the value, so that both engines lead to the same
words, and so that a misspelt key that is required is one problem and not two.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from reporting_governance.contracts.finding import shown
from reporting_governance.contracts.finding_rules import (
    MISSING_KEY,
    NO_ALTERNATIVE,
    UNKNOWN_KEY,
    WRONG_SIZE,
    WRONG_TYPE,
    WRONG_VALUE,
)
from reporting_governance.contracts.reading.document import Document
from reporting_governance.contracts.reading.reporter import MAX_FINDINGS
from reporting_governance.contracts.reading.tape import join_pointer
from reporting_governance.contracts.shape.branches import (
    Known,
    choose_branch,
    keys_of_other_forms,
    known_keys,
    unknown_keys,
)
from reporting_governance.contracts.shape.engines import Fault, Path
from reporting_governance.contracts.shape.problem import Mark, Problem
from reporting_governance.contracts.shape.schemas import Shape
from reporting_governance.contracts.shape.values import at, problem_of_value
from reporting_governance.contracts.suggest import nearest

_MAX_FAULTS = 10 * MAX_FINDINGS  #: looked at; several faults can come to one problem
_COUNTED = frozenset(("contains", "minContains", "maxContains"))


class Explainer:
    """Explains the faults of one document."""

    def __init__(self, document: Document, shape: Shape) -> None:
        self._document = document
        self._shape = shape
        self._problems: list[Problem] = []
        self._missing: dict[Path, dict[str, None]] = {}
        self._unknown: dict[Path, dict[str, set[str]]] = {}  #: keys nobody knows, with those that are known
        self._unexplained: list[Problem] = []  #: said only where nothing better is
        self._in_another_form: set[Path] = set()  #: objects that were meant to have another form

    def problems(self) -> list[Problem]:
        """Return every fault once."""
        self._collect(islice(self._shape.faults(self._document.value), _MAX_FAULTS))
        for path in dict.fromkeys((*self._unknown, *self._missing)):
            self._explain_keys(path)
        told = [
            each for each in self._problems if each.rule is not WRONG_SIZE or each.path not in self._in_another_form
        ]
        return (
            _once(told)
            or self._unexplained[:1]
            or [Problem(NO_ALTERNATIVE, (), "the document does not have the shape of its kind")]
        )

    def _collect(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            value = at(self._document.value, fault.path)
            if fault.name is not None:
                self._collect_name(fault, fault.name)
            elif fault.keyword in ("oneOf", "anyOf"):
                self._collect_alternatives(fault, value)
            elif fault.keyword in ("required", "dependentRequired"):
                self._collect_missing(fault, value)
            elif fault.keyword in ("additionalProperties", "unevaluatedProperties"):
                self._collect_unknown(fault, value)
            elif fault.keyword == "not":
                self._collect_forbidden(fault)
            elif fault.keyword in _COUNTED:
                message = "the number of items that are as the schema asks is wrong"
                self._problems.append(Problem(NO_ALTERNATIVE, fault.path, message))
            else:
                written = self._document.written(join_pointer(fault.path)) or ""
                self._problems.append(problem_of_value(fault, value, written))

    def _collect_name(self, fault: Fault, name: str) -> None:
        path = (*fault.path, name)
        if fault.keyword in ("enum", "const"):
            allowed = fault.schema["enum"] if fault.keyword == "enum" else [fault.schema["const"]]
            self._unknown.setdefault(fault.path, {}).setdefault(name, set()).update(allowed)
        else:
            problem = problem_of_value(fault, name, shown(name))
            message = f"key {problem.message}"
            if problem.rule is NO_ALTERNATIVE:
                message = f"the key {shown(name)} is not as the schema asks"
            self._problems.append(Problem(problem.rule, path, message, problem.suggestion, Mark.KEY))

    def _collect_alternatives(self, fault: Fault, value: Any) -> None:
        written = self._document.written(join_pointer(fault.path)) or ""
        choice = choose_branch(fault, value, written, self._shape)
        if choice.problem is not None:
            self._problems.append(choice.problem)
        if choice.missing is not None:
            self._missing.setdefault(fault.path, {})[choice.missing] = None
            known = choice.known | {choice.missing}
            for key in value:
                if key not in known and nearest(key, (choice.missing,)):
                    self._unknown.setdefault(fault.path, {}).setdefault(key, set()).update(known)
        self._collect(choice.faults)

    def _collect_missing(self, fault: Fault, value: Any) -> None:
        wanted: list[str] = []
        if fault.keyword == "required":
            wanted += fault.schema["required"]
        else:
            for key, names in fault.schema["dependentRequired"].items():
                wanted += names if key in value else ()
        missing = self._missing.setdefault(fault.path, {})
        missing.update((name, None) for name in wanted if name not in value)

    def _collect_unknown(self, fault: Fault, value: Any) -> None:
        if fault.keyword == "additionalProperties":
            known = Known(set(fault.schema.get("properties", ())), set(fault.schema.get("patternProperties", ())))
        else:
            known = known_keys(fault.schema, self._shape)
        unknown = unknown_keys(value, known) if fault.schema[fault.keyword] is False else []
        for key in unknown:
            self._unknown.setdefault(fault.path, {}).setdefault(key, set()).update(known.names)
        if not unknown:
            message = "a key that the schema says nothing else about is not as it asks"
            self._unexplained.append(Problem(NO_ALTERNATIVE, fault.path, message))

    def _collect_forbidden(self, fault: Fault) -> None:
        last = fault.path[-1] if fault.path else None
        if fault.schema["not"] != {} or last is None:
            message = "the value has a shape that the schema forbids"
            self._problems.append(Problem(NO_ALTERNATIVE, fault.path, message))
        elif isinstance(last, str):
            message = f"the key {shown(last)} is not allowed here"
            self._problems.append(Problem(UNKNOWN_KEY, fault.path, message, mark=Mark.KEY))
        else:
            self._problems.append(Problem(WRONG_SIZE, fault.path, "the list must end before this item"))

    def _explain_keys(self, path: Path) -> None:
        value = at(self._document.value, path)
        missing = self._missing.get(path, {})
        unknown = self._unknown.get(path, {})
        for count, key in enumerate(each for each in value if each in unknown):
            meant = nearest(key, missing) if count < MAX_FINDINGS else None
            message = f"the key {shown(key)} is not known here"
            if meant is not None:
                del missing[meant]
                message += f", and the required key {shown(meant)} is missing"
            elif count < MAX_FINDINGS:
                meant = nearest(key, (each for each in sorted(unknown[key]) if each not in value))
                if meant is None:
                    meant = self._meant_in_another_form(path, key, missing)
            suggestion = None if meant is None else f"did you mean {shown(meant)}?"
            self._problems.append(Problem(UNKNOWN_KEY, (*path, key), message, suggestion, Mark.KEY))
        for name in missing:
            message = f"the required key {shown(name)} is missing"
            self._problems.append(Problem(MISSING_KEY, path, message, mark=Mark.OWNER))

    def _meant_in_another_form(self, path: Path, key: str, missing: dict[str, None]) -> str | None:
        """Return the key of another form that this one stands for; what that form does not need is not missing."""
        value = at(self._document.value, path)
        meant = nearest(key, sorted(keys_of_other_forms(path, self._shape) - value.keys()))
        if meant is not None:
            missing.clear()
            self._in_another_form.add(path)
        return meant


def _once(problems: Iterable[Problem]) -> list[Problem]:
    """Leave out what is said twice, and what more is wrong with a value that already has the wrong type or choice."""
    kept = dict.fromkeys(problems)
    # Of several wrong choices at one value the widest counts: a narrower one is of a condition beside it.
    widest: dict[Path, Problem] = {}
    for each in kept:
        if each.rule is WRONG_VALUE and each.mark is Mark.VALUE:
            known = widest.setdefault(each.path, each)
            widest[each.path] = max(known, each, key=lambda one: len(one.message))
    mistyped = {each.path for each in kept if each.rule is WRONG_TYPE}
    misvalued = {each.path for each in kept if each.rule is WRONG_VALUE} - mistyped
    return [
        each
        for each in kept
        if each.mark is not Mark.VALUE
        or each.rule is WRONG_TYPE
        or (each.path not in mistyped and (widest.get(each.path) is each or each.path not in misvalued))
    ]
