"""What the `verify-*` verbs share: their options, and how what they found leaves."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from reporting_governance.commands._handler import EXIT_CODES
from reporting_governance.commands._role_help import ROLE, VerbWithRole
from reporting_governance.commands._verify import Wanted, with_stable_names
from reporting_governance.contracts.finding import Severity
from reporting_governance.errors import ExitCode, GovernanceError, UsageError

if TYPE_CHECKING:
    from reporting_governance.commands._verify import Verified

#: form -> module that writes it, below commands/_formats
FORMS = {
    "text": "text",
    "json": "json_report",
    "sarif": "sarif",
    "github": "github",
    "junit": "junit",
    "gitlab": "gitlab",
}


class BadFormat(UsageError):
    """--format does not name a form, or two forms want standard output."""

    message = "--format {given}: {problem}"
    hint = "Write --format FORM for standard output and --format FORM=FILE for a file; forms: {forms}."


class NoRoot(UsageError):
    """--root names no folder: every path in every document would be missing."""

    message = "--root {given}: there is no such folder"
    hint = "Name the folder that holds capabilities/ and profiles/."


class NotWritten(GovernanceError):
    """A report could not be written."""

    exit_code = ExitCode.PARTIAL
    message = "{path}: the report could not be written: {reason}"
    hint = "Name a file in a folder that is there and that you may write to."


class Output(NamedTuple):
    """One form, and the file it goes to; None for standard output."""

    form: str
    path: str | None


def verify_command(
    verb: str, *, takes: str, examples: tuple[str, ...], adds: str = "nothing"
) -> Callable[[Callable[..., Verified]], click.Command]:
    """Make a click command of a function from a `Wanted` and its own options to what was found.

    Args:
        verb: its name.
        takes: what it checks, for the help.
        adds: what it leaves behind, for the help.
        examples: command lines for the help.
    """

    def decorate(function: Callable[..., Verified]) -> click.Command:
        @click.argument("words", metavar="PATH...", nargs=-1, required=True)
        @click.option("--root", metavar="FOLDER", help="Package root that paths in documents start from.")
        @click.option(
            "--format",
            "formats",
            metavar="FORM[=FILE]",
            multiple=True,
            help=f"How the report is written: {', '.join(FORMS)}; several at once, all but one to a FILE.  "
            "Default: text.",
        )
        @click.option(
            "--fail-on",
            type=click.Choice([each.value for each in Severity]),
            default=Severity.ERROR.value,
            show_default=True,
            help="End with 1 from this severity on.",
        )
        @click.option("--strict", is_flag=True, help="Take what is advised for claims as required.")
        @click.option("--allow-empty", is_flag=True, help="End with 0 when no file matches.")
        @wraps(function)
        def run(
            words: tuple[str, ...],
            root: str | None,
            formats: tuple[str, ...],
            fail_on: str,
            *,
            strict: bool,
            allow_empty: bool,
            **options: Any,
        ) -> int:
            outputs = [_output(each) for each in formats or ("text",)]
            _refuse_two_in_one_place(outputs)
            for each in outputs:
                if each.path is not None:
                    from reporting_governance.commands._lent_rights import refuse_lent_rights

                    refuse_lent_rights(f"--format {each.form}={each.path}")
            if root is not None and not os.path.isdir(root):
                raise NoRoot(given=root or "''")
            done = with_stable_names(function(Wanted(words, root, strict, allow_empty), **options))
            for each in outputs:
                _leave(done, each)
            if done.unread:
                return int(ExitCode.PARTIAL)
            return int(ExitCode.NO if done.reaches(Severity(fail_on)) else ExitCode.DONE)

        shown = "\n".join(f"  {line}" for line in examples)
        return click.command(
            verb,
            cls=VerbWithRole,
            context_settings={"help_option_names": ["-h", "--help"]},
            epilog=f"\b\nTakes: {takes}\nAdds:  {adds}\nTwice: may run twice: it only reads\n"
            f"Role:  {ROLE}\n\n"
            f"\b\nExamples:\n{shown}\n\n{EXIT_CODES}",
        )(run)

    return decorate


def _output(given: str) -> Output:
    form, separator, path = given.partition("=")
    if form not in FORMS:
        from reporting_governance.contracts.suggest import nearest

        close = nearest(form, FORMS)
        problem = f"there is no such form{f'; did you mean {close}?' if close else ''}"
        raise BadFormat(given=given, problem=problem, forms=", ".join(FORMS))
    if separator and not path:
        raise BadFormat(given=given, problem="the name of the file is missing", forms=", ".join(FORMS))
    return Output(form, path or None)


def _refuse_two_in_one_place(outputs: list[Output]) -> None:
    taken: dict[str | None, str] = {}
    for form, path in outputs:
        place = None if path is None else os.path.abspath(path)
        if place in taken and not (path is not None and _is_stream(path)):
            given = form if path is None else f"{form}={path}"
            problem = f"{taken[place]} and {form} cannot both go to {path or 'standard output'}"
            raise BadFormat(given=given, problem=problem, forms=", ".join(FORMS))
        taken[place] = form


def _leave(done: Verified, output: Output) -> None:
    module = import_module(f"reporting_governance.commands._formats.{FORMS[output.form]}")
    if output.path is not None:
        write_file(output.path, module.write(done))
    elif output.form == "text":
        click.echo(module.write(done, colour=module.is_coloured(sys.stdout)), color=True)
    else:
        click.echo(module.write(done))


def write_file(path: str, text: str) -> None:
    """Replace a file, so that whoever reads it finds a whole report; a link in its place is replaced, not followed.

    What is no file, such as /dev/stdout or a named pipe, is written into.
    """
    from tempfile import NamedTemporaryFile

    whole = text if text.endswith("\n") else text + "\n"
    folder = os.path.dirname(path) or "."
    try:
        if _is_stream(path):
            _write_into(path, whole)
            return
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=folder, prefix=".report-", delete=False, errors="backslashreplace"
        ) as file:
            try:
                file.write(whole)
                os.fchmod(file.fileno(), 0o644)
                file.flush()
                os.rename(file.name, path)
            except BaseException:
                os.unlink(file.name)
                raise
    except OSError as fault:
        raise NotWritten(path=path, reason=fault.strerror or str(fault)) from None


def _is_stream(path: str) -> bool:
    """Whether something stands there that a file must not take the place of."""
    import stat

    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    if os.path.islink(path):  # /dev/stdout leads to a file when there is one behind standard output
        return not stat.S_ISDIR(mode) and os.path.abspath(path).startswith(("/dev/", "/proc/"))
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _write_into(path: str, text: str) -> None:
    # A named pipe that nobody reads is an error, and not a reason to wait for ever.
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
        os.set_blocking(handle, True)
        stream.write(text)
