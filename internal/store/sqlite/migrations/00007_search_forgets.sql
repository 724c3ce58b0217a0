-- The index of the search keeps no pieces of what was removed: 'secure-delete' takes them out at once rather than at the next
-- merge (https://www.sqlite.org/fts5.html#the_secure_delete_configuration_option), and rebuilding drops those of before. SQLite
-- 3.42 and newer read and write such an index, which the program of the version before has, too.

-- +goose Up
INSERT INTO setup_search (setup_search, rank) VALUES ('secure-delete', 1);

INSERT INTO setup_search (setup_search) VALUES ('rebuild');
