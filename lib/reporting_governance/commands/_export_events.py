"""`export-audit --as cloudevents`: to standard output, or into a file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from reporting_governance.commands._handler import say
from reporting_governance.commands._text import as_typed
from reporting_governance.commands._wiring import Reply

if TYPE_CHECKING:
    from reporting_governance.stages.export_source import LogSource
    from reporting_governance.verifier.selection import Selection

_ONLY_OF_BUNDLES = ("proof", "reproducible", "withhold_blobs", "ssh_key", "organization", "signer")
TO_STDOUT = "."  #: what --output is when nobody says where to


def check_events_options(options: dict[str, Any]) -> None:
    """Refuse what only a bundle has.  Raises: click.UsageError."""
    given = [f"--{name.replace('_', '-')}" for name in _ONLY_OF_BUNDLES if options.get(name)]
    if given:
        raise click.UsageError(f"events are no bundle: {given[0]} does nothing with --as cloudevents")
    if options["output"] == TO_STDOUT and click.get_current_context().params.get("form") == "json":
        raise click.UsageError("the events themselves are what is printed; --format json goes with --output FILE")


def export_events(
    source: LogSource, selection: Selection, output: str, *, last: int | None, progress: Callable[[int], None]
) -> Reply:
    """Write the chosen lines as events; nothing is recorded about it.

    Raises: StorageError, UsageError; then a file is not there, and a stream ends in the middle.
    """
    from reporting_governance.stages.cloudevents import write_events

    if output == TO_STDOUT:
        stream = sys.stdout.buffer
        report = write_events(source, selection, stream.write, last=last, progress=progress)
        stream.flush()
        if report.left_out:
            was = "1 line is" if report.left_out == 1 else f"{report.left_out} lines are"
            say(f"at the end of the journal {was} cut or unreadable, as a crash leaves them")
        return Reply({}, "")
    from reporting_governance.adapters.bundle.whole_file import whole_file

    path = os.path.abspath(as_typed(output))
    with whole_file(path) as file:
        report = write_events(source, selection, file.write, last=last, progress=progress)
    document = {"what": "cloudevents", "path": path, **asdict(report)}
    return Reply(document, f"{path}: {report.events} events of {report.size} lines of log {report.log_id[:8]}")
