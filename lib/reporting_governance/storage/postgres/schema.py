"""The tables, as numbered steps.  A step that was released is never changed: a change of it is a step of its own.

Every step leaves the program of the version before at work: it adds, and takes away only what the version before had
stopped to use.  So hosts are updated one by one.  All identifiers sort by byte, as the names on files do.

A line is stored without its LF, which is what its leaf hash is over; the database itself refuses another hash.
"""

LINES_IN_PARTITION = 1 << 20
PARTITIONS_AHEAD = 16
NEAR = LINES_IN_PARTITION  #: how far behind a look at the log's end may be; beyond that it is looked for anew

FIRST = r"""
CREATE SCHEMA IF NOT EXISTS reporting_governance;

CREATE TABLE reporting_governance.schema_version (
    version integer PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE reporting_governance.journal (
    seq bigint PRIMARY KEY CHECK (seq > 0),
    line bytea NOT NULL,
    leaf bytea NOT NULL,
    names text[] COLLATE "C" NOT NULL DEFAULT '{}',
    inserted_by name NOT NULL DEFAULT session_user,
    inserted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT leaf_is_of_its_line CHECK (leaf = sha256('\x00'::bytea || line))
) PARTITION BY RANGE (seq);
CREATE TABLE reporting_governance.journal_rest PARTITION OF reporting_governance.journal DEFAULT;

CREATE TABLE reporting_governance.log_state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    log_id bytea,
    seq bigint NOT NULL DEFAULT 0,
    leaf bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    frontier bytea NOT NULL DEFAULT '',
    segment bigint NOT NULL DEFAULT 1,
    segment_start bigint NOT NULL DEFAULT 0,
    size bigint NOT NULL DEFAULT 0,
    last_ms bigint NOT NULL DEFAULT 0,
    opened_ms bigint NOT NULL DEFAULT 0,
    stepped_ms bigint NOT NULL DEFAULT 0,
    context bytea NOT NULL DEFAULT decode(repeat('00', 16), 'hex'),
    lost_seq bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
INSERT INTO reporting_governance.log_state DEFAULT VALUES;

CREATE TABLE reporting_governance.segment (
    first bigint PRIMARY KEY,
    start bigint NOT NULL,
    opened_ms bigint NOT NULL,
    has_void boolean NOT NULL DEFAULT false
);

CREATE TABLE reporting_governance.work (
    folder text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    due text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (folder, id)
) PARTITION BY LIST (folder);
CREATE INDEX work_due ON reporting_governance.work ((due || lpad(seq::text, 19, '0') || id));
CREATE TABLE reporting_governance.work_body (
    folder text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (folder, id)
) PARTITION BY LIST (folder);
"""

#: The folders of the first version; a later one's lie in the rest until a step gives them a table of their own.
_FOLDERS = (
    "tasks",
    "watch",
    "long-task-watchdog",
    "long-task-watchdog-events",
    "decisions",
    "operator-notify-queue",
    "operator-notify-dispatch-spool",
    "reviews",
    "silences",
    "jobs",
    "past",
)
_ONE_FOLDER = """
CREATE TABLE reporting_governance.{table}_{suffix} PARTITION OF reporting_governance.{table} FOR VALUES IN ('{folder}')
    WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
"""
_REST = """
CREATE TABLE reporting_governance.{table}_rest PARTITION OF reporting_governance.{table} DEFAULT;
"""

BESIDE = r"""
CREATE TABLE reporting_governance.blob (
    digest text COLLATE "C" PRIMARY KEY,
    content bytea NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
ALTER TABLE reporting_governance.blob ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE reporting_governance.log_checkpoint (
    size bigint PRIMARY KEY,
    note bytea NOT NULL
);

CREATE TABLE reporting_governance.retired_leaves (
    first bigint PRIMARY KEY,
    leaves bytea NOT NULL,
    blobs text NOT NULL DEFAULT ''
);
ALTER TABLE reporting_governance.retired_leaves ALTER COLUMN leaves SET STORAGE EXTERNAL;

CREATE TABLE reporting_governance.snapshot (
    seq bigint PRIMARY KEY,
    content bytea NOT NULL
);

CREATE TABLE reporting_governance.claim (
    folder text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    token text NOT NULL,
    host text NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (folder, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX claim_until ON reporting_governance.claim (until);

CREATE TABLE reporting_governance.host (
    name text COLLATE "C" PRIMARY KEY,
    boot_id text NOT NULL,
    seen_at timestamptz NOT NULL,
    skew_ms bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE reporting_governance.heartbeat (
    task text COLLATE "C" PRIMARY KEY,
    heard_at timestamptz NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
"""


def _parts() -> str:
    made: list[str] = []
    for table in ("work", "work_body"):
        made.extend(
            _ONE_FOLDER.format(table=table, suffix=folder.replace("-", "_"), folder=folder) for folder in _FOLDERS
        )
        made.append(_REST.format(table=table))
    return "".join(made)


def steps() -> dict[int, str]:
    """Return the SQL of every step, by the version it leads to."""
    return {1: FIRST + _parts() + BESIDE}


NEWEST = 1  #: the version this program is written for; it works with the next one too


def partition(number: int) -> str:
    """Return what makes one partition of the journal; fine when it is there."""
    start = number * LINES_IN_PARTITION
    return (
        f"CREATE TABLE IF NOT EXISTS reporting_governance.journal_{number:06d} PARTITION OF "
        f"reporting_governance.journal FOR VALUES FROM ({start}) TO ({start + LINES_IN_PARTITION})"
    )
