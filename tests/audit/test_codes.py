"""The words of the findings: one table, the page that shows it, and no word that nothing finds."""

import re
from pathlib import Path

import pytest

from ci.finding_codes import table
from reporting_governance.verifier.codes import CODES, FAILED, LIMITED, NOTE, UNKNOWN, VERDICTS

ROOT = Path(__file__).parents[2]
ROOM = ROOT / "lib/reporting_governance/verifier"


def test_the_page_shows_the_table() -> None:
    page = (ROOT / "docs/verifying.md").read_text()
    assert page.endswith(f"\n\n{table()}"), "python ci/finding_codes.py prints what docs/verifying.md should end with"


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_a_word_of_a_verdict_and_is_found_somewhere(code: str) -> None:
    entry = CODES[code]
    assert re.fullmatch("[a-z]+(-[a-z]+)*", code)
    assert (entry.verdict in VERDICTS, entry.level in (FAILED, LIMITED, NOTE, UNKNOWN)) == (True, True)
    assert entry.meaning.endswith(".")
    sources = [path.read_text() for path in ROOM.glob("*.py") if path.stem != "codes"]
    assert any(f'"{code}"' in source for source in sources), "nothing finds it"


@pytest.mark.parametrize("code", [code for code, entry in CODES.items() if entry.level == FAILED])
def test_every_failure_is_the_subject_of_a_test(code: str) -> None:
    tests = [path.read_text() for path in Path(__file__).parent.glob("test_*.py") if path.stem != "test_codes"]
    assert any(f'"{code}"' in source for source in tests), "no test shows it"
