-- Since when this database stands restored from a backup and has not caught up with the
-- ledger; no row if it has.

-- +goose Up
CREATE TABLE restored (
  what  TEXT   NOT NULL PRIMARY KEY CHECK (what = 'backup'),
  since BIGINT NOT NULL
);
