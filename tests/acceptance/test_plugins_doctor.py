"""`plugins doctor`: silent when all is well; else each thing that is wrong, and what to do about it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_plugin_drift import Host
from tests.acceptance.verbs import Ended
from tests.openclaw.plugins.making import floored, plugin, write


class Clinic(Host):
    """A host whose doctor is asked."""

    def call(self, *words: str, packaged: bool = True) -> Ended:
        """Ask the doctor."""
        own = ("--openclaw-package", str(self.home.folder.parent / "package")) if packaged else ()
        return self.verbs.call("plugins", "doctor", *own, *words)

    def faults(self, *, packaged: bool = True, code: int = 1) -> dict[str, list[dict[str, Any]]]:
        """Return what is wrong, by kind."""
        ended = self.call("--format", "json", packaged=packaged)
        assert (ended.code, ended.err) == (code, "")
        found: dict[str, list[dict[str, Any]]] = {}
        for each in ended.document()["health"]["faults"]:
            found.setdefault(each["trouble"], []).append(each)
        return found


@pytest.fixture
def host(tmp_path: Path) -> Clinic:
    host = Clinic(tmp_path)
    plugin(host.home.loose / "weather")
    write(host.home.config, {"plugins": {"entries": {"weather": {"enabled": True}}}}).chmod(0o600)
    return host


def test_it_is_silent_when_all_is_well(host: Clinic) -> None:
    assert host.call() == Ended(0, "", "")
    host.verbs.ok("run")
    assert host.call() == Ended(0, "", "")
    assert host.call("--format", "json").document()["health"]["faults"] == []


def test_it_is_silent_where_there_is_no_openclaw(tmp_path: Path) -> None:
    host = Clinic(tmp_path)
    assert host.verbs.call("plugins", "doctor", "--openclaw-home", str(tmp_path / "package")) == Ended(0, "", "")


def test_each_plugin_that_is_not_taken_has_its_reason_and_what_to_do(host: Clinic) -> None:
    floored(host.home.loose / "later", floor=">=2027.1.1")
    plugin(host.home.loose / "open").chmod(0o777)
    plugin(host.home.loose / "telegram")
    plugin(host.home.loose / "foreign", platformContract="other")
    found = host.faults()
    refused = {each["about"]: (each["seen"], each["remedy"]) for each in found["refused"]}
    assert set(refused) == {"later", "open"}
    assert "install.minHostVersion >=2027.1.1: this host is 2026.9.6" in refused["later"][0]
    assert refused["later"][1].startswith("Update OpenClaw")
    assert "chmod o-w" in refused["open"][1]
    assert [each["about"] for each in found["duplicate"]] == ["telegram"]
    (unfit,) = found["unfit"]
    assert (unfit["about"], "platformContract" in unfit["seen"]) == ("foreign", True)
    text = host.call().out
    assert "later" in text
    assert "what to do" in text
    assert "not on the PATH" in text


def test_what_the_configuration_says_and_nobody_can_mean(host: Clinic) -> None:
    policy = {
        "allow": ["weather", "nobody", "memory-core"],
        "deny": ["weather"],
        "entries": {"weather": {"enabled": True}, "absent": {}, "left": {"enabled": False}, "a2a": {"enabled": True}},
        "slots": {"memory": "no-such"},
    }
    write(host.home.config, {"plugins": policy}).chmod(0o600)
    found = host.faults()
    assert {(each["about"], each["seen"].split(" ")[0]) for each in found["not_there"]} == {
        ("absent", "plugins.entries.absent"),
        ("nobody", "plugins.allow"),
        ("no-such", "plugins.slots.memory"),
    }
    assert [each["about"] for each in found["contradiction"]] == ["weather", "a2a"]
    write(host.home.config, {"plugins": {"enabled": False, "entries": {"weather": {"enabled": True}}}}).chmod(0o600)
    assert [each["about"] for each in host.faults()["contradiction"]] == ["plugins.enabled"]


def test_without_the_package_nothing_is_called_absent(host: Clinic) -> None:
    write(host.home.config, {"plugins": {"entries": {"a2a": {"enabled": True}}}}).chmod(0o600)
    found = host.faults(packaged=False)
    assert set(found) == {"not_seen"}
    assert "--openclaw-package" in found["not_seen"][0]["remedy"]


@pytest.mark.parametrize(("mode", "who"), [(0o622, "everybody"), (0o660, "its group")])
def test_a_configuration_that_others_may_write(host: Clinic, mode: int, who: str) -> None:
    host.home.config.chmod(mode)
    (fault,) = host.faults()["configuration"]
    assert (fault["about"], who in fault["seen"]) == (str(host.home.config), True)


def test_a_configuration_in_a_folder_that_everybody_may_write(host: Clinic) -> None:
    host.home.state.chmod(0o777)
    assert [each["about"] for each in host.faults()["configuration"]] == [str(host.home.state)]


def test_a_configuration_that_openclaw_does_not_take(host: Clinic) -> None:
    write(host.home.config, {"plugins": {"allowed": []}}).chmod(0o600)
    (fault,) = host.faults()["configuration"]
    assert "plugins has the key allowed" in fault["seen"]
    assert "openclaw config validate" in fault["remedy"]


def test_drift_that_is_not_told_and_drift_that_nobody_acknowledged(host: Clinic) -> None:
    host.verbs.ok("run")
    write(host.home.config, {"plugins": {"deny": ["weather"]}}).chmod(0o600)
    (fault,) = host.faults()["drift"]
    assert "from on to off: weather (it stands in plugins.deny)" in fault["seen"]
    assert fault["remedy"].startswith("Let `reportgov run`")
    host.verbs.ok("run")
    (fault,) = host.faults()["drift"]
    assert (": weather" in fault["seen"], "reportgov ack self:plugins" in fault["remedy"]) == (True, True)
    host.verbs.ok("ack", "self:plugins")
    assert host.call() == Ended(0, "", "")


def test_backups_are_counted(host: Clinic) -> None:
    backup = host.home.state / "openclaw.json.reportgov.bak"
    backup.write_text("{}")
    left = host.home.state / ".openclaw.json.reportgov.new.1"
    left.write_text("{}")
    health = json.loads(host.call("--format", "json").out)["health"]
    assert (health["backups"], health["left_behind"]) == ([str(backup)], [str(left)])
    assert host.call().code == 0


def test_it_takes_no_ids(host: Clinic) -> None:
    assert host.call("weather").code == 2
