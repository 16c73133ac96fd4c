-- How a recovery sheet signs in. A vault from before has no row: its words open it
-- and sign nobody in, until its wallet registers them.
--
-- The index finds a vault by its sheet's locator, of which it holds a digest. It is no
-- key: two vaults may have the same digest, and who signs tells them apart.

-- +goose Up
CREATE TABLE recovery (
  vault_id     BYTEA NOT NULL PRIMARY KEY REFERENCES vault (vault_id) ON DELETE CASCADE,
  locator_hash BYTEA NOT NULL,
  signer       BYTEA NOT NULL
);
CREATE INDEX recovery_by_locator ON recovery (locator_hash);
