"""The roles of a database: who may change its history, who may only add to it, and who may only look.

They are groups that nobody logs in as: a person's or a host's own role is made a member of one of them.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from reporting_governance.storage.postgres.connection import Session

OWNER: Final = "reporting_governance_owner"
WRITER: Final = "reporting_governance_writer"
READER: Final = "reporting_governance_reader"
_SCHEMA: Final = "reporting_governance"

_ROLES = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
_TABLES = (
    "SELECT c.relname, pg_get_userbyid(c.relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'reporting_governance' AND c.relkind IN ('r', 'p') ORDER BY c.relname"
)
_SCHEMA_OWNER = "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'reporting_governance'"
_MAY = (
    "SELECT t, p FROM unnest(%s::text[]) t, unnest(%s::text[]) p "
    "WHERE has_table_privilege('reporting_governance.' || t, p)"
)
_MAY_INSERT = (
    "SELECT bool_and(has_column_privilege('reporting_governance.journal', c, 'INSERT')) "
    "FROM unnest(ARRAY['seq', 'line', 'leaf', 'names']) c"
)
_MEMBER = (
    "SELECT rolsuper OR EXISTS (SELECT 1 FROM pg_roles o WHERE o.rolname = %s AND pg_has_role(o.oid, 'MEMBER')) "
    "FROM pg_roles WHERE rolname = current_user"
)
_WHO = "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"

#: what a writer may do beyond reading; a line, a head or a blob that is there it can neither change nor take away
_WRITES: Final = {
    "INSERT": ("blob", "log_checkpoint", "segment", "snapshot"),
    "UPDATE": ("log_state",),
    "INSERT, UPDATE, DELETE": ("work", "work_body", "claim", "host", "heartbeat"),
}
#: tables that are the history: whoever may do this to them can rewrite it
_HISTORY: Final = ("journal", "journal_rest", "log_checkpoint", "retired_leaves")
_REWRITES: Final = ("UPDATE", "DELETE", "TRUNCATE")


class Powers(NamedTuple):
    """What the role that connects may do."""

    role: str
    may_write: bool  #: all that a host at work needs
    is_superuser: bool
    rewrites: tuple[str, ...]  #: by which it could change history, such as "DELETE on journal"

    @property
    def kind(self) -> str:
        """Which of the three roles this comes to."""
        if self.rewrites:
            return "owner"
        return "writer" if self.may_write else "reader"


def statements(session: Session) -> list[str]:
    """Return the SQL that makes the roles and gives them what they need; all of it may be run again.

    Run by whoever owns the tables, with the right to make roles.  Raises: StorageError.
    """

    def ask(connection: Any) -> tuple[set[str], list[tuple[str, str]], str | None, bool]:
        roles = {row[0] for row in connection.execute(_ROLES, ([OWNER, WRITER, READER],)).fetchall()}
        tables = connection.execute(_TABLES).fetchall()
        owner = connection.execute(_SCHEMA_OWNER).fetchone()
        (is_member,) = connection.execute(_MEMBER, (OWNER,)).fetchone()
        return roles, tables, None if owner is None else owner[0], bool(is_member)

    roles, tables, owner, is_member = session.read(ask)
    made = [f"CREATE ROLE {role} NOLOGIN" for role in (OWNER, WRITER, READER) if role not in roles]
    if not is_member:  # or what is theirs could not be handed over, and not be migrated later
        made.append(f"GRANT {OWNER} TO CURRENT_USER")
    if owner != OWNER:
        made.append(f"ALTER SCHEMA {_SCHEMA} OWNER TO {OWNER}")
    made += [f"ALTER TABLE {_SCHEMA}.{table} OWNER TO {OWNER}" for table, owned_by in tables if owned_by != OWNER]
    # Everything is taken first: what an older version gave, or somebody gave by hand, is not to stay.
    made.append(f"REVOKE ALL ON ALL TABLES IN SCHEMA {_SCHEMA} FROM {WRITER}, {READER}, PUBLIC")
    made.append(f"REVOKE ALL ON SCHEMA {_SCHEMA} FROM PUBLIC")
    made.append(f"GRANT USAGE ON SCHEMA {_SCHEMA} TO {WRITER}, {READER}")
    made.append(f"GRANT SELECT ON ALL TABLES IN SCHEMA {_SCHEMA} TO {WRITER}, {READER}")
    made.append(f"GRANT INSERT (seq, line, leaf, names) ON {_SCHEMA}.journal TO {WRITER}")
    there = {table for table, _ in tables}
    for rights, names in _WRITES.items():
        for table in names:
            if table in there:
                made.append(f"GRANT {rights} ON {_SCHEMA}.{table} TO {WRITER}")
    return made


def grant(session: Session) -> list[str]:
    """Run `statements` in one transaction and return them.  Raises: StorageError; then nothing was changed."""
    made = statements(session)
    with session.plain() as connection, connection.transaction():
        for statement in made:
            connection.execute(statement.encode())
    return made


def powers(session: Session) -> Powers:
    """Return what the role that connects may do.  Raises: StorageError."""

    def ask(connection: Any) -> Powers:
        tables = [table for names in _WRITES.values() for table in names]
        held = set(connection.execute(_MAY, (tables, ["INSERT", "UPDATE", "DELETE"])).fetchall())
        needed = {
            (table, right) for rights, names in _WRITES.items() for table in names for right in rights.split(", ")
        }
        may_insert = bool(connection.execute(_MAY_INSERT).fetchone()[0])
        history = connection.execute(_MAY, (list(_HISTORY), list(_REWRITES))).fetchall()
        user, is_superuser = connection.execute(_WHO).fetchone()
        rewrites = tuple(sorted(f"{right} on {table}" for table, right in history))
        return Powers(user, may_insert and needed <= held, is_superuser, rewrites)

    return session.read(ask)
