-- Whether bytes of erased vaults may be left in the database's file, which is rewritten in
-- a quiet hour.

-- +goose Up
CREATE TABLE leftover (
  what  TEXT   NOT NULL PRIMARY KEY CHECK (what = 'erased'),
  times BIGINT NOT NULL -- since the last rewriting
);

-- From which number on events go on after the database was restored from a copy:
-- businesses may know of later ones than it does, and ask for what comes after those.
CREATE TABLE renumbered (
  what  TEXT   NOT NULL PRIMARY KEY CHECK (what = 'events'),
  floor BIGINT NOT NULL
);
