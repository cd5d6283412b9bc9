"""What every verb shares: its common options, the choice of implementations, and how its report leaves.

A verb is a function from a `CommandContext` and its own options to a `Reply`.  The reply goes to stdout, as text
or as JSON with a schema of its own; everything else goes to stderr.  Nothing below this room prints or exits.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from reporting_governance.commands._defaults import DEFAULT_PROFILE, default_profile
from reporting_governance.commands._handler import EXIT_CODES
from reporting_governance.commands._place import Database, place_of
from reporting_governance.commands._role_help import ROLE, VerbWithRole
from reporting_governance.commands._with_state import WithState
from reporting_governance.errors import ExitCode

if TYPE_CHECKING:
    from reporting_governance.adapters.interface import TaskSource
    from reporting_governance.adapters.senders.registry import Senders
    from reporting_governance.commands._last_run import LastRun
    from reporting_governance.stages.host import Host
    from reporting_governance.stages.inbox_report import InboxReport
    from reporting_governance.storage.files.daily_copies import DailyCopies


class Reply(NamedTuple):
    """What a verb found or did: as plain JSON data, and as text for a person (empty when there is nothing to say)."""

    document: Mapping[str, Any]
    text: str = ""
    exit_code: ExitCode = ExitCode.DONE


@dataclass(frozen=True)
class CommandContext(WithState):
    """Where a verb works and with what.  Everything is made when it is first asked for."""

    verb: str
    state: str  #: absolute path of the state folder; beside a database: what this host keeps for itself
    profile_reference: str  #: a shipped profile's name or the path of a file
    dry_run: bool = False  #: say what would be done, and change nothing
    database: Database | None = None  #: where the records and views lie; None: in the state folder

    @property
    def local_host(self) -> Host:
        """This process, as attempts name it."""
        from reporting_governance.stages.host import Host
        from reporting_governance.storage.boot import boot_id

        return Host(name=os.uname().nodename, boot_id=boot_id(), pid=os.getpid())

    def senders(self) -> Senders:
        """The senders of the profile's receivers, opened when they are first asked for."""
        from reporting_governance.adapters.senders.registry import Senders

        return Senders(self.settings.profile.notification.receivers, state_folder=self.state)

    @property
    def shared_host(self) -> str | None:
        """The name of this host, where others share the database; None: there is one host only."""
        return None if self.database is None else self.local_host.name

    def task_sources(self) -> Sequence[TaskSource]:
        """The task sources of the profile that are there, beside our own task files."""
        from reporting_governance.commands._sources import open_sources

        return open_sources(self.settings.sources, self.store, self.state, host=self.shared_host)

    def take_inbox(self) -> InboxReport | None:
        """Take in what was dropped; None when nothing was."""
        from reporting_governance.storage.files.inbox import FilesInbox

        inbox = FilesInbox(self.state)
        if inbox.is_empty():
            return None
        from reporting_governance.commands._handing_in import LookedAt, take_in

        return take_in(self, LookedAt(inbox) if self.dry_run else inbox)

    def last_run(self) -> LastRun:
        """Return what the last `run` left behind."""
        from reporting_governance.commands._last_run import read_last_run

        return read_last_run(self.state)

    def copies(self) -> DailyCopies:
        """Readable daily copies of attempts and receipts."""
        from reporting_governance.storage.files.daily_copies import DailyCopies

        return DailyCopies(self.state)


_DRY_RUN = click.option(
    "--dry-run", "dry_run", is_flag=True, help="Say what would be done; record nothing, send nothing, change nothing."
)


#: Verbs that sign heads when they see fit; a gate never does, since somebody waits for its answer.
_SIGN_BY_THEMSELVES = ("run", "keys", "init", "gate", "export-audit")


#: Verbs after which anchors get the newest head.  Agents and people wait for the others; `run` comes soon.
_HAND_HEADS_OVER = ("run", "keys", "init", "export-audit", "prune")


def _has_anchors(context: CommandContext) -> bool:
    """Tell whether the profile names anchors; what an older version kept of it names none."""
    return bool(context.settings.artifact["spec"].get("audit", {}).get("anchors"))


def governed_command(
    verb: str,
    *,
    takes: str,
    adds: str,
    twice: str,
    examples: tuple[str, ...],
    dry: bool = False,
    needs: str | None = None,
) -> Callable[[Callable[..., Reply]], click.Command]:
    """Make a click command of a verb's function.

    Args:
        verb: its name.
        takes: which records it takes, for the help.
        adds: which records it adds, for the help.
        twice: what happens when it is started again, or twice at once, for the help.
        examples: command lines for the help.
        dry: whether it has --dry-run, which every verb has that can say beforehand what it would do.
        needs: the action whose role it needs however it is called; a verb for which that depends calls
            `CommandContext.require`.  All of them stand in `core.role_uses.USES`.
    """

    def decorate(function: Callable[..., Reply]) -> click.Command:
        @click.option(
            "--state",
            "state",
            metavar="FOLDER|URL",
            help="State folder, or postgresql://…, service=NAME, ${file:PATH}.  Default: $REPORTGOV_STATE, else state/ "
            "of the checkout, else ~/.local/state/reporting-governance.",
        )
        @click.option(
            "--local",
            "local",
            metavar="FOLDER",
            help="Beside a database: what this host keeps for itself.  Default: $REPORTGOV_LOCAL, else as for --state.",
        )
        @click.option(
            "--profile",
            "profile",
            metavar="NAME|FILE",
            help=f"Deployment profile.  Default: $REPORTGOV_PROFILE, else profile.yaml in the state folder, "
            f"else {DEFAULT_PROFILE}.",
        )
        @click.option(
            "--format",
            "form",
            type=click.Choice(["table", "json"]),
            default="table",
            show_default=True,
            help="How the report is written to standard output.",
        )
        @wraps(function)
        def run(
            state: str | None,
            local: str | None,
            profile: str | None,
            form: str,
            *,
            dry_run: bool = False,
            **options: Any,
        ) -> int:
            for option, given in (("--state", state), ("--local", local), ("--profile", profile)):
                if given == "":  # a variable that is not set, most likely
                    raise click.UsageError(f"{option} is empty")
            folder, database = place_of(state, local)
            context = CommandContext(verb, folder, profile or default_profile(folder), dry_run, database)
            if not context.is_set_up:
                from reporting_governance.storage.files.layout import refuse_inside

                refuse_inside(folder)
            if not context.is_owner:
                from reporting_governance.commands._lent_environment import calm_environment
                from reporting_governance.commands._role_gate import require_inside

                calm_environment(context)
                require_inside(context, {"profile": profile, "local": local, **options})
            if needs is not None:
                context.require(needs)
            reply = function(context, **options)
            if dry_run and reply.text:
                reply = reply._replace(text=f"Dry run: nothing was recorded or sent.\n\n{reply.text}")
            code = deliver(verb, reply, form)
            if verb not in _SIGN_BY_THEMSELVES and "backend" in vars(context) and context.backend.has_added:
                from reporting_governance.commands._heads import sign_when_due

                sign_when_due(context)
            if verb in _HAND_HEADS_OVER and "backend" in vars(context) and not dry_run and _has_anchors(context):
                from reporting_governance.commands._anchoring import hand_over_newest

                hand_over_newest(context)
            if sys.stderr is not None and sys.stderr.isatty():
                from reporting_governance.commands._siblings import tell_a_person

                tell_a_person(context)
            return code

        if dry:
            run = _DRY_RUN(run)
        shown = "\n".join(f"  {line}" for line in examples)
        return click.command(
            verb,
            cls=VerbWithRole,
            context_settings={"help_option_names": ["-h", "--help"]},
            epilog=f"\b\nTakes: {takes}\nAdds:  {adds}\nTwice: {twice}\nRole:  {ROLE}\n\n"
            f"\b\nExamples:\n{shown}\n\n{EXIT_CODES}",
        )(run)

    return decorate


def deliver(verb: str, reply: Reply, form: str) -> int:
    """Write a reply to stdout and return the exit code."""
    if form == "json":
        import json

        click.echo(json.dumps(titled(verb, reply.document), indent=2, ensure_ascii=False))
    elif reply.text:
        click.echo(reply.text)
    return int(reply.exit_code)


def titled(verb: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reply with the name of its schema, schemas/reporting-governance/reports/<verb>.schema.json."""
    return {"schema": f"{verb}-report.v1", **document}
