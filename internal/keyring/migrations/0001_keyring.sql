-- One key per vault, and which keyring this is. Nothing else is ever kept here.

-- +goose Up
CREATE TABLE ring (
  name      TEXT    NOT NULL PRIMARY KEY CHECK (name = 'ring'), -- one row
  ring_id   BYTEA   NOT NULL,
  destroyed BIGINT  NOT NULL, -- keys, since the keyring was made
  complete  BOOLEAN NOT NULL  -- every vault of its database had its key once: who has none now is erased
);

CREATE TABLE vault_key (
  vault_id  BYTEA NOT NULL PRIMARY KEY,
  vault_key BYTEA NOT NULL
);
