"""The line of every `--help` that says which role a verb needs, from the table of uses."""

from __future__ import annotations

import click

ROLE = "{role}"  #: where the line stands in an epilog


class VerbWithRole(click.Command):
    """A verb.  Its role is looked up when its help is shown: a call that works should not pay for the table."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the epilog with the verb's role in it."""
        if self.epilog is not None and ROLE in self.epilog:
            from reporting_governance.core.role_uses import role_line

            self.epilog = self.epilog.replace(ROLE, role_line(self.name or ""))
        super().format_epilog(ctx, formatter)
