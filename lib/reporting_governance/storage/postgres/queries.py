"""Every question and every change, by name.  Lists go as one text with LF between, which no value of ours holds."""

HAS_VERSION = "SELECT to_regclass('reporting_governance.schema_version')::text"
VERSION = "SELECT max(version) FROM reporting_governance.schema_version"
ADD_VERSION = "INSERT INTO reporting_governance.schema_version (version) VALUES (%s)"
LOCK_VERSION = "LOCK TABLE reporting_governance.schema_version IN EXCLUSIVE MODE"
PARTITIONS = (
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "WHERE i.inhparent = 'reporting_governance.journal'::regclass"
)
LAST_SPILLED = "SELECT max(seq) FROM reporting_governance.journal_rest"

# -- the log

_STATE = (
    "SELECT log_id, seq, leaf, frontier, segment, segment_start, size, last_ms, opened_ms, stepped_ms, context, "
    "lost_seq FROM reporting_governance.log_state"
)
STATE = _STATE
STATE_SEQ = "SELECT seq FROM reporting_governance.log_state"
LOCK = f"{_STATE} FOR UPDATE"
SET_STATE = (
    "UPDATE reporting_governance.log_state SET log_id = %b, seq = %s, leaf = %b, frontier = %b, segment = %s, "
    "segment_start = %s, size = %s, last_ms = %s, opened_ms = %s, stepped_ms = %s, context = %b, lost_seq = %s"
)
#: Bounded above too, or the plan would name every partition that is made ahead.
LAST = "SELECT seq, leaf FROM reporting_governance.journal WHERE seq >= %s AND seq < %s ORDER BY seq DESC LIMIT 1"
LAST_OF_ALL = "SELECT seq, leaf FROM reporting_governance.journal ORDER BY seq DESC LIMIT 1"
LEAF_AT = "SELECT leaf FROM reporting_governance.journal WHERE seq = %s"
LINE_AT = "SELECT line FROM reporting_governance.journal WHERE seq = %s"
LINES = "SELECT seq, line, leaf FROM reporting_governance.journal WHERE seq >= %s AND seq < %s ORDER BY seq LIMIT %s"
OLDEST = "SELECT seq FROM reporting_governance.journal ORDER BY seq LIMIT 1"
HOLDING = (
    "SELECT seq FROM reporting_governance.journal j WHERE seq >= %s AND seq < %s AND EXISTS "
    "(SELECT 1 FROM unnest(%s::bytea[]) w WHERE position(w IN j.line) > 0) ORDER BY seq"
)
NAMED = (
    "SELECT seq, array_to_string(names, ',') FROM reporting_governance.journal "
    "WHERE seq > %s AND seq < %s AND names && string_to_array(%s, E'\\n') ORDER BY seq"
)
NAMED_AFTER = (
    "SELECT seq, array_to_string(names, ',') FROM reporting_governance.journal "
    "WHERE seq > %s AND seq <= %s AND names <> '{}' ORDER BY seq"
)
#: All lines of a commit in one piece, cut again by the server: %s first seq, all lines, where each begins, its length,
#: all leaf hashes, the names in each.
ADD_LINES = (
    "INSERT INTO reporting_governance.journal (seq, line, leaf, names) "
    "SELECT p.first + n - 1, substring(p.lines FROM at FOR length), "
    "substring(p.leaves FROM (n * 32 - 31)::int FOR 32), "
    "string_to_array(coalesce(names, ''), ',') "
    "FROM (SELECT %s::bigint AS first, %b::bytea AS lines, %b::bytea AS leaves) p, "
    "ROWS FROM (unnest(string_to_array(%s, ',')::int[]), unnest(string_to_array(%s, ',')::int[]), "
    "unnest(string_to_array(%s, E'\\n'))) WITH ORDINALITY AS l (at, length, names, n)"
)
ADD_LINE = (
    "INSERT INTO reporting_governance.journal (seq, line, leaf, names) VALUES (%s, %b, %b, string_to_array(%s, ','))"
)

# -- segments

SEGMENTS = "SELECT first, start, opened_ms FROM reporting_governance.segment ORDER BY first"
ALL_SEGMENTS = "SELECT first, start, opened_ms, has_void FROM reporting_governance.segment"
SEGMENT_OF = "SELECT first, has_void FROM reporting_governance.segment WHERE first <= %s ORDER BY first DESC LIMIT 1"
ADD_SEGMENT = "INSERT INTO reporting_governance.segment (first, start, opened_ms) VALUES (%s, %s, %s)"
EMPTY_SEGMENTS = "DELETE FROM reporting_governance.segment"
ADD_SEGMENT_READ = (
    "INSERT INTO reporting_governance.segment (first, start, opened_ms, has_void) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (first) DO NOTHING"
)
PAST_BEFORE = "SELECT max(first) FROM reporting_governance.segment WHERE opened_ms <= %s"

# -- views

#: A folder that grew since its rows were counted would be read and sorted whole for the few that are wanted of it.
BY_ORDER = "SELECT set_config('enable_sort', 'off', true)"
#: Ordered as the index has it, which holds no column by itself: one that did would be taken for finding single ids, and
#: read whole for each, wherever the planner was last told of an empty folder.
#: %s: folder, one more than come at once when there are no more, how many these are, how many come when there are more.
LISTING = (
    "WITH found AS MATERIALIZED (SELECT due, seq, id FROM reporting_governance.work WHERE folder = %s "
    "ORDER BY due || lpad(seq::text, 19, '0') || id LIMIT %s), counted AS (SELECT count(*) AS many FROM found) "
    "SELECT s.seq, c.many, (SELECT "
    "string_agg(due || '-' || id || '-' || lpad(seq::text, 12, '0') || '.json', E'\\n' ORDER BY due, seq, id) "
    "FROM (SELECT due, seq, id FROM found ORDER BY due, seq, id LIMIT CASE WHEN c.many > %s THEN %s END) AS f) "
    "FROM reporting_governance.log_state s, counted c"
)
ALL = (
    "SELECT string_agg(due || '-' || id || '-' || lpad(seq::text, 12, '0') || '.json', E'\\n' ORDER BY due, seq, id) "
    "FROM reporting_governance.work WHERE folder = %s"
)
#: Behind a time stands a digit.
DUE = (
    "SELECT string_agg(due || '-' || id || '-' || lpad(seq::text, 12, '0') || '.json', E'\\n' ORDER BY due, seq, id) "
    "FROM (SELECT due, seq, id FROM reporting_governance.work WHERE folder = %s "
    "AND due || lpad(seq::text, 19, '0') || id < %s::text || ':' "
    "ORDER BY due || lpad(seq::text, 19, '0') || id) AS f"
)
COUNT = "SELECT count(*) FROM reporting_governance.work WHERE folder = %s"
#: %s: folder, the prefix, what sorts behind all that starts with it, how many at most
STARTING = (
    "SELECT string_agg(due || '-' || id || '-' || lpad(seq::text, 12, '0') || '.json', E'\\n' ORDER BY id) "
    "FROM (SELECT due, seq, id FROM reporting_governance.work WHERE folder = %s AND id >= %s AND id < %s "
    "ORDER BY id LIMIT %s) AS f"
)
#: %s: ids, folder, folder.  Each id is looked for by itself: by the primary key, whatever the tables' statistics.
BODIES = (
    "SELECT w.id, w.due, w.seq, b.body FROM unnest(string_to_array(%s, E'\\n')) AS v (id), "
    "LATERAL (SELECT id, due, seq FROM reporting_governance.work WHERE folder = %s AND id = v.id LIMIT 1) AS w, "
    "LATERAL (SELECT body FROM reporting_governance.work_body WHERE folder = %s AND id = w.id AND seq = w.seq LIMIT 1) "
    "AS b"
)
PAST = (
    "SELECT w.seq, b.body FROM reporting_governance.work w JOIN reporting_governance.work_body b "
    "ON b.folder = 'past' AND b.id = w.id AND b.seq = w.seq WHERE w.folder = 'past' AND w.id = %s"
)
PAST_NAMES = (
    "SELECT id FROM reporting_governance.work WHERE folder = 'past' AND id >= %s AND starts_with(id, %s) ORDER BY id"
)
EXISTING = (
    "SELECT w.id, w.due, w.seq FROM unnest(string_to_array(%s, E'\\n')) AS v (id), "
    "LATERAL (SELECT id, due, seq FROM reporting_governance.work WHERE folder = %s AND id = v.id LIMIT 1) AS w"
)
PUT_WORK = (
    "INSERT INTO reporting_governance.work (folder, id, due, seq) "
    "SELECT %s, i, coalesce(d, ''), s FROM unnest(string_to_array(%s, E'\\n'), string_to_array(%s, E'\\n'), "
    "string_to_array(%s, E'\\n')::bigint[]) AS v (i, d, s) "
    "ON CONFLICT (folder, id) DO UPDATE SET due = excluded.due, seq = excluded.seq"
)
PUT_BODIES = (
    "INSERT INTO reporting_governance.work_body (folder, id, seq, body) "
    "SELECT %s, i, s, b FROM unnest(string_to_array(%s, E'\\n'), string_to_array(%s, E'\\n')::bigint[], "
    "string_to_array(%s, E'\\n')) AS v (i, s, b) "
    "ON CONFLICT (folder, id) DO UPDATE SET seq = excluded.seq, body = excluded.body"
)
REMOVE_WORK = "DELETE FROM reporting_governance.work WHERE folder = %s AND id = ANY(string_to_array(%s, E'\\n'))"
REMOVE_BODIES = "DELETE FROM reporting_governance.work_body WHERE folder = %s AND id = ANY(string_to_array(%s, E'\\n'))"
REMOVE_ONE_WORK = "DELETE FROM reporting_governance.work WHERE folder = %s AND id = %s"
REMOVE_ONE_BODY = "DELETE FROM reporting_governance.work_body WHERE folder = %s AND id = %s"
FORGET_PAST = "DELETE FROM reporting_governance.work WHERE folder = 'past' AND seq < %s"
FORGET_PAST_BODIES = "DELETE FROM reporting_governance.work_body WHERE folder = 'past' AND seq < %s"
EMPTY_WORK = "DELETE FROM reporting_governance.work"
EMPTY_BODIES = "DELETE FROM reporting_governance.work_body"
PUT_ONE_WORK = (
    "INSERT INTO reporting_governance.work (folder, id, due, seq) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (folder, id) DO UPDATE SET due = excluded.due, seq = excluded.seq"
)
PUT_ONE_BODY = (
    "INSERT INTO reporting_governance.work_body (folder, id, seq, body) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (folder, id) DO UPDATE SET seq = excluded.seq, body = excluded.body"
)

# -- claims

#: Each row by its key, whatever the planner believes of the tables' size.
#: %s: ids, seqs, folder, now, token, limit, token, host, until, now
CLAIM = (
    "WITH free AS (SELECT w.folder, w.id, w.seq FROM ROWS FROM (unnest(string_to_array(%s, E'\\n')), "
    "unnest(string_to_array(%s, E'\\n')::bigint[])) AS v (id, seq), "
    "LATERAL (SELECT folder, id, seq FROM reporting_governance.work WHERE folder = %s AND id = v.id AND seq = v.seq "
    "LIMIT 1 FOR UPDATE SKIP LOCKED) AS w "
    "WHERE coalesce((SELECT c.seq <> w.seq OR c.until <= %s OR c.token = %s FROM reporting_governance.claim c "
    "WHERE c.folder = w.folder AND c.id = w.id), true) LIMIT %s) "
    "INSERT INTO reporting_governance.claim AS c (folder, id, seq, token, host, until) "
    "SELECT folder, id, seq, %s, %s, %s FROM free ON CONFLICT (folder, id) DO UPDATE SET seq = excluded.seq, "
    "token = excluded.token, host = excluded.host, until = excluded.until "
    "WHERE c.seq <> excluded.seq OR c.until <= %s OR c.token = excluded.token RETURNING id, seq"
)
DROP_OLD_CLAIMS = "DELETE FROM reporting_governance.claim WHERE until < %s"

# -- blobs and signed heads

ADD_BLOB = "INSERT INTO reporting_governance.blob (digest, content) VALUES (%s, %b) ON CONFLICT DO NOTHING"
BLOB = "SELECT content FROM reporting_governance.blob WHERE digest = %s"
ERASE_BLOBS = "DELETE FROM reporting_governance.blob WHERE digest = ANY(string_to_array(%s, E'\\n'))"
TAKE_BLOBS = f"{ERASE_BLOBS} RETURNING digest"
RETIRED_LEAVES = "SELECT leaves FROM reporting_governance.retired_leaves WHERE first < %s ORDER BY first"
RETIRED_LEAVES_OF = "SELECT first, leaves FROM reporting_governance.retired_leaves WHERE first < %s ORDER BY first"
SNAPSHOTS = "SELECT content FROM reporting_governance.snapshot WHERE seq >= %s ORDER BY seq"
SNAPSHOT = f"{SNAPSHOTS} LIMIT 1"
LOG_CHECKPOINTS = "SELECT size FROM reporting_governance.log_checkpoint ORDER BY size"
NEWEST_LOG_CHECKPOINT = "SELECT coalesce(max(size), 0) FROM reporting_governance.log_checkpoint"
LOG_CHECKPOINT = "SELECT note FROM reporting_governance.log_checkpoint WHERE size = %s"
KEEP_LOG_CHECKPOINT = (
    "INSERT INTO reporting_governance.log_checkpoint (size, note) VALUES (%s, %b) ON CONFLICT (size) DO NOTHING"
)
REPLACE_LOG_CHECKPOINT = "UPDATE reporting_governance.log_checkpoint SET note = %b WHERE size = %s AND note <> %b"

# -- keeping

RETIRED_BLOBS = "SELECT first, blobs FROM reporting_governance.retired_leaves ORDER BY first"
RETIRED_UNTIL = "SELECT coalesce(max(first + length(leaves) / 32 - 1), 0) FROM reporting_governance.retired_leaves"
FORGET_RETIRED_BLOBS = "UPDATE reporting_governance.retired_leaves SET blobs = '' WHERE first <= %s AND blobs <> ''"
KEEP_LEAVES = (
    "INSERT INTO reporting_governance.retired_leaves (first, leaves, blobs) VALUES (%s, %b, %s) "
    "ON CONFLICT (first) DO UPDATE SET leaves = excluded.leaves, blobs = excluded.blobs"
)
KEEP_SNAPSHOT = (
    "INSERT INTO reporting_governance.snapshot (seq, content) VALUES (%s, %b) "
    "ON CONFLICT (seq) DO UPDATE SET content = excluded.content"
)
DROP_PARTITION = "DROP TABLE reporting_governance.{name}"
DROP_LINES = "DELETE FROM reporting_governance.journal WHERE seq <= %s"
DROP_SEGMENTS = "DELETE FROM reporting_governance.segment WHERE first <= %s"
DROP_SNAPSHOTS = "DELETE FROM reporting_governance.snapshot WHERE seq < %s"
DROP_LOG_CHECKPOINTS = (
    "DELETE FROM reporting_governance.log_checkpoint WHERE size = ANY(string_to_array(%s, ',')::bigint[])"
)
HEADS_WITH_LINES = (
    "SELECT c.size, j.line FROM reporting_governance.log_checkpoint c JOIN reporting_governance.journal j "
    "ON j.seq = c.size WHERE c.size > %s ORDER BY c.size LIMIT 1000"
)
ALL_NAMES = (
    "SELECT CASE folder WHEN 'past' THEN 'past/' || id || '@' || lpad(seq::text, 12, '0') "
    "ELSE folder || '/' || due || '-' || id || '-' || lpad(seq::text, 12, '0') || '.json' END "
    "FROM reporting_governance.work"
)
BLOBS_IN_VIEWS = (
    """SELECT DISTINCT (regexp_matches(body, '"\\$blob":"([0-9a-f]{64})"', 'g'))[1] """
    "FROM reporting_governance.work_body"
)

# -- erasing

BLOBS_OF_SIZES = (
    "SELECT digest, content FROM reporting_governance.blob "
    "WHERE length(content) = ANY(string_to_array(%s, ',')::int[]) ORDER BY digest"
)
BLOBS_HOLDING = (
    "SELECT digest, content FROM reporting_governance.blob b WHERE EXISTS "
    "(SELECT 1 FROM unnest(%s::bytea[]) w WHERE position(w IN b.content) > 0) ORDER BY digest"
)
LEFT_BEHIND = (
    "SELECT digest, content FROM reporting_governance.blob WHERE length(content) = "
    "ANY(string_to_array(%s, ',')::int[]) AND stored_at < clock_timestamp() - interval '1 hour'"
)
