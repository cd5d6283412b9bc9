"""Who signs where hosts share a log, and that it is told when nobody does."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.commands import _known_key
from tests.acceptance.verbs import Verbs
from tests.postgres.back_end import PostgresBackEnd

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("databases")]


@pytest.fixture
def verbs(tmp_path: Path) -> Verbs:
    """The host whose `init` came first, and which therefore has the key."""
    first = Verbs(tmp_path / "host-a")
    first.ok("init")
    return first


@pytest.fixture
def other(verbs: Verbs, tmp_path: Path) -> Verbs:
    """A host of the same log, without the key."""
    (tmp_path / "host-b").mkdir()
    shutil.copy(verbs.state / "database", tmp_path / "host-b/database")
    return Verbs(tmp_path / "host-b")


def check_of(verbs: Verbs) -> dict[str, Any]:
    (check,) = [
        each for each in verbs.call("doctor", "--format", "json").document()["checks"] if each["rule"] == "GOV915"
    ]
    return dict(check)


def test_a_key_that_is_gone_from_the_host_that_had_it_is_told_there(verbs: Verbs, other: Verbs) -> None:
    (verbs.state / "keys/log.key").unlink()
    verbs.ok("report", "start", "job", "--agent", "coder")
    ended = verbs.call("run")
    assert ended.code == 0
    assert "is not there" in ended.err
    assert check_of(verbs)["verdict"] == "bad"
    assert other.ok("run").err == ""
    assert verbs.call("keys", "rotate").code == 3
    verbs.ok("keys", "rotate", "--lost", "--reason", "the disk is gone")
    assert verbs.ok("run").err == ""
    assert check_of(verbs)["verdict"] == "ok"


def test_a_host_that_rotates_without_the_key_stays_one_that_has_none(verbs: Verbs, other: Verbs) -> None:
    refused = other.call("keys", "rotate")
    assert refused.code == 3
    assert "is not there" in refused.err
    assert not (other.state / "keys").exists()
    other.ok("report", "start", "job", "--agent", "coder")
    assert other.ok("run").err == ""
    assert "another host has the key" in check_of(other)["seen"]


def test_a_log_that_nobody_signs_any_more_is_told_by_every_host(
    verbs: Verbs, other: Verbs, databases: PostgresBackEnd
) -> None:
    """The host with the key may be gone for good, and whoever is left has to hear of it."""
    other.ok("report", "start", "job", "--agent", "coder")
    found = check_of(other)
    assert (found["verdict"], "another host has the key" in found["seen"]) == ("ok", True)
    databases.let_pass(str(other.state), 3700)
    found = check_of(other)
    assert found["verdict"] == "warning"
    assert "signed nothing since" in found["seen"]
    assert "--lost" in found["advice"]
    verbs.call("run")
    assert check_of(other)["verdict"] == "ok"


@pytest.mark.parametrize("few", [1, 100], ids=["noted", "read-again"])
def test_a_new_key_is_known_to_every_host(
    verbs: Verbs, other: Verbs, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that has the old key too, and knew it as the one in force, signs with it no more, and says so."""
    monkeypatch.setattr(_known_key, "_FEW_LINES", few)
    shutil.copytree(verbs.state / "keys", other.state / "keys")
    other.ok("report", "start", "job", "--agent", "coder")
    other.ok("run")
    old = other.ok("keys", "show", "--format", "json").document()["key"]
    other.ok("report", "checkpoint", "job", "one")
    other.ok("report", "checkpoint", "job", "two")
    other.ok("run")
    new = verbs.ok("keys", "rotate", "--format", "json").document()["key"]
    signed = verbs.ok("keys", "show", "--format", "json").document()["newest_head"]
    shown = other.call("keys", "show", "--format", "json")
    assert shown.document()["key"] == new != old
    assert "another key than the journal knows" in shown.document()["problem"]
    other.ok("report", "checkpoint", "job", "more")
    other.call("run")
    assert other.call("keys", "show", "--format", "json").document()["newest_head"] == signed
    verbs.ok("run")
    ended = verbs.call("verify-audit", "--key", old["verifier_key"], "--require", "authenticity")
    assert ended.code == 0, ended
