"""`reportgov completions`."""

import click

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command

_PLACES = {
    "bash": "~/.local/share/bash-completion/completions/reportgov",
    "zsh": "a file _reportgov in a folder of $fpath",
    "fish": "~/.config/fish/completions/reportgov.fish",
}


@governed_command(
    "completions",
    takes="nothing",
    adds="nothing: what is printed is for your shell",
    twice="may run twice: it prints the same each time",
    examples=("reportgov completions bash", "reportgov completions zsh", "reportgov completions fish"),
)
@click.argument("shell", type=click.Choice(list(_PLACES)))
def main(context: CommandContext, *, shell: str) -> Reply:  # noqa: ARG001 - a verb takes the context
    """Print what makes a shell complete verbs and options of `reportgov`.

    \b
    bash: into ~/.local/share/bash-completion/completions/reportgov
    zsh:  into a file _reportgov in a folder of $fpath
    fish: into ~/.config/fish/completions/reportgov.fish
    """
    from click.shell_completion import ShellComplete, get_completion_class

    from reporting_governance.commands.main import ASKED, PROGRAM, reportgov

    kind = get_completion_class(shell)
    assert kind is not None
    # The base's own: that of bash first starts a bash to ask for its version, and this host need not have one.
    text = ShellComplete.source(kind(reportgov, {}, PROGRAM, ASKED)).strip("\n")
    return Reply({"shell": shell, "place": _PLACES[shell], "text": text}, text)
