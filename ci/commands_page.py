"""Write docs/commands.md: what every verb's --help says, so that it can be read without a terminal.

python ci/commands_page.py > docs/commands.md
"""

import sys

import click

from reporting_governance.commands.main import PROGRAM, VERBS, reportgov

HEAD = """# Commands

What `--help` says, verb by verb (this page is made from it: `python ci/commands_page.py`). `bin/VERB` in a checkout and
`reportgov VERB` after `pip install` are the same.

Reports go to standard output, as text or with `--format json` in the form that
`schemas/reporting-governance/reports/VERB.schema.json` describes. Everything else goes to standard error. A verb that
has nothing to say says nothing. `--dry-run` says what would be done: later stages of a dry `run` see what earlier ones
would have added, `bridge` lists what is due and asks no sender anything, and nothing in the state folder changes.

In a state folder of another user, `report`, `ack`, `retry`, `review approve|reject` and `silence add|expire` leave a
file in its inbox for its owner's next run; all other verbs end with 1 and name the line to use.
"""
WIDTH = 100


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    with _context(reportgov, PROGRAM) as group:
        parts.append(_section(PROGRAM, reportgov.get_help(group)))
        for verb in VERBS:
            command = reportgov.get_command(group, verb)
            assert command is not None
            with _context(command, verb, group) as context:
                parts.append(_section(verb, command.get_help(context)))
    return "\n".join(parts)


def _context(command: click.Command, name: str, parent: click.Context | None = None) -> click.Context:
    return click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH, **command.context_settings)


def _section(name: str, text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return f"## {name}\n\n```text\n{lines}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(page())
