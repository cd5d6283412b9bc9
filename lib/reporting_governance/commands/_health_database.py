"""What `doctor` says of a database that holds the state: who may do what there, and whose clock is off."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reporting_governance.commands._health_check import Check, Rule, Verdict
from reporting_governance.contracts.times import format_time

if TYPE_CHECKING:
    from reporting_governance.commands._wiring import CommandContext
    from reporting_governance.storage.postgres.roles import Powers

_MEMBER = "`reportgov store grants` makes the roles; connect as a member of reporting_governance_writer, and no other."
_SET_CLOCK = (
    "Let one service set that host's clock.  What is recorded bears the database's time; heartbeats, files and logs of "
    "the host do not."
)


def database(context: CommandContext) -> Iterator[Check]:
    """Yield what is to be said of the database; nothing where the state lies in files."""
    if context.database is None:
        return
    from reporting_governance.commands._database import SKEW_LIMIT_SECONDS, skew_words
    from reporting_governance.storage.postgres import migrating, roles, schema

    backend = context.postgres
    found = migrating.version(backend.session)
    migrating.require(found, backend.place)
    yield _of_role(roles.powers(backend.session), backend.place, found)
    if found > schema.NEWEST:
        seen = f"the tables are of version {found}, and this program is written for {schema.NEWEST}"
        yield Check(Rule.DATABASE, Verdict.WARNING, seen, "Update the program on this host; the others have been.")
    offset, here = backend.clock_offset(), os.uname().nodename
    if abs(offset.total_seconds()) > SKEW_LIMIT_SECONDS:
        seen = f"this host's clock is {skew_words(offset)} the database's"
        yield Check(Rule.DATABASE, Verdict.WARNING, seen, _SET_CLOCK, here)
    hosts = backend.hosts()
    if hosts:
        shown = "; ".join(f"{each.name} {format_time(each.seen_at)}, {each.skew_ms / 1000:+.3f} s" for each in hosts)
        yield Check(Rule.DATABASE, Verdict.OK, f"hosts, when each ran last, and its clock: {shown}")
    for host in hosts:
        if host.name != here and abs(host.skew_ms) > SKEW_LIMIT_SECONDS * 1000:
            seen = f"its clock was {host.skew_ms / 1000:+.1f} s off when it last ran"
            yield Check(Rule.DATABASE, Verdict.WARNING, seen, _SET_CLOCK, host.name)


def _of_role(powers: Powers, place: str, version: int) -> Check:
    if not powers.may_write:
        seen = f"{place}: the role {powers.role} may not add to the log"
        return Check(Rule.DATABASE, Verdict.BAD, seen, _MEMBER)
    if powers.rewrites:
        what = "is a superuser" if powers.is_superuser else f"may {', '.join(powers.rewrites[:3])}"
        seen = f"{place}: the role {powers.role} {what}, so whoever breaks into this host can rewrite the log"
        return Check(Rule.DATABASE, Verdict.WARNING, seen, _MEMBER)
    return Check(Rule.DATABASE, Verdict.OK, f"{place}: version {version}; {powers.role} only adds to the log")
