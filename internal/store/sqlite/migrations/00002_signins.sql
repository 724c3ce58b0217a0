-- Signing in with Aritma. Additions only: a program of the version before runs on this, too.

-- +goose Up
ALTER TABLE setups ADD COLUMN begun_by_signin INTEGER NOT NULL DEFAULT 0 CHECK (begun_by_signin IN (0, 1));

CREATE INDEX setups_by_tenant ON setups (tenant COLLATE NOCASE, changed_at);

-- The address of the client; empty where there is none.
ALTER TABLE events ADD COLUMN origin TEXT NOT NULL DEFAULT '';

-- 1: the session came in by signing in. A row is not made anew when it is there already, so it keeps what it was first.
ALTER TABLE grants ADD COLUMN signin INTEGER NOT NULL DEFAULT 0 CHECK (signin IN (0, 1));

-- SHA-256 of who a session belongs to; NULL: nobody who could be told.
ALTER TABLE sessions ADD COLUMN owner BLOB;

CREATE INDEX sessions_by_owner ON sessions (owner) WHERE owner IS NOT NULL;

-- One sign-in at Aritma ID under way: begun (sealed is the attempt), taken (the answer came; sealed is empty), or ended
-- (sealed is the outcome). Each of them is taken once, by the session that began it.
CREATE TABLE signins (
    id         BLOB PRIMARY KEY, -- SHA-256 of the state
    session    BLOB NOT NULL REFERENCES sessions (hash) ON DELETE CASCADE ON UPDATE CASCADE,
    stage      TEXT NOT NULL CHECK (stage IN ('begun', 'taken', 'ended')),
    sealed     BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX signins_by_expiry ON signins (expires_at);
CREATE INDEX signins_by_session ON signins (session);
