-- Which keyring seals what is stored of vaults, and how many of its keys were destroyed
-- with their vaults' rows gone from here. No row: from before there was one.

-- +goose Up
CREATE TABLE keyring (
  ring_id   BYTEA  NOT NULL PRIMARY KEY,
  destroyed BIGINT NOT NULL
);
