"""`policy test`: the examples of packs, what they leave untried, and the results in three forms."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reporting_governance.commands._checking import Checker, object_of
from reporting_governance.commands._settings import ProfileUnreadable, read_part
from reporting_governance.commands._tables import findings, table
from reporting_governance.commands._text import as_typed
from reporting_governance.commands._wiring import CommandContext, Reply
from reporting_governance.contracts.finding import Finding, FindingRule, Severity
from reporting_governance.contracts.frozen import frozen
from reporting_governance.contracts.problem import Problem
from reporting_governance.contracts.reading import Document
from reporting_governance.contracts.suggest import did_you_mean
from reporting_governance.core.policy_compiling import CompiledPack, compile_pack
from reporting_governance.core.policy_coverage import LeafCoverage, coverage_of, percent
from reporting_governance.core.policy_examples import ExampleResult, run_examples
from reporting_governance.core.policy_operators import Truth
from reporting_governance.core.policy_values import operator_of
from reporting_governance.errors import ExitCode, UsageError
from reporting_governance.resources import resource_path

EXAMPLE_DOES_NOT_HOLD = FindingRule(
    id="GOV202",
    severity=Severity.ERROR,
    sentence="An example in a policy pack does not lead to the decision that it names.",
    help="Correct the rule or the example: one of the two does not say what is meant.",
)
_WORDS: Mapping[Truth, str] = {True: "true", False: "false", None: "unknown"}


class NoPack(UsageError):
    """A pack that is neither shipped nor a file."""

    message = "{name}: no shipped pack has this id, and no such file can be read"
    hint = "{meant}Shipped packs: {shipped}.  A file's name ends in .yaml, .yml or .json, or has a / in it."


class NotWritten(UsageError):
    """The JUnit file cannot be written."""

    message = "{path}: {reason}"
    hint = "Name a file in a folder that is there and that you may write to."


@frozen
class _Example:
    result: ExampleResult
    line: int | None


@frozen
class _Tried:
    path: str
    pack_id: str
    examples: tuple[_Example, ...] = ()
    coverage: tuple[LeafCoverage, ...] = ()
    lines: Mapping[str, int | None] | None = None  #: of each leaf, by pointer
    findings: tuple[Finding, ...] = ()

    @property
    def percent(self) -> int:
        return percent(self.coverage) if self.examples or not self.findings else 0


def test_packs(context: CommandContext, names: Sequence[str], *, junit: str | None, least: int | None) -> Reply:
    """Run the examples of packs.

    Args:
        names: ids of shipped packs, or files; none takes the packs of the profile, of the last good one where it was
            refused, with what is wrong with it.
        junit: a file to write the results to.
        least: the coverage in percent below which the answer is no.
    """
    paths = [_path_of(as_typed(each)) for each in names] or _paths_in_force(context)
    refused = () if names else context.settings.findings
    tried = [_try(path) for path in paths]
    if junit is not None:
        _write_junit(junit, tried)
    failed = sum(not each.result.passed for one in tried for each in one.examples)
    short = [each for each in tried if least is not None and each.percent < least]
    faults = list(dict.fromkeys([*refused, *(each for one in tried for each in one.findings)]))
    code = ExitCode.NO if failed or short or faults else ExitCode.DONE
    return Reply(_document(tried, least, faults), _describe(tried, least, faults), code)


def _paths_in_force(context: CommandContext) -> list[str]:
    """Return the files of the packs of the profile in force."""
    from reporting_governance.commands._compiling import path_of_pack

    settings = context.settings
    profile = settings.parts[0].path if settings.parts else resource_path("profiles", "minimal-solo-mode.yaml")
    return [path_of_pack(profile, each["metadata"]["id"]) for each in settings.packs]


def _path_of(name: str) -> str:
    if os.sep in name or name.endswith((".yaml", ".yml", ".json")):
        return name
    path = resource_path("policy-packs", f"{name}.yaml")
    if not os.path.exists(path):
        shipped = sorted(each.removesuffix(".yaml") for each in os.listdir(resource_path("policy-packs")))
        meant = did_you_mean(name, shipped)
        raise NoPack(name=name, shipped=", ".join(shipped), meant=f"{meant}  ".capitalize() if meant else "")
    return path


def _try(path: str) -> _Tried:
    checker = Checker()
    try:
        data = read_part(path)
    except ProfileUnreadable:
        raise NoPack(name=path, shipped="see `reportgov policy test`", meant="") from None
    document = checker.document(data, path, "policy-pack")
    content = None if document is None else checker.pack(document, path)
    if document is None or content is None:
        return _Tried(path, os.path.basename(path), findings=tuple(checker.findings))
    pack = compile_pack(object_of(document), source=path)
    results = run_examples(pack)
    pointers = _pointers(pack)
    checker.refuse_at(document, path, _unheld(results, pointers))
    coverage = coverage_of(pack)
    return _Tried(
        path,
        pack.pack.metadata.id,
        tuple(_Example(each, _line(document, at)) for each, at in zip(results, pointers, strict=True)),
        coverage,
        {each.pointer: _line(document, each.pointer) for each in coverage},
        tuple(checker.findings),
    )


def example_problems(content: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the examples of a pack, right in meaning, that do not lead to the decision they name."""
    pack = compile_pack(content)
    yield from _unheld(run_examples(pack), _pointers(pack))


def _pointers(pack: CompiledPack) -> list[str]:
    return [
        f"/spec/rules/{place}/examples/{number}"
        for place, rule in enumerate(pack.rules)
        for number in range(len(rule.rule.examples))
    ]


def _unheld(results: Sequence[ExampleResult], pointers: Sequence[str]) -> Iterator[Problem]:
    for result, pointer in zip(results, pointers, strict=True):
        if not result.passed:
            message = f"{result.title}: {_difference(result)}"
            yield Problem(f"{pointer}/expect", message, _hint(result), rule=EXAMPLE_DOES_NOT_HOLD)


def _line(document: Document, pointer: str) -> int | None:
    _, span = document.nearest(pointer, at_key=False)
    return None if span is None else span.line


def _difference(result: ExampleResult) -> str:
    if result.found != result.expected:
        return f"expected {' by '.join(result.expected)}, found {' by '.join(result.found)}"
    told = "is told" if result.verdict.decision.notifies() else "is not told"
    return f"{' by '.join(result.found)} as expected, but the operator {told}"


def _hint(result: ExampleResult) -> str | None:
    """Say why the rule of the example came out as it did."""
    for trace in result.verdict.traces:
        if trace.rule.rule.id == result.rule_id:
            leaves = [f"{each.fact} {each.operator}: {each.truth}" for each in trace.evaluation().leaves]
            return f"{result.rule_id} is {_WORDS[trace.truth]} ({', '.join(leaves)})"
    return f"{result.rule_id} did not look at the event: none of its triggers is there"


def _document(tried: Sequence[_Tried], least: int | None, faults: Sequence[Finding]) -> dict[str, Any]:
    return {
        "what": "test",
        "min_coverage": least,
        "packs": [
            {
                "pack": each.pack_id,
                "file": each.path,
                "coverage_percent": each.percent,
                "examples": [
                    {
                        "rule_id": one.result.rule_id,
                        "title": one.result.title,
                        "line": one.line,
                        "passed": one.result.passed,
                        "expected": {"decision": one.result.expected[0].value, "policy_id": one.result.expected[1]},
                        "found": {
                            "decision": one.result.found[0].value,
                            "policy_id": one.result.found[1],
                            "notice": one.result.verdict.decision.notifies(),
                        },
                    }
                    for one in each.examples
                ],
                "untried": [
                    {
                        "rule_id": leaf.rule_id,
                        "leaf": _leaf_words(leaf),
                        "line": (each.lines or {}).get(leaf.pointer),
                        "never": [_WORDS[truth] for truth in leaf.missing],
                    }
                    for leaf in each.coverage
                    if leaf.missing
                ],
            }
            for each in tried
        ],
        "decisions": [],
        "judged": [],
        "findings": [each.dump() for each in faults],
    }


def _leaf_words(leaf: LeafCoverage) -> str:
    import json

    operator = operator_of(leaf.leaf)
    operand = leaf.leaf[operator]
    return f"{leaf.leaf['fact']} {operator} {operand if isinstance(operand, str) else json.dumps(operand)}"


def _describe(tried: Sequence[_Tried], least: int | None, faults: Sequence[Finding]) -> str:
    rows = [
        (
            each.pack_id,
            f"{sum(one.result.passed for one in each.examples)} of {len(each.examples)}",
            f"{each.percent} %" + (" (too little)" if least is not None and each.percent < least else ""),
        )
        for each in tried
    ]
    parts = [table(("pack", "examples that hold", "leaf coverage"), rows)]
    untried = [
        (
            leaf.rule_id,
            (each.lines or {}).get(leaf.pointer),
            _leaf_words(leaf),
            ", ".join(_WORDS[t] for t in leaf.missing),
        )
        for each in tried
        for leaf in each.coverage
        if leaf.missing
    ]
    if untried:
        parts.append(table(("rule", "line", "leaf", "no example shows it"), untried))
    if faults:
        parts.append(findings(faults))
    return "\n\n".join(parts)


def _write_junit(path: str, tried: Sequence[_Tried]) -> None:
    from xml.etree import ElementTree

    suites = ElementTree.Element("testsuites", name="policy packs")
    for each in tried:
        # A pack that cannot be read has no examples; it fails as one test, so that no reader takes it for good.
        broken = [] if each.examples else list(each.findings)
        failures = sum(not one.result.passed for one in each.examples)
        suite = ElementTree.SubElement(
            suites,
            "testsuite",
            name=each.pack_id,
            tests=str(len(each.examples) + len(broken)),
            failures=str(failures),
            errors=str(len(broken)),
        )
        for one in each.examples:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=one.result.rule_id,
                name=one.result.title,
                file=each.path,
                line=str(one.line or 1),
            )
            if not one.result.passed:
                failure = ElementTree.SubElement(case, "failure", message=_difference(one.result))
                failure.text = _hint(one.result)
        for fault in broken:
            case = ElementTree.SubElement(suite, "testcase", classname=each.pack_id, name=fault.rule, file=each.path)
            ElementTree.SubElement(case, "error", message=fault.message)
    data = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    try:
        with open(path, "wb") as file:
            file.write(data + b"\n")
    except OSError as fault:
        raise NotWritten(path=path, reason=fault.strerror or str(fault)) from None
