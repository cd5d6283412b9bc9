"""The `reportgov` command: one table of verbs, each imported only when it is asked for."""

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Never

import click

from reporting_governance import __version__
from reporting_governance.commands._handler import EXIT_CODES, guard

PROGRAM = "reportgov"
ASKED = "_REPORTGOV_COMPLETE"  #: set by a shell that wants to complete a line

#: verb -> its one line of help, in the order in which an item travels
VERBS = {
    "report": "Record an agent's check-in: start, checkpoint, evidence, complete, and the like.",
    "scan": "Look at every watched task and record what is overdue, silent or resolved.",
    "enqueue": "Decide on new events and queue a notice for each receiver.",
    "dispatch": "Group and render queued notices into items ready to send.",
    "bridge": "Send what is due and keep a receipt of what each sender answered.",
    "run": "All of the above in order: the line for crontab.",
    "gate": "Judge what an agent is about to report, and answer its host.",
    "status": "Show tasks, open episodes and what was told to whom.",
    "explain": "Tell the whole story of one id.",
    "ack": "Say that a person has taken over: ends repeats.",
    "review": "Show what a person is asked, and approve or reject it.",
    "retry": "Send a blocked item again.",
    "silence": "Keep matching notices back for a while, list such wishes, end one.",
    "routes": "Show where a notice would go, and why.",
    "policy": "Try policy packs, see why a decision came out so, and what rules see.",
    "verify-descriptor": "Check what runtimes say they can do, before anybody relies on it.",
    "verify-profile": "Check what is wanted of a runtime, alone and against what it can do.",
    "verify-policy": "Check policy packs and the examples in them.",
    "export-audit": "Write the journal into one file that a stranger can check.",
    "verify-audit": "Check a journal, or a bundle of it, with nothing taken on trust.",
    "rule": "Say what a rule asks for, and how to mend what breaks it.",
    "plugins": "List OpenClaw's plugins as it would, check whether they fit, turn them on and off.",
    "doctor": "Check this host, the state folder and the journal; rebuild views.",
    "prune": "Retire the oldest segments of the journal by a record.",
    "erase": "Erase a text for good; the journal goes on saying that it was there.",
    "init": "Make a state folder and a first profile.",
    "keys": "Show the key that signs the journal, or let another take its place.",
    "jobs": "Keep work of our own until it is done: ask for it, run it, show it, cancel it.",
    "whoami": "Say who you are here, and which role you have.",
    "roles": "Check who has which role: roles.yaml of the state folder.",
    "store": "Look after the folder or database of the journal: tables, roles, figures, a copy.",
    "schedule": "Print what starts `run` on time, for cron or systemd.",
    "completions": "Print what makes a shell complete verbs and options.",
}


class VerbGroup(click.Group):
    """A group that knows its verbs by name and imports `reporting_governance.commands.<verb>` only to run one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all verbs in the order of `VERBS`."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one verb's module and return its `main`; None for a name that is no verb."""
        if cmd_name not in VERBS:
            return None
        module = import_module(f"reporting_governance.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.main
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names; a name that is no verb is a usage error."""
        if args[0] not in VERBS and not args[0].startswith("-") and not ctx.resilient_parsing:
            _refuse_unknown(ctx, args[0])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of verbs without importing any of them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


def _refuse_unknown(ctx: click.Context, name: str) -> Never:
    from difflib import get_close_matches

    close = get_close_matches(name, VERBS)
    ctx.fail(f"No such verb {name!r}." + (f" Did you mean {' or '.join(close)}?" if close else ""))


@click.command(
    PROGRAM,
    cls=VerbGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="VERB [ARGUMENTS]...",
    epilog=EXIT_CODES,
)
@click.version_option(__version__, prog_name=PROGRAM)
def reportgov() -> None:
    """Watch what AI agents report, tell their operator, and prove afterwards what was told.

    `reportgov VERB --help` says which records a verb takes and adds.
    """
    # Called after the verb is loaded and before it runs: what is loaded by now stays, so the collector need not look.
    gc.freeze()
    gc.enable()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the code the process must exit with.

    Args:
        arguments: the command line after the program's name; None for `sys.argv[1:]`.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)

    def call() -> object:
        asked = os.environ.get(ASKED)
        if asked:
            from click.shell_completion import shell_complete

            return shell_complete(reportgov, {}, PROGRAM, ASKED, asked)
        with reportgov.make_context(PROGRAM, given) as context:
            return reportgov.invoke(context)

    code = guard(call, verb=next((word for word in given if word in VERBS), ""))
    gc.freeze()  # the end of the process frees everything; searching it for garbage first takes a tenth of a cold start
    return code
