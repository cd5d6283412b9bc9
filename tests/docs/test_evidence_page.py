"""What the page about evidence says of commands that prove nothing is what is made of them."""

import re

import pytest

from reporting_governance.contracts.deed import Deed, DeedKind
from reporting_governance.core.act_names import ALWAYS, CLOUDS, ON_FILES, SCRIPT_WORDS, VERBS, WITH_STATEMENTS
from reporting_governance.core.checks import checks_in
from tests.docs.pages import ROOT

_PAGE = (ROOT / "docs/evidence.md").read_text(encoding="utf-8")
#: rows that need no more than the command line: what it prints stands in it, and it ended with 0
ROWS = [
    (command.replace("\\|", "|"), why.replace("\\|", "|"))
    for command, why in re.findall(
        r"^\| `([^`]+)` \| (.+) \|$", _PAGE.partition("## What proves nothing")[2], re.MULTILINE
    )
]


def test_the_page_has_such_rows() -> None:
    assert len(ROWS) > 8


@pytest.mark.parametrize(("command", "why"), ROWS)
def test_a_command_of_the_page_proves_nothing_for_the_reason_given(command: str, why: str) -> None:
    printed = "\n".join(re.findall(r'echo "([^"]*)"', command))
    deed = Deed(kind=DeedKind.RUN, at=None, id="1", command=command, exit_status=0, output=printed, folder="/srv/shop")
    assert [each.proves_nothing for each in checks_in(deed)] == [why]


def test_the_page_names_all_programs_whose_acts_count() -> None:
    acts = _PAGE.partition("**An act beyond files**")[2].partition("**A check that was repeated**")[0]
    named = set(re.findall(r"`([^` ]+)`", acts))
    assert {*VERBS, *ALWAYS, *CLOUDS, *ON_FILES, *WITH_STATEMENTS, *SCRIPT_WORDS} - named == set()
