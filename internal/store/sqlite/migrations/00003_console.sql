-- What customer success sees. Additions only: a program of the version before runs on this, too; triggers keep current what
-- is made of the columns that it writes.

-- +goose Up
ALTER TABLE setups ADD COLUMN closed_at INTEGER;
ALTER TABLE setups ADD COLUMN unwatched INTEGER NOT NULL DEFAULT 0 CHECK (unwatched IN (0, 1));

-- Made by the program of the other columns; the defaults are those of a setup that was just created. They hold for the
-- version that stands_at names: a program that does not know them leaves stands_at behind, and so do the rows of before.
ALTER TABLE setups ADD COLUMN stand TEXT NOT NULL DEFAULT 'not-opened';
ALTER TABLE setups ADD COLUMN step TEXT NOT NULL DEFAULT 'start';
ALTER TABLE setups ADD COLUMN problem TEXT NOT NULL DEFAULT '';
ALTER TABLE setups ADD COLUMN stands_at INTEGER NOT NULL DEFAULT 0;

-- As far as the columns tell; stands_at stays behind.
UPDATE setups SET stand = CASE WHEN completed_at IS NOT NULL THEN 'completed' ELSE 'in-progress' END
WHERE completed_at IS NOT NULL OR opened_at IS NOT NULL;

-- The list is ordered by (listed_at, id), newest first; no setup has NULL there.
ALTER TABLE setups ADD COLUMN listed_at INTEGER NOT NULL GENERATED ALWAYS AS (coalesce(changed_at, 0)) VIRTUAL;

CREATE INDEX setups_behind ON setups (id) WHERE stands_at <> version;
CREATE INDEX setups_listed ON setups (listed_at DESC, id DESC) WHERE stand <> 'closed';
CREATE INDEX setups_by_stand ON setups (stand, listed_at DESC, id DESC);
CREATE INDEX setups_completed ON setups (completed_at DESC, opened_at) WHERE completed_at IS NOT NULL AND opened_at IS NOT NULL;

CREATE TABLE notes (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    setup TEXT NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    at    INTEGER,
    who   TEXT NOT NULL,
    text  TEXT NOT NULL
) STRICT;

CREATE INDEX notes_by_setup ON notes (setup, at DESC, id DESC);

CREATE TABLE watchers (
    setup TEXT NOT NULL REFERENCES setups (id) ON DELETE CASCADE,
    id    TEXT NOT NULL,
    name  TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (setup, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX watchers_by_until ON watchers (until);

-- The customer's no, and closing, end all watching.
-- +goose StatementBegin
CREATE TRIGGER setups_unwatched AFTER UPDATE OF unwatched, closed_at ON setups WHEN new.unwatched OR new.closed_at IS NOT NULL BEGIN
    DELETE FROM watchers WHERE setup = new.id;
END;
-- +goose StatementEnd

-- How many setups stand where, at which open step.
CREATE TABLE setup_counts (
    stand TEXT NOT NULL,
    step  TEXT NOT NULL,
    n     INTEGER NOT NULL,
    PRIMARY KEY (stand, step)
) STRICT, WITHOUT ROWID;

INSERT INTO setup_counts (stand, step, n) SELECT stand, step, count(*) FROM setups GROUP BY stand, step;

-- +goose StatementBegin
CREATE TRIGGER setups_count_insert AFTER INSERT ON setups BEGIN
    INSERT INTO setup_counts (stand, step, n) VALUES (new.stand, new.step, 1) ON CONFLICT (stand, step) DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER setups_count_update AFTER UPDATE OF stand, step ON setups
WHEN new.stand <> old.stand OR new.step <> old.step BEGIN
    UPDATE setup_counts SET n = n - 1 WHERE stand = old.stand AND step = old.step;
    INSERT INTO setup_counts (stand, step, n) VALUES (new.stand, new.step, 1) ON CONFLICT (stand, step) DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER setups_count_delete AFTER DELETE ON setups BEGIN
    UPDATE setup_counts SET n = n - 1 WHERE stand = old.stand AND step = old.step;
END;
-- +goose StatementEnd

-- How often a problem came up in a calendar month, UTC: every entry of the trail that names one,
-- but for customers who do not want to be looked at.
CREATE TABLE problem_counts (
    month   TEXT NOT NULL, -- such as 2026-11
    problem TEXT NOT NULL, -- message id
    n       INTEGER NOT NULL,
    PRIMARY KEY (month, problem)
) STRICT, WITHOUT ROWID;

INSERT INTO problem_counts (month, problem, n)
SELECT strftime('%Y-%m', at / 1000000000, 'unixepoch'), json_extract(detail, '$.problem'), count(*) FROM events
WHERE at IS NOT NULL AND json_extract(detail, '$.problem') <> ''
GROUP BY 1, 2;

-- +goose StatementBegin
CREATE TRIGGER events_count_problem AFTER INSERT ON events
WHEN new.at IS NOT NULL AND json_extract(new.detail, '$.problem') <> '' AND NOT (SELECT unwatched FROM setups WHERE id = new.setup) BEGIN
    INSERT INTO problem_counts (month, problem, n)
    VALUES (strftime('%Y-%m', new.at / 1000000000, 'unixepoch'), json_extract(new.detail, '$.problem'), 1)
    ON CONFLICT (month, problem) DO UPDATE SET n = n + 1;
END;
-- +goose StatementEnd

-- What is searched: one text for each setup, a line for each column. Company and tenant begin with two bytes 2, so that
-- their first one or two characters make a trigram of their own; the last line says whether the setup is closed and where it
-- stands, in trigrams that nobody can type. first is the setup's millisecond: see setup_docs.
CREATE VIEW setup_texts AS
SELECT id, listed_at / 1000000 * 1000000 AS first,
    char(2, 2) || company || char(10, 2, 2) || tenant || char(10) || domain || char(10) || contact || char(10) || id || char(10)
    || CASE stand WHEN 'closed' THEN char(3) ELSE char(3, 3, 3) END || substr(stand, 1, 2) AS text
FROM setups;

-- docid follows the order of the list, so that a search reads the newest setups first and stops when it has enough: it is
-- the millisecond of the last change, in nanoseconds, plus a number that tells setups of one millisecond apart (those are
-- sorted when they are read). text is as it was indexed.
CREATE TABLE setup_docs (
    docid INTEGER PRIMARY KEY,
    setup TEXT NOT NULL UNIQUE,
    text  TEXT NOT NULL
) STRICT;

CREATE VIRTUAL TABLE setup_search USING fts5 (text, content = 'setup_docs', content_rowid = 'docid', tokenize = 'trigram');

-- Small pages: looking for words that few setups have reads one page for each step in each trigram's list.
INSERT INTO setup_search (setup_search, rank) VALUES ('pgsz', 1000);

INSERT INTO setup_docs (docid, setup, text)
SELECT first + row_number() OVER (PARTITION BY first ORDER BY id) - 1, id, text FROM setup_texts;

INSERT INTO setup_search (setup_search) VALUES ('rebuild');

-- +goose StatementBegin
CREATE TRIGGER setups_search_insert AFTER INSERT ON setups BEGIN
    INSERT INTO setup_docs (docid, setup, text)
    SELECT coalesce((SELECT max(docid) + 1 FROM setup_docs WHERE docid BETWEEN t.first AND t.first + 999999), t.first), t.id, t.text
    FROM setup_texts t WHERE t.id = new.id;
    INSERT INTO setup_search (rowid, text) SELECT docid, text FROM setup_docs WHERE setup = new.id;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER setups_search_update AFTER UPDATE OF id, company, tenant, domain, contact, changed_at, stand ON setups
WHEN (new.id, new.company, new.tenant, new.domain, new.contact, new.changed_at, new.stand)
    IS NOT (old.id, old.company, old.tenant, old.domain, old.contact, old.changed_at, old.stand) BEGIN
    INSERT INTO setup_search (setup_search, rowid, text) SELECT 'delete', docid, text FROM setup_docs WHERE setup = old.id;
    DELETE FROM setup_docs WHERE setup = old.id;
    INSERT INTO setup_docs (docid, setup, text)
    SELECT coalesce((SELECT max(docid) + 1 FROM setup_docs WHERE docid BETWEEN t.first AND t.first + 999999), t.first), t.id, t.text
    FROM setup_texts t WHERE t.id = new.id;
    INSERT INTO setup_search (rowid, text) SELECT docid, text FROM setup_docs WHERE setup = new.id;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER setups_search_delete AFTER DELETE ON setups BEGIN
    INSERT INTO setup_search (setup_search, rowid, text) SELECT 'delete', docid, text FROM setup_docs WHERE setup = old.id;
    DELETE FROM setup_docs WHERE setup = old.id;
END;
-- +goose StatementEnd
