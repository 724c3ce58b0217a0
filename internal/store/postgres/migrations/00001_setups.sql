-- Times are nanoseconds since 1970 in UTC; NULL is the zero time. Whatever is sorted is sorted by its bytes (COLLATE "C"), so
-- that the order is the same in every database.

-- +goose Up
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE setups (
    id              text COLLATE "C" PRIMARY KEY,
    version         bigint NOT NULL CHECK (version > 0),
    company         text NOT NULL,
    tenant          text COLLATE "C" NOT NULL,
    domain          text NOT NULL,
    contact         text NOT NULL,
    scheme          text NOT NULL,
    self_begun      boolean NOT NULL,
    begun_by_signin boolean NOT NULL,
    unwatched       boolean NOT NULL,
    created_at      bigint,
    changed_at      bigint,
    opened_at       bigint,
    completed_at    bigint,
    closed_at       bigint,
    state           json NOT NULL, -- as it was written; never looked into here
    -- Made of the other columns by the program, with every change.
    stand           text COLLATE "C" NOT NULL,
    step            text COLLATE "C" NOT NULL,
    problem         text COLLATE "C" NOT NULL,
    words           text COLLATE "C" NOT NULL, -- what is searched: see search.go
    -- The list is ordered by (listed_at, id), newest first; no setup has NULL there.
    listed_at       bigint NOT NULL GENERATED ALWAYS AS (coalesce(changed_at, 0)) STORED,
    -- A column of its own, so that no list of one stand is read in the index of all that are not closed: few of them may be there.
    closed          boolean NOT NULL GENERATED ALWAYS AS (stand = 'closed') STORED
);

CREATE INDEX setups_by_tenant ON setups (lower(tenant), changed_at DESC NULLS LAST, id);
CREATE INDEX setups_listed ON setups (listed_at DESC, id DESC) WHERE NOT closed;
CREATE INDEX setups_by_stand ON setups (stand, listed_at DESC, id DESC);
CREATE INDEX setups_completed ON setups (completed_at DESC) INCLUDE (opened_at) WHERE completed_at IS NOT NULL AND opened_at IS NOT NULL;
CREATE INDEX setups_searched ON setups USING gin (words gin_trgm_ops);

CREATE TABLE sealed_secrets (
    setup   text COLLATE "C" NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    name    text COLLATE "C" NOT NULL,
    value   bytea NOT NULL,
    drop_at bigint,
    PRIMARY KEY (setup, name)
);

CREATE INDEX sealed_secrets_by_drop ON sealed_secrets (drop_at) WHERE drop_at IS NOT NULL;

CREATE TABLE operations (
    setup     text COLLATE "C" NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    operation text COLLATE "C" NOT NULL,
    PRIMARY KEY (setup, operation)
);

CREATE TABLE events (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    setup   text COLLATE "C" NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    at      bigint,
    actor   text NOT NULL,
    origin  text NOT NULL, -- the address of the client; empty where there is none
    kind    text NOT NULL,
    problem text COLLATE "C" NOT NULL, -- message id, from the detail
    detail  json
);

CREATE INDEX events_by_setup ON events (setup, id);

CREATE TABLE links (
    id         text COLLATE "C" PRIMARY KEY,
    setup      text COLLATE "C" NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    hash       bytea NOT NULL UNIQUE,
    label      text NOT NULL,
    created_at bigint,
    expires_at bigint,
    revoked_at bigint,
    UNIQUE (setup, id)
);

CREATE TABLE leases (
    setup  text COLLATE "C" PRIMARY KEY, -- or whatever else one worker at a time acts on
    holder text NOT NULL,
    until  bigint NOT NULL
);

CREATE TABLE sessions (
    hash       bytea PRIMARY KEY,
    version    bigint NOT NULL CHECK (version > 0),
    sealed     bytea NOT NULL,
    owner      bytea, -- SHA-256 of who it belongs to; NULL: nobody who could be told
    created_at bigint,
    seen_at    bigint,
    expires_at bigint NOT NULL
);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_owner ON sessions (owner) WHERE owner IS NOT NULL;

-- A link opens its own setup only: (setup, link) has to be a link of that setup. NULL: the session began the setup, or signed in.
CREATE TABLE grants (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session bytea NOT NULL REFERENCES sessions (hash) ON DELETE CASCADE ON UPDATE CASCADE,
    setup   text COLLATE "C" NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    link    text COLLATE "C",
    signin  boolean NOT NULL,
    at      bigint,
    FOREIGN KEY (setup, link) REFERENCES links (setup, id) ON DELETE CASCADE
);

CREATE UNIQUE INDEX grants_once ON grants (session, setup, coalesce(link, ''));
CREATE INDEX grants_by_link ON grants (setup, link);

-- One sign-in at Aritma ID under way: begun (sealed is the attempt), taken (the answer came; sealed is empty), or ended
-- (sealed is the outcome). Each of them is taken once, by the session that began it.
CREATE TABLE signins (
    id         bytea PRIMARY KEY, -- SHA-256 of the state
    session    bytea NOT NULL REFERENCES sessions (hash) ON DELETE CASCADE ON UPDATE CASCADE,
    stage      text NOT NULL CHECK (stage IN ('begun', 'taken', 'ended')),
    sealed     bytea NOT NULL,
    expires_at bigint NOT NULL
);

CREATE INDEX signins_by_expiry ON signins (expires_at);
CREATE INDEX signins_by_session ON signins (session);

-- One row: a known value, sealed with the keys in use, by which a wrong key is noticed.
CREATE TABLE key_proof (
    id     integer PRIMARY KEY CHECK (id = 1),
    sealed bytea NOT NULL
);

CREATE TABLE notes (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    setup text COLLATE "C" NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    at    bigint,
    who   text NOT NULL,
    text  text NOT NULL
);

CREATE INDEX notes_by_setup ON notes (setup, at DESC NULLS LAST, id DESC);

CREATE TABLE watchers (
    setup text COLLATE "C" NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    id    text COLLATE "C" NOT NULL,
    name  text COLLATE "C" NOT NULL,
    until bigint NOT NULL,
    PRIMARY KEY (setup, id)
);

CREATE INDEX watchers_by_id ON watchers (id);
CREATE INDEX watchers_by_until ON watchers (until);

-- The customer's no, and closing, end all watching.
-- +goose StatementBegin
CREATE FUNCTION setups_unwatched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM watchers WHERE setup = new.id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER setups_unwatched AFTER UPDATE ON setups
FOR EACH ROW WHEN (new.unwatched OR new.closed_at IS NOT NULL) EXECUTE FUNCTION setups_unwatched();

-- The trail of all setups in the order in which it became visible, which is not the order of events.id: a transaction that
-- takes a number early may commit late, and whoever reads on after the highest number would never see it. Places are given
-- at commit, one transaction after the other.
CREATE TABLE trail (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    setup text COLLATE "C" NOT NULL
);

-- How many setups stand where, at which open step.
CREATE TABLE setup_counts (
    stand text COLLATE "C" NOT NULL,
    step  text COLLATE "C" NOT NULL,
    n     bigint NOT NULL,
    PRIMARY KEY (stand, step)
) WITH (fillfactor = 50);

-- How often a problem came up in a calendar month, UTC: every entry of the trail that names one, but for customers who do not
-- want to be looked at.
CREATE TABLE problem_counts (
    month   text COLLATE "C" NOT NULL, -- such as 2026-11
    problem text COLLATE "C" NOT NULL,
    n       bigint NOT NULL,
    PRIMARY KEY (month, problem)
) WITH (fillfactor = 50);

-- Holds back every other transaction that comes here until this one has committed and can be seen. It is called by deferred
-- triggers only, so while a transaction commits: no program that is slow, or dies, holds others back. All counters are
-- changed under it, so that no two transactions can wait for each other's rows.
-- +goose StatementBegin
CREATE FUNCTION commit_in_turn() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock(31365091469390436) -- "onboard" as a number
$$;
-- +goose StatementEnd

-- The notification carries nothing: it says "look", and the trail says at what.
-- +goose StatementBegin
CREATE FUNCTION trail_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM commit_in_turn();
    INSERT INTO trail (setup) VALUES (new.setup);
    IF new.at IS NOT NULL AND new.problem <> '' AND NOT (SELECT unwatched FROM setups WHERE id = new.setup) THEN
        INSERT INTO problem_counts AS c (month, problem, n)
        VALUES (to_char(to_timestamp(new.at / 1000000000) AT TIME ZONE 'UTC', 'YYYY-MM'), new.problem, 1)
        ON CONFLICT (month, problem) DO UPDATE SET n = c.n + 1;
    END IF;
    NOTIFY onboard_trail;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE CONSTRAINT TRIGGER events_trail AFTER INSERT ON events
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trail_grows();

-- +goose StatementBegin
CREATE FUNCTION setups_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM commit_in_turn();
    IF tg_op <> 'INSERT' THEN
        UPDATE setup_counts SET n = n - 1 WHERE stand = old.stand AND step = old.step;
    END IF;
    IF tg_op <> 'DELETE' THEN
        INSERT INTO setup_counts AS c (stand, step, n) VALUES (new.stand, new.step, 1)
        ON CONFLICT (stand, step) DO UPDATE SET n = c.n + 1;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE CONSTRAINT TRIGGER setups_count AFTER INSERT OR DELETE ON setups
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION setups_counted();

CREATE CONSTRAINT TRIGGER setups_count_change AFTER UPDATE ON setups
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (old.stand <> new.stand OR old.step <> new.step) EXECUTE FUNCTION setups_counted();

-- What a webhook is to be told of setups: written by a trigger in the transaction of the change, so that no change goes untold
-- and nothing is told that did not happen.
CREATE TABLE webhook_messages (
    number        bigint GENERATED ALWAYS AS IDENTITY,
    -- 122 random bits. No full stop may be in it: it is signed with full stops around it.
    id            text COLLATE "C" PRIMARY KEY DEFAULT 'msg_' || replace(gen_random_uuid()::text, '-', ''),
    type          text NOT NULL CHECK (type IN ('setup.opened', 'setup.problem', 'setup.completed')),
    at            bigint NOT NULL,
    -- As it was then.
    setup         text COLLATE "C" NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    company       text NOT NULL,
    tenant        text NOT NULL,
    step          text NOT NULL,
    problem       text NOT NULL, -- message id
    -- Counted when a sender takes the message, so that an attempt on which the sender died is one, too.
    attempts      integer NOT NULL DEFAULT 0,
    next_at       bigint NOT NULL,
    claimed_until bigint NOT NULL DEFAULT 0,
    dead          boolean NOT NULL DEFAULT false, -- given up
    reason        text NOT NULL DEFAULT ''        -- why the last attempt failed
);

CREATE INDEX webhook_messages_by_next ON webhook_messages (next_at, number) WHERE NOT dead;
CREATE INDEX webhook_messages_by_time ON webhook_messages (at, number);
CREATE INDEX webhook_messages_by_setup ON webhook_messages (setup);

-- +goose StatementBegin
CREATE FUNCTION setups_told() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was setups; -- NULL throughout when the setup is new
BEGIN
    IF tg_op = 'UPDATE' THEN
        was := old;
    END IF;
    IF was.opened_at IS NULL AND new.opened_at IS NOT NULL THEN
        INSERT INTO webhook_messages (type, at, setup, company, tenant, step, problem, next_at)
        VALUES ('setup.opened', new.opened_at, new.id, new.company, new.tenant, new.step, '', new.opened_at);
    END IF;
    IF new.stand = 'problem' AND new.problem <> '' AND (was.stand IS DISTINCT FROM 'problem' OR new.problem <> was.problem) THEN
        INSERT INTO webhook_messages (type, at, setup, company, tenant, step, problem, next_at)
        VALUES ('setup.problem', new.listed_at, new.id, new.company, new.tenant, new.step, new.problem, new.listed_at);
    END IF;
    IF was.completed_at IS NULL AND new.completed_at IS NOT NULL THEN
        INSERT INTO webhook_messages (type, at, setup, company, tenant, step, problem, next_at)
        VALUES ('setup.completed', new.completed_at, new.id, new.company, new.tenant, new.step, '', new.completed_at);
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER setups_tell AFTER INSERT OR UPDATE ON setups FOR EACH ROW EXECUTE FUNCTION setups_told();
