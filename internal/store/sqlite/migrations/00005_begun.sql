-- A setup that was begun by signing in is self-begun to the program before 00002, which knows no more than that: going back to
-- it, no link acts there with the operator's client. Programs that know begun_by_signin read it first.

-- +goose Up
UPDATE setups SET self_begun = 1 WHERE begun_by_signin = 1;
