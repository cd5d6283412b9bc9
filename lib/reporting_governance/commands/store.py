"""`reportgov store`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from reporting_governance.commands._wiring import CommandContext, Reply, governed_command
from reporting_governance.errors import UsageError

MIGRATE, STATUS, GRANTS, COPY = "migrate", "status", "grants", "copy"
#: what each takes
_OPTIONS: Mapping[str, frozenset[str]] = {
    MIGRATE: frozenset(),
    STATUS: frozenset(),
    GRANTS: frozenset(("execute",)),
    COPY: frozenset(("from_", "to")),
}
_NAMES = {"from_": "from"}


class BadOptions(UsageError):
    """Options that do not go together."""

    message = "{problem}"
    hint = "`reportgov store --help` shows what belongs to which."


@governed_command(
    "store",
    takes="the database that --state names, or the state folder (status, copy)",
    adds="tables (migrate), roles of a database (grants --execute), the same log elsewhere (copy); no line of the log",
    twice="may run twice: each finds what is there already, and a copy that was broken off goes on where it stood",
    examples=(
        "reportgov store migrate --state postgresql://db.example/gov",
        "reportgov store grants --state postgresql://db.example/gov",
        "reportgov store grants --execute --state service=gov-owner",
        "reportgov store status --state '${file:/etc/reportgov/url}'",
        "reportgov store copy --from /var/lib/reportgov --to postgresql://db.example/gov",
    ),
)
@click.argument("what", metavar="WHAT", type=click.Choice(list(_OPTIONS)))
@click.option("--execute", is_flag=True, help="Run the SQL instead of printing it (grants).")
@click.option("--from", "from_", metavar="FOLDER|URL", help="What is copied.  Default: what --state names (copy).")
@click.option("--to", "to", metavar="FOLDER|URL", help="An empty database, or a folder that is not there yet (copy).")
def main(context: CommandContext, *, what: str, **options: Any) -> Reply:
    """Look after what the journal and the views lie in: a state folder, or a database that many hosts share.

    \b
    migrate  Makes the tables, or brings them to the version of this program, and parts of the journal ahead.
             Run it before hosts are updated: each version works with the tables of the next.
    status   Version, size, rows, how far it is signed, the hosts with their clocks, and what your role may do.
    grants   The SQL of three database roles: reporting_governance_owner, _writer (adds to the log and can change
             nothing in it) and _reader.  Make the role of each host a member of the second.
    copy     The whole log, the same bytes of every line, with its blobs and signed heads, from files into a database
             or back.  Refuses while something is under way.  The source is not changed; write to one of them only.
    """
    foreign = [name for name, value in options.items() if value not in (None, False) and name not in _OPTIONS[what]]
    if foreign:
        raise BadOptions(problem=f"{what} takes no --{_NAMES.get(foreign[0], foreign[0])}")
    context.require("read" if what == STATUS else "store")
    if what == COPY:
        return _copy(context, **options)
    if what == STATUS:
        from reporting_governance.commands._store_status import status

        return status(context)
    if context.database is None:
        raise BadOptions(problem=f"{what} is for a database: {context.state} is a folder, which needs nothing of it")
    return _migrate(context) if what == MIGRATE else _grants(context, execute=options["execute"])


def _migrate(context: CommandContext) -> Reply:
    from reporting_governance.commands._database import open_session
    from reporting_governance.storage.postgres.migrating import migrate

    assert context.database is not None
    session = open_session(context.database, "store")
    done = migrate(session)
    document = {
        "what": MIGRATE,
        "place": session.place,
        "version_before": done.before,
        "version": done.after,
        "partitions": done.partitions,
    }
    if done.before == done.after and not done.partitions:
        return Reply(document, f"{session.place}: version {done.after} is there, and room ahead")
    from reporting_governance.core.page import plural

    made = f"; {plural(done.partitions, 'part')} of the journal made ahead" if done.partitions else ""
    before = f" (before: {done.before})" if done.before not in (0, done.after) else ""
    return Reply(document, f"{session.place}: tables of version {done.after}{before}{made}")


def _grants(context: CommandContext, *, execute: bool) -> Reply:
    from reporting_governance.commands._database import open_session
    from reporting_governance.storage.postgres import roles
    from reporting_governance.storage.postgres.migrating import require, version

    assert context.database is not None
    session = open_session(context.database, "store")
    require(version(session), session.place)
    statements = roles.grant(session) if execute else roles.statements(session)
    document = {"what": GRANTS, "place": session.place, "executed": execute, "statements": statements}
    text = "\n".join(f"{each};" for each in statements)
    if not execute:
        return Reply(document, text)
    return Reply(document, f"{text}\n\nDone.  Make the role of each host a member: GRANT {roles.WRITER} TO role;")


def _copy(context: CommandContext, *, from_: str | None, to: str | None, **_: object) -> Reply:
    if not to:
        raise BadOptions(problem="copy takes --to: where the copy is made")
    from reporting_governance.commands._store_copy import copy

    return copy(context, from_, to)
