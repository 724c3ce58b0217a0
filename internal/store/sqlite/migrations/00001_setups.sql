-- Times are nanoseconds since 1970 in UTC; NULL is the zero time.

-- +goose Up
CREATE TABLE setups (
    id           TEXT PRIMARY KEY,
    version      INTEGER NOT NULL CHECK (version > 0),
    company      TEXT NOT NULL,
    tenant       TEXT NOT NULL,
    domain       TEXT NOT NULL,
    contact      TEXT NOT NULL,
    scheme       TEXT NOT NULL,
    self_begun   INTEGER NOT NULL CHECK (self_begun IN (0, 1)),
    created_at   INTEGER,
    changed_at   INTEGER,
    opened_at    INTEGER,
    completed_at INTEGER,
    state        TEXT NOT NULL CHECK (json_valid(state))
) STRICT;

CREATE TABLE sealed_secrets (
    setup   TEXT NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    name    TEXT NOT NULL,
    value   BLOB NOT NULL,
    drop_at INTEGER,
    PRIMARY KEY (setup, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX sealed_secrets_by_drop ON sealed_secrets (drop_at) WHERE drop_at IS NOT NULL;

CREATE TABLE operations (
    setup     TEXT NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    operation TEXT NOT NULL,
    PRIMARY KEY (setup, operation)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    setup  TEXT NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    at     INTEGER,
    actor  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    detail TEXT CHECK (json_valid(detail))
) STRICT;

CREATE INDEX events_by_setup ON events (setup, id);

CREATE TABLE links (
    id         TEXT PRIMARY KEY,
    setup      TEXT NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    hash       BLOB NOT NULL UNIQUE,
    label      TEXT NOT NULL,
    created_at INTEGER,
    expires_at INTEGER,
    revoked_at INTEGER,
    UNIQUE (setup, id)
) STRICT;

CREATE TABLE leases (
    setup  TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    hash       BLOB PRIMARY KEY,
    version    INTEGER NOT NULL CHECK (version > 0),
    sealed     BLOB NOT NULL,
    created_at INTEGER,
    seen_at    INTEGER,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- A link opens its own setup only: (setup, link) has to be a link of that setup. NULL: the session began the setup.
CREATE TABLE grants (
    session BLOB NOT NULL REFERENCES sessions (hash) ON DELETE CASCADE ON UPDATE CASCADE,
    setup   TEXT NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    link    TEXT,
    at      INTEGER,
    FOREIGN KEY (setup, link) REFERENCES links (setup, id) ON DELETE CASCADE
) STRICT;

CREATE UNIQUE INDEX grants_once ON grants (session, setup, coalesce(link, ''));

-- One row: a known value, sealed with the keys in use, by which a wrong key is noticed.
CREATE TABLE key_proof (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    sealed BLOB NOT NULL
) STRICT;
