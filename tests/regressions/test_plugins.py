"""What users of OpenClaw reported about plugins that were off, or on, and nobody said so."""

import json
from pathlib import Path

import pytest

from tests.acceptance.test_plugin_drift import Host
from tests.acceptance.verbs import Ended
from tests.openclaw.plugins.making import floored, plugin, write


class Watched(Host):
    """A host whose plugins are watched and asked about."""

    def plugins(self, *words: str) -> Ended:
        """Run `plugins` on this host's OpenClaw."""
        places = ("--openclaw-home", self.home.folder, "--openclaw-package", self.home.folder.parent / "package")
        return self.verbs.call("plugins", *words, *map(str, places))

    def on(self) -> set[str]:
        """Return the ids of the plugins that are on."""
        listed = self.plugins("list", "--format", "json").document()["plugins"]
        return {each["id"] for each in listed if each["enabled"]}

    def update(self, version: str) -> None:
        """Put another version of OpenClaw in the place of this one."""
        write(self.home.folder.parent / "package" / "package.json", {"name": "openclaw", "version": version})


@pytest.fixture
def host(tmp_path: Path) -> Watched:
    host = Watched(tmp_path)
    plugin(host.home.loose / "weather")
    write(host.home.config, "// mine\n{plugins: {entries: {weather: {enabled: false}}}} // keep\n")
    host.verbs.ok("run")
    return host


def test_turning_one_on_turns_no_other_off(host: Watched) -> None:
    """openclaw 121750: to allow one plugin left 2 of 51."""
    before = host.on()
    assert host.plugins("enable", "weather").code == 0
    assert host.on() == before | {"weather"}


def test_remarks_stay_when_one_is_turned_on(host: Watched) -> None:
    """openclaw 105683: a write of the configuration lost every comment."""
    assert host.plugins("enable", "weather").code == 0
    text = host.home.config.read_text()
    assert (text.startswith("// mine\n"), text.endswith("// keep\n")) == (True, True)


def test_one_that_was_turned_on_and_is_off_again_is_told(host: Watched) -> None:
    """openclaw 154066, AgentTeams 882, OpenViking 512: another writer undid it, and it stayed off unseen."""
    old = host.home.config.read_bytes()
    assert host.plugins("enable", "weather").code == 0
    host.verbs.ok("run")
    assert host.told() == [], "it was ours"
    host.home.config.write_bytes(old)
    host.verbs.ok("run")
    (notice,) = host.told()
    assert "from on to off: weather" in notice["body"]


def test_an_update_that_leaves_a_plugin_out_is_told(host: Watched) -> None:
    """openclaw 134156, openclaw 135776: host and plugin did not fit any more, and all looked healthy."""
    floored(host.home.loose / "narrow", api="<2026.10.1")
    host.verbs.ok("run")
    before = len(host.told())
    host.update("2026.10.2")
    host.verbs.ok("run")
    assert "from on to not taken: narrow (compat.pluginApi <2026.10.1" in host.told()[before]["body"]


def test_which_plugin_an_update_would_leave_out_is_known_before(host: Watched) -> None:
    """openclaw 155477: one plugin without a release that fits stopped the whole update."""
    floored(host.home.loose / "narrow", api="<2026.10.1")
    assert host.plugins("check").code == 0
    ended = host.plugins("check", "--host-version", "2026.10.2")
    assert ended.code == 1
    assert [line.split()[0] for line in ended.out.splitlines() if " unfit " in line] == ["narrow"]


def test_the_doctor_is_not_well_when_a_plugin_is_missing(host: Watched) -> None:
    """openclaw 115073: doctor called healthy what did not work.  openclaw 58009: so it did for 40 minutes."""
    host.home.config.chmod(0o600)
    assert host.plugins("doctor") == Ended(0, "", "")
    write(host.home.config, {"plugins": {"allow": ["weather"], "entries": {"telegram": {"enabled": True}}}})
    ended = host.plugins("doctor", "--format", "json")
    assert ended.code == 1
    troubles = [(each["trouble"], each["about"]) for each in json.loads(ended.out)["health"]["faults"]]
    assert ("contradiction", "telegram") in troubles
    assert ("drift", str(host.home.config)) in troubles
