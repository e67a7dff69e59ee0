-- The ledger's tables. Moments are microseconds since 1970, UTC. Documents are JSON text that SQL never looks into.
-- `_key` columns hold the folded (lower-case) form of the column beside them: comparisons and orders use them.

-- Facts about the database itself: 'database_id'.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- One row for each time a process opened the database.
CREATE TABLE instance (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    pid    INTEGER NOT NULL,
    opened INTEGER NOT NULL
);

-- `ends` is 2^63-1 for a resource without an end, so that it compares as later than every moment.
CREATE TABLE resource (
    row       INTEGER PRIMARY KEY,
    kind      TEXT NOT NULL,
    scope     TEXT NOT NULL,
    scope_key TEXT NOT NULL,
    name      TEXT NOT NULL,
    name_key  TEXT NOT NULL,
    id        TEXT NOT NULL,
    body      TEXT NOT NULL,
    version   INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    modified  INTEGER NOT NULL,
    alt       TEXT NOT NULL,
    state     TEXT NOT NULL,
    ends      INTEGER NOT NULL
);

CREATE UNIQUE INDEX resource_name ON resource (kind, scope_key, name_key);
CREATE UNIQUE INDEX resource_id ON resource (kind, id);
-- One index per order of a list; each ends in the name, which breaks ties and makes keyset paging exact.
CREATE INDEX resource_created ON resource (kind, scope_key, created, name_key);
CREATE INDEX resource_modified ON resource (kind, scope_key, modified, name_key);
CREATE INDEX resource_alt ON resource (kind, scope_key, alt, name_key);
CREATE INDEX resource_state ON resource (kind, scope_key, state, name_key);
CREATE INDEX resource_ends ON resource (kind, scope_key, ends, name_key);

-- state: queued, running (leased), done, failed, cancelled. The last three are final.
-- epoch rises with every lease; a write under a lease names it. progress is in millionths.
-- again: run once more when this run has ended. interruptions: runs cut short by the end of a process.
CREATE TABLE task (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    kind          TEXT NOT NULL,
    key           TEXT NOT NULL,
    grp           TEXT NOT NULL,
    body          TEXT NOT NULL,
    priority      INTEGER NOT NULL,
    state         TEXT NOT NULL,
    attempt       INTEGER NOT NULL,
    max_attempts  INTEGER NOT NULL,
    interruptions INTEGER NOT NULL,
    backoff_first INTEGER NOT NULL,
    backoff_most  INTEGER NOT NULL,
    run_at        INTEGER NOT NULL,
    deadline      INTEGER,
    owner         TEXT,
    epoch         INTEGER NOT NULL,
    lease_until   INTEGER,
    cancel        BOOLEAN NOT NULL,
    again         BOOLEAN NOT NULL,
    progress      INTEGER NOT NULL,
    result        TEXT,
    error         TEXT,
    created       INTEGER NOT NULL,
    started       INTEGER,
    finished      INTEGER
);

CREATE UNIQUE INDEX task_unfinished ON task (kind, key) WHERE state IN ('queued', 'running');
CREATE INDEX task_key ON task (kind, key, id);
CREATE INDEX task_best ON task (kind, priority DESC, run_at, id) WHERE state = 'queued';
CREATE INDEX task_next ON task (kind, run_at) WHERE state = 'queued';
CREATE INDEX task_deadline ON task (kind, deadline) WHERE state = 'queued' AND deadline IS NOT NULL;
CREATE INDEX task_lease ON task (kind, lease_until) WHERE state = 'running';
CREATE INDEX task_group ON task (grp, id) WHERE grp <> '';
CREATE INDEX task_finished ON task (finished) WHERE finished IS NOT NULL;

-- The outbox. seq is the order of announcement; AUTOINCREMENT, so that retention never lets a number come back.
CREATE TABLE event (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    id      BLOB NOT NULL,
    type    TEXT NOT NULL,
    subject TEXT NOT NULL,
    topic   TEXT NOT NULL,
    time    INTEGER NOT NULL,
    data    TEXT NOT NULL
);

CREATE INDEX event_time ON event (time);
