"""What it takes to put the plugin into an OpenClaw, by what its config says; the real one is in tests/openclaw.

The program here only says where its config is, and writes down what it was told to do.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from reporting_governance.adapters.hosts.openclaw.installing import Plan, PluginNotInstalled, carry_out, plan
from reporting_governance.commands._gate_install_openclaw import install_plugin, plugin_config
from reporting_governance.commands._place import Place

ID = "reporting-governance"
FOLDER = "/opt/plugin"
CONFIG = {"command": ["/opt/gate"], "state": "/s", "deadlineMs": 8000, "onError": "pass"}


@pytest.fixture
def openclaw(tmp_path: Path) -> Path:
    program = tmp_path / "openclaw"
    program.write_text(
        f"""#!/bin/sh
case "$1 $2" in
"config file") echo '{{"path": "{tmp_path}/openclaw.json"}}' ;;
"plugins inspect") cat {tmp_path}/inspect 2>/dev/null ;;
*) echo "$@" >> {tmp_path}/told; exit $(cat {tmp_path}/code 2>/dev/null || echo 0) ;;
esac
"""
    )
    program.chmod(0o755)
    return program


def planned(openclaw: Path, config: Any) -> Plan:
    text = config if isinstance(config, str) else json.dumps(config)
    (openclaw.parent / "openclaw.json").write_text(text)
    return plan(str(openclaw), FOLDER, CONFIG)


def there(**more: Any) -> dict[str, Any]:
    entry = {"enabled": True, "config": CONFIG, "hooks": {"allowConversationAccess": True}, **more}
    return {"plugins": {"load": {"paths": [FOLDER]}, "entries": {ID: entry}}}


def changes(found: Plan) -> list[dict[str, Any]]:
    return list(json.loads(found.steps[-1][-1]))


class TestPlan:
    def test_a_fresh_one(self, openclaw):
        found = planned(openclaw, {})
        assert found.hindered == ()
        assert [each[1:3] for each in found.steps] == [("plugins", "install"), ("config", "set")]
        assert changes(found) == [
            {"path": f"plugins.entries.{ID}.config", "value": CONFIG},
            {"path": f"plugins.entries.{ID}.hooks.allowConversationAccess", "value": True},
        ]
        assert not (openclaw.parent / "told").exists()

    def test_no_config_at_all(self, openclaw):
        assert len(plan(str(openclaw), FOLDER, CONFIG).steps) == 2

    def test_one_that_has_it(self, openclaw):
        assert planned(openclaw, there()).steps == ()

    def test_what_the_operator_chose_stays(self, openclaw):
        chosen = {**CONFIG, "command": ["/old"], "deadlineMs": 3000, "onError": "hold", "hooks": ["message_sending"]}
        (change,) = changes(planned(openclaw, there(config=chosen)))
        assert change["value"] == {**chosen, "command": ["/opt/gate"]}

    def test_one_that_was_disabled_is_put_in_again(self, openclaw):
        assert [each[2] for each in planned(openclaw, there(enabled=False)).steps] == ["install"]

    @pytest.mark.parametrize(
        ("config", "note"),
        [
            ({"channels": {"telegram": {"streaming": {"mode": "partial"}}}}, None),
            ({"channels": {"slack": {"botToken": "x"}}}, "channels.slack.streaming.mode off"),
            ({"channels": {"slack": {"streaming": {"mode": "off"}}}}, None),
            ({"channels": {"slack": {"enabled": False}, "defaults": {}, "odd": 1}}, None),
            (
                {
                    "channels": {
                        "discord": {"streaming": {"mode": "off"}, "accounts": {"a": {"streaming": {"mode": "block"}}}}
                    }
                },
                "channels.discord.streaming.mode off",
            ),
            (there(config={**CONFIG, "hooks": ["before_agent_finalize"]}), "without message_sending"),
        ],
    )
    def test_settings_that_let_words_past_the_gate_are_named(self, openclaw, config, note):
        found = planned(openclaw, config)
        assert [note in each for each in found.notes] == ([] if note is None else [True])
        assert all(each in found.text() and each in found.text(written=True) for each in found.notes)

    @pytest.mark.parametrize(
        ("config", "why"),
        [
            ("{ // mine\n }", "comments"),
            ({"plugins": {"enabled": False}}, "switched off"),
            ({"plugins": {"deny": ["Reporting-Governance"]}}, "denied"),
            ({"plugins": {"allow": ["telegram"]}}, "plugins.allow"),
        ],
    )
    def test_what_hinders_is_said_and_nothing_is_done(self, openclaw, config, why):
        found = planned(openclaw, config)
        assert [why in each for each in found.hindered] == [True]
        assert '"allowConversationAccess": true' in found.text()
        with pytest.raises(PluginNotInstalled, match=why):
            install_plugin(str(openclaw), CONFIG, write=True)
        assert not (openclaw.parent / "told").exists()

    def test_an_allow_list_with_it_hinders_nothing(self, openclaw):
        assert planned(openclaw, {"plugins": {"allow": [ID]}}).hindered == ()

    @pytest.mark.parametrize("config", [[], {"plugins": []}, {"plugins": {"entries": 1, "load": 2, "allow": "x"}}])
    def test_odd_configs(self, openclaw, config):
        assert len(planned(openclaw, config).steps) == 2


class TestCarryingOut:
    def test_what_openclaw_says_is_handed_on(self, openclaw):
        found = planned(openclaw, {})
        (openclaw.parent / "code").write_text("1")
        with pytest.raises(PluginNotInstalled, match="ended with 1"):
            carry_out(found, str(openclaw), FOLDER)
        assert len((openclaw.parent / "told").read_text().splitlines()) == 1

    def test_it_is_looked_at_whether_it_loads(self, openclaw):
        found = planned(openclaw, {})
        with pytest.raises(PluginNotInstalled, match="does not load"):
            carry_out(found, str(openclaw), FOLDER)
        (openclaw.parent / "inspect").write_text(json.dumps({"plugin": {"status": "loaded", "rootDir": FOLDER}}))
        carry_out(found, str(openclaw), FOLDER)

    def test_a_program_that_is_not_there(self):
        with pytest.raises(PluginNotInstalled, match="cannot be started"):
            plan("/nowhere/openclaw", FOLDER, CONFIG)

    def test_a_program_that_says_nothing(self, tmp_path):
        program = tmp_path / "openclaw"
        program.write_text("#!/bin/sh\nexit 0\n")
        program.chmod(0o755)
        with pytest.raises(PluginNotInstalled, match="no path"):
            plan(str(program), FOLDER, CONFIG)


def test_the_plugin_waits_longer_than_the_gate_and_less_long_than_openclaw():
    config = plugin_config(Place("/s"), None, {"deadline_ms": 5000, "on_error": "block"})
    assert (config["deadlineMs"], config["onError"]) == (8000, "hold")
    assert os.path.isabs(config["command"][0])
    assert (
        plugin_config(Place("/s"), "p.yaml", {"deadline_ms": 60000, "on_error": "allow_and_notify"})["deadlineMs"]
        == 12000
    )
