"""Puts an example of the rule catalogue through the check that it is an example for."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporting_governance.adapters.tasks.json_file import JsonSource
from reporting_governance.commands import _checking
from reporting_governance.commands._policy_facts import show_facts
from reporting_governance.commands._rule_texts.example import BASES, Example, Subject, laid_over
from reporting_governance.commands._verify import Meaning, Wanted, verify
from reporting_governance.commands._verify_descriptors import DescriptorMeaning
from reporting_governance.commands._verify_packs import PackMeaning
from reporting_governance.commands._verify_profiles import ProfileMeaning
from reporting_governance.commands._wiring import CommandContext

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = _checking.shipped_schemas()


def rules_of(example: Example, folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    """Return the ids of all findings about an example, each once."""
    patch.setattr(_checking, "shipped_schemas", lambda: SCHEMAS)
    text = example.document
    assert text is not None
    path = folder / f"example.{example.form.value}"
    path.write_bytes(text.encode(example.encoding))
    return sorted(set(_TRIALS[example.subject](example, path)))


def _verified(example: Example, path: Path) -> list[str]:
    meaning: Meaning
    if example.subject is Subject.DESCRIPTOR:
        meaning = DescriptorMeaning(str(ROOT))
    elif example.subject is Subject.PACK:
        meaning = PackMeaning()
    else:
        meaning = ProfileMeaning(_descriptor_beside(example, path), state="/srv/reportgov")
    done = verify(example.subject.value, Wanted((str(path),), str(ROOT), False, False), meaning)
    assert not done.unread
    return [each.rule for each in done.findings]


def _descriptor_beside(example: Example, path: Path) -> str | None:
    if not example.descriptor_part:
        return None
    beside = path.with_name("descriptor.yaml")
    beside.write_text(laid_over(example.descriptor_part, BASES[Subject.DESCRIPTOR]))
    return str(beside)


def _tasks(_example: Example, path: Path) -> list[str]:
    source = JsonSource({"path": str(path)})
    read = source.read(now=datetime(2026, 3, 1, 9, tzinfo=UTC), baseline_at=None, known=frozenset())
    return [each.rule for each in read.findings]


def _check_ins(_example: Example, path: Path) -> list[str]:
    _, findings = _checking.read_check_ins(path.read_bytes(), name="example")
    return [each.rule for each in findings]


def _facts(_example: Example, path: Path) -> list[str]:
    context = CommandContext("policy", str(path.parent / "state"), "minimal-solo-mode")
    reply = show_facts(context, str(path), transcript=None, as_lines=False)
    return [each["rule"] for each in reply.document["findings"]]


_TRIALS = {
    Subject.DESCRIPTOR: _verified,
    Subject.PROFILE: _verified,
    Subject.PACK: _verified,
    Subject.TASKS: _tasks,
    Subject.CHECK_IN: _check_ins,
    Subject.FACTS: _facts,
}
