"""Every report that we said we would try has a test that names it, or a reason why there is none."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

TESTS = Path(__file__).parents[1]

#: What users of other programs reported about watching and telling, by project.
REPORTED: Mapping[str, str] = {
    "uptime-kuma": "6046 1946 7436 4858",
    "alertmanager": "4108 2222 1005 4008 2370 2146 2417 3410 2111 3121 226 3367 2496 2320 917 3370",
    "grafana": "68162",
    "healthchecks": "363 433 148 510 48 691 1160 815 418",
    "cronie": "124",
    "oncall": "4654 4760 3111 3898",
    "ntfy": "757 1293 1834 1925",
    "apprise": "306 538 1611",
    "speedtest-tracker": "2680",
    "mission-control": "2683",
    "keep": "5251",
    "etcd": "14098",
    "systemd": "28886 15425",
    "clawock": "1405",
    "openclaw": "28603 27069 28032 40356 64006 98020 91300 79293 61913 44596 78891 129202 151790 104632 28964 102367 "
    "27921 30246 81087 40646 110853 73556 16460 75895 79436 128246 16855 80672 67286 98420 77480 84159 38300 79053 "
    "106517 97739 140671 71803 87397 143396 145203 96168 92401 63196 71963 78463 72884 29128 24353 77598 "
    "58009 121750 105683 154066 134156 135776 155477 115073",
    "agentteams": "882",
    "openviking": "512",
}
#: What is not tried, and why.
NOT_TRIED: Mapping[str, str] = {
    "openclaw 50844": "a job's own time limit tells nobody: not among the captured databases",
    "openclaw 134895": "cron that fails silently, in a way that no captured database holds",
    "openclaw 21552": "cron that fails silently, in a way that no captured database holds",
    "openclaw 75785": "a child that is called timed out and succeeded: not among the captured databases",
    "openclaw 127985": "maintenance that calls a live task lost: not among the captured databases",
    "openclaw 77771": "a wish for what this is",
    "hermes-agent 9116": "a wish for what this is",
}
_PROJECTS = "|".join(sorted(REPORTED, key=len, reverse=True)).replace("uptime-kuma", "uptime[- ]kuma")
_NUMBERS = r"(?:PR ?)?#?[0-9]{2,6}"
_NAMED = re.compile(rf"\b(?P<project>{_PROJECTS})[ #]+(?P<numbers>{_NUMBERS}(?:,\s+{_NUMBERS})*)", re.IGNORECASE)


def docstrings() -> Iterator[str]:
    """Yield the docstring of every test, and of modules that hold tests."""
    for path in sorted(TESTS.rglob("test_*.py")):
        tree = ast.parse(path.read_text())
        functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)]
        tests = [each for each in functions if each.name.startswith("test_")]
        if tests:
            yield ast.get_docstring(tree) or ""
        yield from (ast.get_docstring(each) or "" for each in tests)


def named() -> set[str]:
    """Return `project number` of every report that a docstring names."""
    found: set[str] = set()
    for text in docstrings():
        for each in _NAMED.finditer(text):
            project = each["project"].lower().replace(" ", "-")
            found |= {f"{project} {number}" for number in re.findall("[0-9]+", each["numbers"])}
    return found


def test_every_report_has_a_test_that_names_it() -> None:
    wanted = {f"{project} {number}" for project, numbers in REPORTED.items() for number in numbers.split()}
    assert sorted(wanted - named()) == []


def test_what_is_tried_is_not_called_untried() -> None:
    assert sorted(named() & NOT_TRIED.keys()) == []
    listed = {f"{project} {number}" for project, numbers in REPORTED.items() for number in numbers.split()}
    assert sorted(listed & NOT_TRIED.keys()) == []
