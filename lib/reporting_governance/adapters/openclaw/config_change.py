"""Changing one installation's configuration: read, work out, rehearse, put in place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from reporting_governance.adapters.openclaw.cli import Program, Rehearsal, rehearse
from reporting_governance.adapters.openclaw.config_write import replace
from reporting_governance.adapters.openclaw.interface import ConfigNotChanged, Plan
from reporting_governance.adapters.openclaw.json5_splice import CannotSplice, spliced
from reporting_governance.adapters.openclaw.paths import PROGRAM, Places
from reporting_governance.adapters.openclaw.texts import NotReadable, read_relaxed
from reporting_governance.contracts.config_edit import ConfigChanged, ConfigEdit, Switch, Way
from reporting_governance.contracts.frozen import frozen

_EMPTY: Final = b"{\n}\n"  #: what a file begins as that is not there yet
_FROZEN: Final = ("OPENCLAW_CONFIG_READONLY", "OPENCLAW_NIX_MODE")  #: `1`: somebody else keeps the file


def find_program(environment: Mapping[str, str]) -> Program | None:
    """Return OpenClaw's own program on the PATH; None when it is not there."""
    import shutil

    found = shutil.which(PROGRAM, path=environment.get("PATH"))
    return None if found is None else Program(argv=(os.path.abspath(found),))


@frozen(kw_only=True)
class Changer:
    """What changes one installation's configuration; `interface.ConfigChanger` says what it promises."""

    places: Places
    environment: Mapping[str, str]  #: as OpenClaw would see it
    program: Program | None  #: None: the file alone is edited
    wait_seconds: float = 300.0  #: for others of ours

    def __call__(self, switches: Sequence[Switch], plan: Plan) -> ConfigChanged:
        """Make the edits that a plan asks for."""
        path = self.places.config
        frozen_by = next((each for each in _FROZEN if self.environment.get(each) == "1"), None)
        if frozen_by is not None:
            raise ConfigNotChanged(
                path=path, reason=f"{frozen_by} says that it is kept elsewhere", advice="Change it where it is kept."
            )
        done: tuple[ConfigEdit, ...] = ()

        def make(before: bytes | None) -> bytes | None:
            nonlocal done
            done = tuple(plan({} if before is None else _document(before, path)))
            if not done:
                return before
            return self._made(before, done, switches)

        result = replace(path, make, wait_seconds=self.wait_seconds)
        return ConfigChanged(
            path=path,
            way=Way.FILE if self.program is None else Way.CLI,
            edits=done,
            before_sha256=_digest(result.before),
            after_sha256=_digest(result.after),
            backup=result.backup,
        )

    def _made(self, before: bytes | None, edits: tuple[ConfigEdit, ...], switches: Sequence[Switch]) -> bytes | None:
        text = _EMPTY if before is None else before
        try:
            after = spliced(text, edits)
        except CannotSplice as fault:
            raise ConfigNotChanged(path=self.places.config, reason=str(fault)) from fault
        if after == text:
            return before
        if self.program is not None:
            folder, name = os.path.split(self.places.config)
            self._require_owner()
            asked = Rehearsal(folder=folder, name=name, before=text, edits=edits, switches=switches, after=after)
            rehearse(self.program, asked, self.places, self.environment)
        return after

    def _require_owner(self) -> None:
        """Make sure that OpenClaw's own program is run by its owner: it compares plugins' owners with who runs it.

        Raises: ConfigNotChanged.
        """
        try:
            owner = os.stat(self.places.state).st_uid
        except FileNotFoundError:
            return
        if owner != os.geteuid():
            raise ConfigNotChanged(
                path=self.places.config,
                reason=f"this OpenClaw belongs to user {owner}, whose program is not run by user {os.geteuid()}",
                advice="Run this as that user, or edit the file without the program (--no-cli).",
            )


def _document(data: bytes, path: str) -> Mapping[str, Any]:
    try:
        document = read_relaxed(data)
    except NotReadable as fault:
        raise ConfigNotChanged(path=path, reason=str(fault)) from fault
    if not isinstance(document, dict):
        raise ConfigNotChanged(path=path, reason="it holds no object")
    return document


def _digest(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()
