"""The same thing said in English and in Chinese is read the same."""

import json
from pathlib import Path

import pytest

from reporting_governance.core.claim_reading import ReportReading, read_report

PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "cases/claims/pairs/english_and_chinese.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
_ASKED = ("completion", "progress", "checks_passed", "dispatched", "failure_disclosed", "asks_back")


def _values(reading: ReportReading) -> dict[str, object]:
    read = {name: getattr(reading, name).value for name in _ASKED}
    return {"kind": reading.kind, **read, **{name: each.value for name, each in reading.fields.items()}}


def test_there_are_pairs_enough() -> None:
    assert len(PAIRS) >= 60
    assert len({pair[language] for pair in PAIRS for language in ("en", "zh")}) == 2 * len(PAIRS)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["en"][:40])
def test_both_languages_are_read_the_same(pair: dict[str, str]) -> None:
    assert _values(read_report(pair["zh"])) == _values(read_report(pair["en"]))
