-- What a webhook is to be told of setups: written by triggers in the transaction of the change, so that no change goes
-- untold and nothing is told that did not happen. Additions only: a program of the version before runs on this, too, and what
-- happens under it is kept until this one serves again.

-- +goose Up
CREATE TABLE webhook_messages (
    -- 128 random bits. No full stop may be in it: it is signed with full stops around it.
    id            TEXT PRIMARY KEY DEFAULT ('msg_' || lower(hex(randomblob(16)))),
    type          TEXT NOT NULL CHECK (type IN ('setup.opened', 'setup.problem', 'setup.completed')),
    at            INTEGER NOT NULL,
    -- As it was then.
    setup         TEXT NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    company       TEXT NOT NULL,
    tenant        TEXT NOT NULL,
    step          TEXT NOT NULL,
    problem       TEXT NOT NULL DEFAULT '', -- message id
    -- Counted when a sender takes the message, so that an attempt on which the sender died is one, too.
    attempts      INTEGER NOT NULL DEFAULT 0,
    next_at       INTEGER NOT NULL,
    claimed_until INTEGER NOT NULL DEFAULT 0,
    dead          INTEGER NOT NULL DEFAULT 0 CHECK (dead IN (0, 1)), -- 1: given up
    reason        TEXT NOT NULL DEFAULT ''                           -- why the last attempt failed
) STRICT;

CREATE INDEX webhook_messages_by_next ON webhook_messages (next_at) WHERE dead = 0;
CREATE INDEX webhook_messages_by_setup ON webhook_messages (setup);

-- +goose StatementBegin
CREATE TRIGGER setups_tell_insert AFTER INSERT ON setups
WHEN new.opened_at IS NOT NULL OR new.completed_at IS NOT NULL OR (new.stand = 'problem' AND new.problem <> '') BEGIN
    INSERT INTO webhook_messages (type, at, setup, company, tenant, step, next_at)
    SELECT 'setup.opened', new.opened_at, new.id, new.company, new.tenant, new.step, new.opened_at WHERE new.opened_at IS NOT NULL;
    INSERT INTO webhook_messages (type, at, setup, company, tenant, step, problem, next_at)
    SELECT 'setup.problem', new.listed_at, new.id, new.company, new.tenant, new.step, new.problem, new.listed_at
    WHERE new.stand = 'problem' AND new.problem <> '';
    INSERT INTO webhook_messages (type, at, setup, company, tenant, step, next_at)
    SELECT 'setup.completed', new.completed_at, new.id, new.company, new.tenant, new.step, new.completed_at WHERE new.completed_at IS NOT NULL;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER setups_tell_opened AFTER UPDATE OF opened_at ON setups
WHEN old.opened_at IS NULL AND new.opened_at IS NOT NULL BEGIN
    INSERT INTO webhook_messages (type, at, setup, company, tenant, step, next_at)
    VALUES ('setup.opened', new.opened_at, new.id, new.company, new.tenant, new.step, new.opened_at);
END;
-- +goose StatementEnd

-- Bringing a row up to date (00003) changes where it stands without a new version. That is no news of a row of before
-- (stands_at is 0): everything that stood in a problem would be told at an upgrade. It is news of a row that a program of
-- before wrote after a roll-back: stands_at names the version that was known.
-- +goose StatementBegin
CREATE TRIGGER setups_tell_problem AFTER UPDATE OF stand, problem ON setups
WHEN new.stand = 'problem' AND new.problem <> '' AND (old.stand <> 'problem' OR new.problem <> old.problem)
    AND (new.version <> old.version OR old.stands_at > 0) BEGIN
    INSERT INTO webhook_messages (type, at, setup, company, tenant, step, problem, next_at)
    VALUES ('setup.problem', new.listed_at, new.id, new.company, new.tenant, new.step, new.problem, new.listed_at);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER setups_tell_completed AFTER UPDATE OF completed_at ON setups
WHEN old.completed_at IS NULL AND new.completed_at IS NOT NULL BEGIN
    INSERT INTO webhook_messages (type, at, setup, company, tenant, step, next_at)
    VALUES ('setup.completed', new.completed_at, new.id, new.company, new.tenant, new.step, new.completed_at);
END;
-- +goose StatementEnd
