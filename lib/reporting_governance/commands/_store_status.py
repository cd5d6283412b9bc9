"""`store status`: what the journal and the views lie in, in figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reporting_governance.commands._database import SKEW_LIMIT_SECONDS
from reporting_governance.commands._wiring import CommandContext, Reply
from reporting_governance.contracts.journal_line import Folder
from reporting_governance.contracts.times import format_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporting_governance.commands._backend import Backend
    from reporting_governance.storage.postgres.backend import KnownHost
    from reporting_governance.storage.postgres.roles import Powers


def status(context: CommandContext) -> Reply:
    """Return the figures of a folder or a database."""
    document: dict[str, Any] = {
        "what": "status",
        "place": context.place.name,
        "version": None,
        "bytes": None,
        "database_bytes": None,
        "log": None,
        "views": None,
        "role": None,
        "hosts": [],
    }
    if context.database is None:
        document["place"] = context.state
        return _reply(context.backend, document, ())
    from reporting_governance.commands._database import open_session
    from reporting_governance.storage.postgres import roles, schema
    from reporting_governance.storage.postgres.backend import PostgresBackend
    from reporting_governance.storage.postgres.migrating import require, version

    session = open_session(context.database, "store")
    document["place"] = session.place
    found = version(session)
    document["version"] = {"tables": found, "program": schema.NEWEST}
    require(found, session.place)
    powers = roles.powers(session)
    document["role"] = {
        "name": powers.role,
        "kind": powers.kind,
        "may_write": powers.may_write,
        "rewrites": list(powers.rewrites),
    }
    # Nothing is made good here: a folder that knew another log would have a loss recorded in this one.
    backend = PostgresBackend(
        context.database.conninfo(), local=context.state, actor=context.actor, verb="store", heals=False
    )
    hosts = backend.hosts()
    document["hosts"] = [_host(each) for each in hosts]
    document["database_bytes"] = backend.bytes_on_disk()
    return _reply(backend, document, hosts, powers)


def _host(host: KnownHost) -> dict[str, Any]:
    return {
        "name": host.name,
        "seen_at": format_time(host.seen_at),
        "skew_ms": host.skew_ms,
        "is_skewed": abs(host.skew_ms) > SKEW_LIMIT_SECONDS * 1000,
    }


def _reply(
    backend: Backend, document: dict[str, Any], hosts: Sequence[KnownHost], powers: Powers | None = None
) -> Reply:
    head = backend.ready()
    newest = backend.newest_log_checkpoint()
    document["bytes"] = backend.log_bytes()
    document["log"] = {
        "log_id": head.log_id,
        "lines": head.seq,
        "leaf": head.leaf,
        "signed": newest,
        "log_checkpoints": len(backend.log_checkpoints()),
    }
    views = {folder.value: len(backend.listing(folder).names) for folder in Folder if folder is not Folder.PAST}
    views[Folder.PAST.value] = len(backend.past_names(""))
    document["views"] = views
    return Reply(document, _text(document, hosts, powers))


def _text(document: dict[str, Any], hosts: Sequence[KnownHost], powers: Powers | None) -> str:
    from reporting_governance.commands._tables import table

    log, version = document["log"], document["version"]
    lines = [f"Place:   {document['place']}"]
    if version is not None:
        lines.append(f"Tables:  version {version['tables']}; this program is written for {version['program']}")
    size = f"{document['bytes']} bytes"
    if document["database_bytes"] is not None:
        size += f", {document['database_bytes']} on the server's disk with tables and indexes"
    lines.append(f"Log:     {log['log_id'] or 'none yet'}, {log['lines']} lines, {size}")
    lines.append(f"Signed:  {log['signed']} of {log['lines']} lines, {log['log_checkpoints']} heads kept")
    if powers is not None:
        may = {"owner": "may change history", "writer": "may add to the log", "reader": "may only read"}[powers.kind]
        lines.append(f"Role:    {powers.role}: {may}")
    shown = [(folder, count) for folder, count in document["views"].items() if count]
    parts = ["\n".join(lines)]
    if shown:
        parts.append(table(("views", "rows"), shown))
    if hosts:
        rows = [
            (each["name"], each["seen_at"], f"{each['skew_ms'] / 1000:+.3f} s", "too far" if each["is_skewed"] else "")
            for each in document["hosts"]
        ]
        parts.append(table(("host", "last seen", "clock", ""), rows))
    return "\n\n".join(parts)
