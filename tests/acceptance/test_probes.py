"""Descriptors against the real programs: ours hold, and one that lies turns red.

Each story is played once; all descriptors are held against what was seen then.
"""

import copy
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from reporting_governance import __version__
from reporting_governance.adapters.probes.interface import Seen, Setting, Story
from reporting_governance.adapters.probes.registry import stories_of
from reporting_governance.adapters.probes.running import own_program
from reporting_governance.contracts.reading import read_documents
from reporting_governance.contracts.waiver import Waiver
from reporting_governance.core.probing import Judgement, Versions, judge
from reporting_governance.stages.probing import Probing, probe_descriptor
from tests.acceptance.verbs import ROOT

PROFILE = "profiles/probing/profile.yaml"
PROOF = "notification_path.final_delivery_proof"
TODAY = date(2027, 1, 4)
NOW = datetime(2027, 1, 4, 2, tzinfo=UTC)


@dataclass
class Once:
    """A story that is played for the first who asks."""

    story: Story
    seen: list[Seen] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.story.name

    @property
    def powers(self) -> Sequence[str]:
        return self.story.powers

    @property
    def limit_seconds(self) -> int:
        return self.story.limit_seconds

    def play(self, setting: Setting) -> Seen:
        if not self.seen:
            self.seen.append(self.story.play(setting))
        return self.seen[0]


@cache
def stories(runtime: str, mode: str) -> tuple[Once, ...]:
    return tuple(Once(each) for each in stories_of(runtime, mode))


def shipped(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / f"capabilities/{name}.json").read_text())
    return document


def judged(document: Mapping[str, Any], *waivers: Waiver, strict: bool = True) -> Judgement:
    runtime = document["runtime"]
    how = Probing(program=own_program(), profile=str(ROOT / PROFILE), package_version=__version__, root=str(ROOT))
    probed = probe_descriptor(document, stories(runtime["name"], runtime["mode"]), how, now=lambda: NOW)
    return judge(document, probed, waivers, today=TODAY, now=NOW, versions=Versions(package=__version__), strict=strict)


def lying(name: str, **levels: str) -> dict[str, Any]:
    """Return a copy of a descriptor that claims other levels; keys are powers with `__` for the dot."""
    document = copy.deepcopy(shipped(name))
    for key, level in levels.items():
        group, _, leaf = key.partition("__")
        claim: dict[str, Any] = {"supported": level != "none", "level": level}
        if level != "none":
            claim["probe"] = f"{group}.{leaf}"
        document["capabilities"][group][leaf] = claim
    return document


def found(judgement: Judgement) -> set[tuple[str, str]]:
    return {(each.rule.id, each.power) for each in judgement.standing}


def waiver(until: str, power: str = PROOF) -> Waiver:
    return Waiver(rule="GOV401", descriptor="local-host", power=power, owner="ops", reason="known", until=until)


def test_our_own_runtime_does_what_it_claims() -> None:
    judgement = judged(shipped("local-host"))
    assert [(each.rule.id, each.message) for each in judgement.problems] == []
    assert judgement.counts == {"confirmed": 28, "contradicted": 0, "inconclusive": 0, "not_probed": 0, "waived": 0}


def test_full_delivery_proof_with_a_sender_that_only_gets_accepted_is_red_in_both_places() -> None:
    judgement = judged(lying("local-host", notification_path__final_delivery_proof="full"))
    (problem,) = judgement.standing
    assert (problem.rule.id, problem.severity) == ("GOV401", "error")
    assert problem.pointer == "/capabilities/notification_path/final_delivery_proof/level"
    (place,) = problem.related
    assert place.file == PROFILE
    (profile,) = read_documents((ROOT / PROFILE).read_bytes(), name=PROFILE).documents
    pointer, span = profile.nearest(place.pointer)
    assert pointer == place.pointer == "/notification/receivers/many/targets/accepts/sender"
    assert span is not None
    line = (ROOT / PROFILE).read_text().splitlines()[span.line - 1]
    assert "sender: webhook" in line
    assert "accepted" in line


def test_the_same_with_partial_and_its_limit_is_green() -> None:
    partial = shipped("local-host")
    assert partial["capabilities"]["notification_path"]["final_delivery_proof"]["limits"]
    assert found(judged(partial)) == set()


def test_a_waiver_covers_it_until_its_day_and_no_longer_than_it_is_needed() -> None:
    false = lying("local-host", notification_path__final_delivery_proof="full")
    assert found(judged(false, waiver("2027-01-04"))) == set()
    assert found(judged(false, waiver("2027-01-03"))) == {("GOV401", PROOF), ("GOV405", PROOF)}
    assert found(judged(shipped("local-host"), waiver("2027-12-31"))) == {("GOV406", PROOF)}


OVERCLAIMS = {
    "observation__task_lifecycle": "full",
    "observation__subagent_lifecycle": "full",
    "observation__outgoing_report_attempts": "partial",
    "enforcement__block_transition": "full",
    "enforcement__rewrite_message": "partial",
    "enforcement__annotate_placeholder": "full",
    "enforcement__force_checkpoint": "full",
    "enforcement__request_review": "full",
    "enforcement__downgrade_status": "full",
    "enforcement__escalate": "full",
    "notification_path__direct_send": "full",
    "storage__original_messages": "full",
    "storage__audit_trail": "full",
}


def test_every_overclaim_is_contradicted() -> None:
    judgement = judged(lying("local-host", **OVERCLAIMS))
    assert found(judgement) == {("GOV401", key.replace("__", ".")) for key in OVERCLAIMS}


def test_what_works_and_is_claimed_none_is_an_underclaim() -> None:
    working = [
        f"{group}__{leaf}"
        for group, leaves in shipped("local-host")["capabilities"].items()
        for leaf, claim in leaves.items()
        if claim.get("level", "none") != "none"
    ]
    judgement = judged(lying("local-host", **dict.fromkeys(working, "none")))
    assert found(judgement) == {("GOV402", key.replace("__", ".")) for key in working}
    assert len(working) == 24


GATES = {
    "generic-gate": {"observation__checkpoint_obligations": "partial", "enforcement__rewrite_message": "full"},
    "claude-code-hooks": {"enforcement__rewrite_message": "partial", "enforcement__request_review": "partial"},
    "openclaw-plugin": {"observation__subagent_lifecycle": "partial", "enforcement__annotate_placeholder": "partial"},
}
EVERY_GATE = {
    "observation__watchdog_state": "partial",
    "watchdog__watchdog_evaluation": "full",
    "notification_path__direct_send": "partial",
    "notification_path__final_delivery_proof": "full",
    "storage__events": "full",
    "storage__decisions": "full",
    "storage__evidence": "full",
}


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(GATES))
def test_gates_do_what_they_claim_and_a_lie_is_found(name: str) -> None:
    honest = judged(shipped(name))
    assert [(each.rule.id, each.message) for each in honest.problems] == []
    assert honest.counts["confirmed"] == (24 if name == "openclaw-plugin" else 28)
    lies = GATES[name] | EVERY_GATE
    assert found(judged(lying(name, **lies))) == {("GOV401", key.replace("__", ".")) for key in lies}


@pytest.mark.long
def test_a_program_that_does_not_do_what_it_records_is_caught(tmp_path: Path) -> None:
    """The gate decides to hold and records so, and its host is never told."""
    script = tmp_path / "program.py"
    lines = (
        "import sys",
        f"sys.path.insert(0, {str(ROOT / 'lib')!r})",
        "from reporting_governance.adapters.hosts.claude_code import answer",
        "answer._held = lambda *_: {}",
        "from reporting_governance.__main__ import main",
        "main()",
    )
    script.write_text("\n".join(lines))
    document = shipped("claude-code-hooks")
    how = Probing(program=(sys.executable, "-I", str(script)), profile=str(ROOT / PROFILE), package_version=__version__)
    probed = probe_descriptor(document, stories_of("claude-code", "hook"), how, now=lambda: NOW)
    judgement = judge(document, probed, today=TODAY, now=NOW, versions=Versions(package=__version__))
    assert found(judgement) >= {
        ("GOV401", "enforcement.block_transition"),
        ("GOV401", "observation.outgoing_report_attempts"),
    }
    (block,) = [each for each in judgement.standing if each.power == "enforcement.block_transition"]
    assert "not said honestly" in block.message


@pytest.mark.long
def test_the_watchdog_chain_does_what_it_claims_and_a_lie_is_found() -> None:
    honest = judged(shipped("openclaw-watchdog-reference"))
    assert [(each.rule.id, each.message) for each in honest.problems] == []
    assert (honest.counts["confirmed"], honest.counts["not_probed"]) == (25, 3)
    lies = {
        "enforcement__block_transition": "partial",
        "enforcement__rewrite_message": "full",
        "enforcement__annotate_placeholder": "partial",
        "enforcement__force_checkpoint": "partial",
        "enforcement__request_review": "full",
        "enforcement__downgrade_status": "partial",
        "enforcement__escalate": "partial",
        "notification_path__direct_send": "full",
        "storage__original_messages": "partial",
        "storage__decisions": "full",
    }
    assert found(judged(lying("openclaw-watchdog-reference", **lies))) == {
        ("GOV401", key.replace("__", ".")) for key in lies
    }
    proof = judged(lying("openclaw-watchdog-reference", notification_path__final_delivery_proof="full"))
    assert [each.file for problem in proof.standing for each in problem.related] == [PROFILE]
