"""`reportgov export-audit`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from reporting_governance.commands._durations import PastMoment
from reporting_governance.commands._export_replies import custody_of, describe, document_of
from reporting_governance.commands._signer_option import check_signer_options, signer_options
from reporting_governance.commands._text import as_typed
from reporting_governance.commands._wiring import CommandContext, Reply, governed_command

if TYPE_CHECKING:
    from reporting_governance.stages.export_source import LogSource
    from reporting_governance.stages.exporting import Signing
    from reporting_governance.verifier.selection import Selection


@governed_command(
    "export-audit",
    takes="the journal, the blobs, signed heads",
    adds="audit.exported, a signed head; nothing with --journal",
    twice="may run twice: a bundle that is there is never replaced",
    examples=(
        "reportgov export-audit --output /srv/audit/",
        "reportgov export-audit --task nightly-import --since 90d --output import.zip",
        "reportgov export-audit --reproducible --output /tmp/",
        "reportgov export-audit --proof 4711",
        "reportgov export-audit --as cloudevents --since 1d",
        "reportgov export-audit --journal /mnt/other-host/state --output other-host.zip",
    ),
    needs="outside",
)
@click.option("--task", "tasks", multiple=True, metavar="ID", help="Only lines about this task.  May be repeated.")
@click.option("--agent", "agents", multiple=True, metavar="NAME", help="Only lines about this agent.  May be repeated.")
@click.option(
    "--notice", "notices", multiple=True, metavar="ID", help="Only lines about this notice.  May be repeated."
)
@click.option(
    "--type", "types", multiple=True, metavar="TYPE", help="Only this type of line or kind of record.  May be repeated."
)
@click.option(
    "--since", type=PastMoment(), help="Only lines from this time on: RFC 3339, a day, or 30d for so long ago."
)
@click.option("--until", type=PastMoment(), help="Only lines before this time.")
@click.option(
    "--to", "to", type=click.IntRange(min=1), metavar="LINE", help="End with this line.  Default: the newest."
)
@click.option(
    "--output", default=".", show_default=True, metavar="FILE|FOLDER", help="Where the bundle goes; a folder names it."
)
@click.option("--proof", type=click.IntRange(min=1), metavar="LINE", help="Write the proof of one line, not a bundle.")
@click.option(
    "--as",
    "kind",
    type=click.Choice(["bundle", "cloudevents"]),
    default="bundle",
    show_default=True,
    help="cloudevents: not the proof; the lines as CloudEvents 1.0, one a line, to standard output or a new FILE.",
)
@click.option(
    "--journal",
    metavar="FOLDER",
    help="Another host's state or journal folder, a folder of segments, an unpacked bundle.",
)
@click.option(
    "--reproducible",
    is_flag=True,
    help="The same journal folder gives the same bytes anywhere; nothing is newly signed.",
)
@click.option(
    "--withhold-blobs", is_flag=True, help="Name the long texts that lie apart, and leave them out; settings stay."
)
@click.option("--ssh-key", metavar="FILE", help="Your own ssh key signs the bundle too, with ssh-keygen.")
@click.option("--organization", metavar="NAME", help="Named as the source in bag-info.txt.")
@signer_options
def main(context: CommandContext, **options: Any) -> Reply:
    """Write the journal, or lines chosen from it, into one file that a stranger can check.

    Lines that are not chosen are withheld, never dropped: their hashes stay, so number and order can be proven. Lines
    about the journal itself are always there.

    What cannot be read ends the export: there is no bundle then, or a whole one.
    """
    check_signer_options(options["signer"], options["signer_key"])
    is_bundle = options.pop("kind") == "bundle"
    if not is_bundle:
        from reporting_governance.commands._export_events import check_events_options, export_events

        check_events_options(options)
    _check(options)
    from reporting_governance.adapters.bundle.writing import BundleFile
    from reporting_governance.commands._progress import ProgressBar

    target = BundleFile(as_typed(options["output"]))
    elsewhere = options["journal"] is not None
    if not elsewhere:
        from reporting_governance.commands._database import require_log

        require_log(context)
        context.backend.ready()
    source = _source(context, options["journal"])
    if not is_bundle:
        with ProgressBar("export", sum(each.size for each in source.segments())) as bar:
            chosen = _selection(context, options, source)
            return export_events(source, chosen, options["output"], last=options["to"], progress=bar.advance)
    signing = None if elsewhere or options["reproducible"] else _signing(context, options)
    passes = 1 if options["proof"] else 2
    with ProgressBar("export", passes * sum(each.size for each in source.segments())) as bar:
        act = _prove if options["proof"] else _export
        return act(context, options, source, target, signing, bar.advance)


def _check(options: dict[str, Any]) -> None:
    """Refuse options that would do nothing, or contradict each other.  Raises: click.UsageError."""
    of_bundles = ("tasks", "agents", "notices", "types", "since", "until", "to", "withhold_blobs", "ssh_key")
    if options["proof"] and any(options[each] for each in (*of_bundles, "organization")):
        raise click.UsageError("--proof is about one line: no filter and nothing that only a bundle has goes with it")
    if options["signer"] and (options["journal"] or options["reproducible"]):
        raise click.UsageError("with --journal or --reproducible nothing is newly signed, so --signer does nothing")
    if options["ssh_key"] and options["reproducible"]:
        raise click.UsageError("--reproducible holds no signature, so --ssh-key does nothing")
    if any(option == "" for option in (options["output"], options["journal"], options["ssh_key"])):
        raise click.UsageError("a path is empty")


def _source(context: CommandContext, journal: str | None) -> LogSource:
    if journal is None:
        return context.backend.log_source()
    from reporting_governance.storage.files.exporting import log_folder

    folder = as_typed(journal)
    if not os.path.isdir(folder):
        what = "is no folder" if os.path.lexists(folder) else "no such folder"
        raise click.UsageError(f"--journal {folder}: {what}")
    return log_folder(folder)


def _signing(context: CommandContext, options: dict[str, Any]) -> Signing:
    from reporting_governance.commands._heads import sign_head, signer_of
    from reporting_governance.commands._known_key import known_key
    from reporting_governance.stages.checkpointing import LogKey, key_of
    from reporting_governance.stages.exporting import Signing

    signer = signer_of(context, options["signer"], options["signer_key"])

    def sign() -> LogKey:
        sign_head(context, signer)
        return known_key(context) or LogKey(0, key_of(context.backend, signer))

    return Signing(store=context.backend, signer=signer, sign_head=sign)


def _export(
    context: CommandContext,
    options: dict[str, Any],
    source: LogSource,
    target: Any,
    signing: Signing | None,
    progress: Callable[[int], None],
) -> Reply:
    from reporting_governance import __version__
    from reporting_governance.stages.export_survey import Wanted
    from reporting_governance.stages.exporting import Export, export_bundle
    from reporting_governance.verifier.one_file import text

    selection = _selection(context, options, source)
    export = Export(
        wanted=Wanted(selection=selection, last=options["to"], withhold_blobs=options["withhold_blobs"]),
        version=__version__,
        verifier=text(),
        reproducible=options["reproducible"],
        custody=custody_of(context, options),
        date=f"{context.clock.now():%Y-%m-%d}",
        organization=None if options["organization"] is None else as_typed(options["organization"]),
        person=_person(options["ssh_key"]),
    )
    store = None if options["journal"] else context.backend
    report = export_bundle(source, target, export, signing=signing, store=store, clock=context.clock, progress=progress)
    return Reply(document_of(report), describe(report))


def _prove(
    context: CommandContext,
    options: dict[str, Any],
    source: LogSource,
    target: Any,
    signing: Signing | None,
    progress: Callable[[int], None],
) -> Reply:
    from reporting_governance.stages.exporting import export_proof

    store = None if options["journal"] else context.backend
    proof, written = export_proof(
        source, target, options["proof"], signing=signing, store=store, clock=context.clock, progress=progress
    )
    document = {
        "what": "proof",
        "path": written.path,
        "bytes": written.size,
        "sha256": written.sha256,
        "log_id": proof.head.origin,
        "line": proof.seq,
        "size": proof.head.size,
        "root": proof.head.root.hex(),
        "recorded": store is not None,
    }
    text = f"{written.path}: line {proof.seq} of {proof.head.size} lines of log {proof.head.origin[:8]}"
    return Reply(document, text)


def _selection(context: CommandContext, options: dict[str, Any], source: LogSource) -> Selection:
    from reporting_governance.stages.export_tasks import task_keys
    from reporting_governance.verifier.selection import Selection

    lists = {name: [as_typed(each) for each in options[name]] for name in ("agents", "notices", "types")}
    _check_types(lists["types"])
    if any(not each for values in (*lists.values(), options["tasks"]) for each in values):
        raise click.UsageError("a value to filter by is empty")
    times = {name: _time(context, options[name]) for name in ("since", "until")}
    if times["since"] and times["until"] and times["since"] >= times["until"]:
        raise click.UsageError("--since is not before --until: no line lies between them")
    tasks = task_keys(source, [as_typed(each) for each in options["tasks"]])
    return Selection.of({**lists, **times, "tasks": tasks})


def _check_types(types: list[str]) -> None:
    from reporting_governance.contracts.journal_line import LineType
    from reporting_governance.contracts.registry import KINDS
    from reporting_governance.contracts.suggest import nearest

    known = {*(each.value for each in LineType), *KINDS}
    for each in types:
        if each not in known:
            close = nearest(each, sorted(known))
            said = f"; did you mean {close}?" if close else ""
            raise click.UsageError(f"--type {each}: no line has this type, and no record this kind{said}")


def _time(context: CommandContext, given: Any) -> str | None:
    from datetime import timedelta

    from reporting_governance.contracts.times import format_time

    if given is None:
        return None
    return format_time(context.clock.now() - given if isinstance(given, timedelta) else given)


def _person(key: str | None) -> Callable[[bytes], bytes] | None:
    if key is None:
        return None
    from functools import partial

    from reporting_governance.adapters.bundle.ssh_signature import ssh_signature

    return partial(ssh_signature, as_typed(key))
