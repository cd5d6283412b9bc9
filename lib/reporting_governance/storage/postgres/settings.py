"""What every transaction of ours says of itself, and sets for itself alone."""

from __future__ import annotations

from typing import NamedTuple

BEGIN = "BEGIN ISOLATION LEVEL {level} {access}"
SETTINGS = (
    "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true), "
    "set_config('idle_in_transaction_session_timeout', %s, true), set_config('search_path', 'pg_catalog', true), "
    "set_config('jit', 'off', true), pg_backend_pid(){more}"
)
SERVED_BY = 5  #: the place of that process in the answer
#: A plan that reads a whole table would keep every other host waiting; whoever writes knows each row by its key.
BY_KEY = ", set_config('enable_seqscan', 'off', true)"
#: What is prepared is planned once: one version, one line, whatever their names.
PLANNED_ONCE = ", set_config('plan_cache_mode', 'force_generic_plan', true)"
NOT_YET_DURABLE = ", set_config('synchronous_commit', 'off', true)"
#: Where a message, or a part of it, never comes, a server counts no idle time: it waits, and holds the log.  It notices
#: by itself that a host or the network is gone, and from version 17 on it ends a transaction after its time.
LOOKS_AFTER_US = (
    ", set_config('tcp_keepalives_idle', '10', true), set_config('tcp_keepalives_interval', '5', true), "
    "set_config('tcp_keepalives_count', '3', true)"
)
ENDS_ANYHOW = ", set_config('transaction_timeout', '{milliseconds}ms', true)"
CAN_END_ANYHOW = 170_000
#: What a server waits for may be more than its own disk; it is never made less.
DURABLE = (
    "set_config('synchronous_commit', "
    "CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)"
)
#: A transaction that has written nothing is committed without waiting for the disk, an id of its own or not.  This
#: record is written and read by nobody.
MARK = "pg_logical_emit_message(true, 'reporting-governance', '')"


class Timeouts(NamedTuple):
    """How long is waited, in seconds.  A lost host's lock ends before those who wait for it give up."""

    statement: float = 30
    lock: float = 20
    idle: float = 10
    silence: float = 60  #: for any sign of life, since a server waits for a standby, and a network may swallow all

    @property
    def short(self) -> float:
        """Seconds after which the server ends a commit whatever it waits for: for the log first, and then for us."""
        return self.lock + self.idle
