"""One installation of OpenClaw on this machine, to be looked at and changed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reporting_governance.adapters.openclaw.config import read_document
from reporting_governance.adapters.openclaw.files import read_inside
from reporting_governance.adapters.openclaw.interface import ConfigChanger, ConfigNotChanged, Plan, Seen
from reporting_governance.adapters.openclaw.manifest import MANIFEST, MANIFEST_BYTES
from reporting_governance.adapters.openclaw.paths import Places
from reporting_governance.adapters.openclaw.survey import survey
from reporting_governance.adapters.openclaw.texts import NotReadable, read_relaxed
from reporting_governance.contracts.config_edit import ConfigChanged, Switch
from reporting_governance.contracts.plugin import Candidate, Form, Origin
from reporting_governance.core.plugin_changes import Configured
from reporting_governance.core.plugin_choice import policy_id
from reporting_governance.core.plugin_settings import missing_settings
from reporting_governance.errors import ExitCode, GovernanceError


class ConfigNotUnderstood(GovernanceError):
    """OpenClaw itself would not take its configuration, or it takes a part from elsewhere."""

    exit_code = ExitCode.PARTIAL
    message = "{problem}; nothing was changed"
    hint = "`openclaw config validate` says what is wrong with it."


class LocalInstallation:
    """The installation at these places."""

    platform = sys.platform

    def __init__(
        self,
        places: Places,
        environment: Mapping[str, str],
        *,
        uid: int,
        changer: ConfigChanger,
        has_program: bool,
    ) -> None:
        """Take note of where it is.

        Args:
            environment: for variables that the configuration names.
            uid: whose OpenClaw it is.
            changer: of its configuration.
            has_program: whether the changer asks OpenClaw's own program.
        """
        self.places, self._environment, self._uid, self._changer = places, environment, uid, changer
        self._has_program, self._lets_providers_by = has_program, False

    def look(self) -> Seen:
        """Look at its plugins and its configuration as they are now."""
        found = survey(self.places, self._environment, uid=self._uid)
        self._lets_providers_by = found.configured.policy.lets_providers_by
        return Seen(
            host=found.host,
            taken=tuple((each.plugin, each.verdicts) for each in found.plugins),
            refusals=found.refusals,
            configured=found.configured,
            problem=found.config_problem or ("" if found.is_whole else "; ".join(found.notes)),
        )

    def understand(self, document: Mapping[str, Any]) -> Configured:
        """Return what a configuration says, as it is written.  Raises: ConfigNotUnderstood."""
        reading = read_document(document, self.places, self._environment)
        if reading.problem:
            raise ConfigNotUnderstood(problem=reading.problem)
        policy = replace(reading.configured.policy, lets_providers_by=self._lets_providers_by)
        return replace(reading.configured, policy=policy)

    def missing_settings(self, plugin: Candidate, configured: Configured) -> Sequence[str]:
        """Return the settings that a plugin requires and does not have; none where its manifest cannot say."""
        if plugin.form is not Form.OPENCLAW:
            return ()
        single = plugin.origin is not Origin.BUNDLED
        folder, name = os.path.split(plugin.manifest_path)
        data = read_inside(folder, name, max_bytes=MANIFEST_BYTES, single_name=single) if name == MANIFEST else None
        if not isinstance(data, bytes):
            return ()
        try:
            document = read_relaxed(data)
        except NotReadable:
            return ()
        schema = document.get("configSchema") if isinstance(document, dict) else None
        plain = policy_id(plugin.id)
        where = f"plugins.entries.{plain}.config"
        return tuple(missing_settings(schema, configured.settings.get(plain, {}), where))

    def change(self, switches: Sequence[Switch], plan: Plan) -> ConfigChanged:
        """Change its configuration."""
        try:
            return self._changer(switches, plan)
        except ConfigNotChanged as fault:
            if self._has_program and any(each.plugin_id != policy_id(each.plugin_id) for each in switches):
                advice = "OpenClaw's own program does not find ids with capitals; --no-cli edits the file without it."
                raise ConfigNotChanged(
                    path=fault.details["path"], reason=fault.details["reason"], advice=advice
                ) from fault
            raise
