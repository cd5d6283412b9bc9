"""What `export-audit` says: of itself in the bundle, and of the bundle to whoever asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reporting_governance.commands._text import as_typed

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.stages.exporting import ExportReport

#: sections of the coverage, for one of what it holds and for several
_GAPS = {
    "unclean_stops": ("unclean stop", "unclean stops"),
    "silences": ("silence", "silences"),
    "loss": ("loss of lines", "losses of lines"),
    "torn": ("torn stretch", "torn stretches"),
    "retired_segments": ("retired segment", "retired segments"),
    "clock_steps": ("clock step", "clock steps"),
    "notices_in_doubt": ("notice in doubt", "notices in doubt"),
    "unsigned_tail": ("unsigned end", "unsigned ends"),
    "cannot_record": ("thing that cannot be recorded", "things that cannot be recorded"),
}


def custody_of(context: CommandContext, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return who exports, where, when, with what, and as it was asked for."""
    import os
    import platform

    from reporting_governance import __version__
    from reporting_governance.commands._identity import actor_uid
    from reporting_governance.contracts.times import format_time

    return {
        "at": format_time(context.clock.now()),
        "actor": context.actor,
        "uid": actor_uid(),
        "host": os.uname().nodename,
        "program": {"name": "reporting-governance", "version": __version__},
        "python": platform.python_version(),
        "options": {name: _plain(value) for name, value in options.items() if value},
    }


def _plain(value: Any) -> Any:
    """Return an option's value as it is written into a JSON document."""
    if isinstance(value, tuple):
        return [as_typed(each) for each in value]
    if isinstance(value, (bool, int)):
        return value
    return as_typed(str(value))


def document_of(report: ExportReport) -> dict[str, Any]:
    """Return the reply as plain JSON data."""
    return {
        "what": "bundle",
        "path": report.file.path,
        "bytes": report.file.size,
        "sha256": report.file.sha256,
        "log_id": report.log_id,
        "size": report.size,
        "root": report.root,
        "from": report.first_seq,
        "to": report.size,
        "selected": report.selected,
        "withheld": report.withheld,
        "void": report.void,
        "filter": dict(report.filter),
        "signed_to": report.signed_to,
        "redactions": dict(report.redactions),
        "gaps": dict(report.gaps),
        "left_out": report.left_out,
        "recorded": report.recorded,
    }


def describe(report: ExportReport) -> str:
    """Return what was written, and what a reader should know before giving it away."""
    shown = f"{report.selected} shown, {report.withheld} withheld, {report.void} void"
    from reporting_governance.core.page import plural

    lines = [
        f"{report.file.path}: {report.file.size} bytes, SHA-256 {report.file.sha256}",
        f"log {report.log_id}, {plural(report.size, 'line')}: {shown}",
    ]
    gaps = ", ".join(plural(count, *_GAPS[name]) for name, count in report.gaps.items() if count)
    lines.append(f"gaps named in it: {gaps or 'none'}")
    if report.signed_to < report.size:
        said = f"signed up to line {report.signed_to}" if report.signed_to else "not signed"
        lines.append(f"{said}: what is not signed proves nothing to a stranger")
    if report.left_out:
        was = "was never acknowledged, and is" if report.left_out == 1 else "were never acknowledged, and are"
        lines.append(f"{plural(report.left_out, 'torn line')} at the end {was} not in it")
    return "\n".join(lines)
