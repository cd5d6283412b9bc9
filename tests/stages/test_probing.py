"""Stories are played in order and in time; whatever goes wrong with one says nothing about the runtime."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.probes.interface import NotHere, Place, ProbeStopped, Seen, Setting, Sight
from reporting_governance.contracts.capability import Observation, SupportLevel
from reporting_governance.contracts.probe_observation import ProbedDescriptor
from reporting_governance.errors import ContractError
from reporting_governance.stages.probing import (
    ObservationsUnusable,
    Probing,
    probe_descriptor,
    read_observations,
    write_observations,
)

NOW = datetime(2027, 1, 4, 2, tzinfo=UTC)
EVENTS, BLOCK = "storage.events", "enforcement.block_transition"


@dataclass
class Told:
    """A story that tells what it is given, or fails."""

    powers: Sequence[str]
    sights: Sequence[Sight] = ()
    fault: Exception | None = None
    name: str = "told"
    limit_seconds: int = 20
    settings: list[Setting] = field(default_factory=list)

    def play(self, setting: Setting) -> Seen:
        self.settings.append(setting)
        assert os.stat(setting.scratch).st_mode & 0o777 == 0o700
        Path(setting.scratch, "left").write_text("behind")
        if self.fault is not None:
            raise self.fault
        return Seen(sights=self.sights, evidence_sha256="0" * 64, runtime_version="Host 1")


def descriptor(**levels: str) -> dict[str, Any]:
    groups: dict[str, dict[str, Any]] = {}
    for key, level in levels.items():
        group, _, leaf = key.partition("__")
        groups.setdefault(group, {})[leaf] = {"supported": level != "none", "level": level}
    return {"metadata": {"id": "d"}, "runtime": {"name": "r", "mode": "hook"}, "capabilities": groups}


def probed(document: Mapping[str, Any], *stories: Told, **more: Any) -> ProbedDescriptor:
    how = Probing(program=("true",), profile="p", package_version="1.0.0", root="/package", **more)
    return probe_descriptor(document, stories, how, now=lambda: NOW)


def outcomes(found: ProbedDescriptor) -> dict[str, Observation]:
    return {each.power: each.outcome for each in found.observations}


def works(power: str, level: str, **more: Any) -> Sight:
    return Sight(power=power, found=SupportLevel(level), sentence="Seen.", **more)


def test_what_is_seen_is_held_against_what_is_claimed() -> None:
    place = Place(file="/package/profiles/p.yaml", pointer="/a", message="it only accepts")
    story = Told([EVENTS, BLOCK], [works(EVENTS, "partial", places=(place,)), works(BLOCK, "none")])
    found = probed(descriptor(storage__events="full", enforcement__block_transition="none"), story)
    assert outcomes(found) == {BLOCK: Observation.CONFIRMED, EVENTS: Observation.CONTRADICTED}
    (events,) = [each for each in found.observations if each.power == EVENTS]
    assert [each.file for each in events.related] == ["profiles/p.yaml"]
    assert (found.runtime_version, found.expires_at - found.probed_at) == ("Host 1", timedelta(days=30))
    assert not os.path.exists(story.settings[0].scratch)


@pytest.mark.parametrize(
    ("fault", "outcome", "said"),
    [
        (NotHere(reason="the program is not here"), "not_probed", "the program is not here"),
        (ProbeStopped(reason="scan ended with 70"), "inconclusive", "scan ended with 70"),
        (ZeroDivisionError("of ours"), "inconclusive", "ZeroDivisionError"),
    ],
)
def test_what_goes_wrong_with_a_probe_confirms_nothing(fault: Exception, outcome: str, said: str) -> None:
    story = Told([EVENTS], fault=fault)
    for level in ("none", "partial", "full"):
        found = probed(descriptor(storage__events=level), story)
        assert outcomes(found) == {EVENTS: outcome}
        assert said in found.observations[0].sentence
    assert not os.path.exists(story.settings[-1].scratch)


def test_a_story_that_forgets_a_power_is_inconclusive_about_it() -> None:
    assert outcomes(probed(descriptor(storage__events="full"), Told([EVENTS]))) == {EVENTS: "inconclusive"}
    untold = Sight(power=EVENTS, found=None, sentence="Unreadable.")
    assert outcomes(probed(descriptor(storage__events="full"), Told([EVENTS], [untold]))) == {EVENTS: "inconclusive"}


def test_a_power_without_a_story_is_not_probed() -> None:
    found = probed(descriptor(storage__events="full"))
    assert outcomes(found) == {EVENTS: Observation.NOT_PROBED}
    assert "no probe of it for the runtime r" in found.observations[0].sentence


def test_stories_about_nothing_that_is_claimed_are_not_played() -> None:
    story = Told([BLOCK])
    probed(descriptor(storage__events="full"), story)
    assert story.settings == []


def test_time_is_limited_for_each_and_in_all_and_progress_is_told() -> None:
    told: list[tuple[int, int, str]] = []
    first = Told([EVENTS], [works(EVENTS, "full")], name="first")
    second = Told([BLOCK], [works(BLOCK, "full")], name="second")
    document = descriptor(storage__events="full", enforcement__block_transition="full")
    began = time.monotonic()
    probed(document, first, second, seconds_each=3, progress=lambda *each: told.append(each))
    assert told == [(0, 2, "first"), (1, 2, "second"), (2, 2, "")]
    assert first.settings[0].deadline - began < 5
    late = probed(document, first, second, seconds_in_all=0)
    assert set(outcomes(late).values()) == {Observation.NOT_PROBED}
    assert len(first.settings) == 1


def some() -> ProbedDescriptor:
    return probed(descriptor(storage__events="full"), Told([EVENTS], [works(EVENTS, "full")]))


def test_observations_are_written_whole_and_read_again(tmp_path: Path) -> None:
    path = str(tmp_path / "observations.json")
    write_observations(path, [some()])
    read = read_observations(path)
    assert read.of("d") == some()
    assert os.listdir(tmp_path) == ["observations.json"]
    other = {**some().dump(), "descriptor": "e"}
    write_observations(path, [ProbedDescriptor.parse(other)], kept=read)
    assert [each.descriptor for each in read_observations(path).descriptors] == ["d", "e"]


def test_no_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    write_observations(str(real), [some()])
    before = real.read_text()
    link.symlink_to(real)
    for use in (lambda: read_observations(str(link)), lambda: write_observations(str(link), [])):
        with pytest.raises(ObservationsUnusable):
            use()
    assert real.read_text() == before
    assert link.is_symlink()
    assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"kind": NaN}', "\udcff"])
def test_what_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "o.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ObservationsUnusable):
        read_observations(str(path))


def test_other_shapes_and_places_are_refused(tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text(json.dumps({"kind": "Waivers"}))
    with pytest.raises(ContractError):
        read_observations(str(tmp_path / "o.json"))
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "none.json"):
        with pytest.raises(ObservationsUnusable):
            read_observations(str(path))
    with pytest.raises(ObservationsUnusable):
        write_observations(str(tmp_path / "no/such/folder.json"), [])
