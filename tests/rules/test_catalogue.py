"""The catalogue is whole: every id that the program can name is in it, and every rule in it can be named."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from ci.rules_page import GROUPS, page
from reporting_governance.commands._formats import sarif
from reporting_governance.commands._health_check import Rule
from reporting_governance.commands._rule_texts import rule_texts
from reporting_governance.commands._rules import catalogue, every_rule
from reporting_governance.commands._verify import Verified
from reporting_governance.contracts.finding import FindingRule
from reporting_governance.contracts.finding_rules import UNKNOWN_KEY
from tests.rules.trying import ROOT

PACKAGE = ROOT / "lib" / "reporting_governance"
#: who may read the long texts: the verb, how it shows them, and the help in SARIF
READERS = {"commands/rule.py", "commands/_rule_account.py", "commands/_rules.py", "commands/_formats/sarif.py"}


@cache
def sources() -> dict[str, str]:
    """Return path below the package -> text of every module but those of the long texts."""
    found = {str(each.relative_to(PACKAGE)): each.read_text() for each in PACKAGE.rglob("*.py")}
    return {path: text for path, text in found.items() if "_rule_texts" not in path}


def named(path: str) -> str:
    """Return the dotted name of a module."""
    return f"reporting_governance.{path.removesuffix('.py').replace('/', '.')}"


@cache
def trees() -> dict[str, ast.Module]:
    """Return path -> syntax tree of the modules in which a rule can be meant."""
    words = re.compile(r"rule|Rule|GOV\d|\.finding\(")
    return {path: ast.parse(text) for path, text in sources().items() if words.search(text)}


def used() -> Iterator[tuple[str, str]]:
    """Yield (module, name) of everything that a module reads, of its own or imported."""
    for path, tree in trees().items():
        origin: dict[str, tuple[str, str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                origin |= {each.asname or each.name: (node.module, each.name) for each in node.names}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                yield origin.get(node.id, (named(path), node.id))
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in origin:
                yield ".".join(origin[node.value.id]), node.attr


def defined() -> Iterator[tuple[str, str, str]]:
    """Yield (module, name, id) of every rule that a module defines."""
    for path, tree in trees().items():
        names = [
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
            for target in node.targets
            if isinstance(target, ast.Name) and target.id.isupper()
        ]
        for name in names:
            value = getattr(import_module(named(path)), name)
            if isinstance(value, FindingRule):
                yield named(path), name, value.id


def test_every_id_that_the_program_names_is_in_the_catalogue() -> None:
    ids = {each for text in sources().values() for each in re.findall(r"GOV\d{3}", text)}
    assert ids - set(catalogue()) == set()
    assert {each for _, _, each in defined()} | {each.value for each in Rule} | {"GOV811"} == set(catalogue())


def test_every_rule_in_it_is_raised_somewhere() -> None:
    reads = set(used())
    assert [each for *place, each in defined() if tuple(place) not in reads] == []


def test_every_check_of_doctor_is_made_somewhere() -> None:
    made = set(re.findall(r"Check\(\s*Rule\.(\w+)", "".join(sources().values())))
    assert {each.name for each in Rule} - made == set()


def test_an_id_is_given_once() -> None:
    ids = [each for _, _, each in defined()]
    assert sorted(ids) == sorted(set(ids))
    assert set(ids).isdisjoint(each.value for each in Rule)


def test_every_rule_has_its_texts_and_there_are_no_others() -> None:
    assert list(rule_texts()) == list(catalogue())
    for rule, text in rule_texts().items():
        assert catalogue()[rule].sentence.endswith("."), rule
        assert text.why.endswith("."), rule
        assert (text.fix or catalogue()[rule].help).endswith("."), rule
        assert text.bad.text != text.good.text or text.bad.encoding != text.good.encoding, rule
        assert text.bad.descriptor_part == text.good.descriptor_part, rule


def test_nobody_else_reads_the_long_texts() -> None:
    assert {path for path, text in sources().items() if "_rule_texts" in text} == READERS
    known = {path for path, text in sources().items() if re.search(r"_rule_account|import .*\bcatalogue\b", text)}
    assert known == {"commands/rule.py", "commands/_formats/sarif.py"}


def test_the_page_says_what_the_catalogue_says() -> None:
    assert (ROOT / Path("docs/rules.md")).read_text() == page(), "run: python ci/rules_page.py > docs/rules.md"
    assert {each[:4] for each in catalogue()} == set(GROUPS)


def test_the_help_in_sarif_says_why_and_shows_an_example() -> None:
    done = Verified("deployment-profile", [UNKNOWN_KEY.finding(file="a.yaml", message="unknown key x")])
    text = rule_texts()[UNKNOWN_KEY.id]
    written = sarif.write(done)
    assert text.why in written
    assert text.bad.text.rstrip() in written
    assert every_rule()[UNKNOWN_KEY.id].help in written
