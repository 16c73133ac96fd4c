-- What businesses answered receipts with: one row per receipt that was counter-signed.
-- It belongs to the vault and goes with its grant.

-- +goose Up
CREATE TABLE countersignature (
  vault_id BYTEA  NOT NULL,
  grant_id BYTEA  NOT NULL,
  jws      TEXT   NOT NULL,
  received BIGINT NOT NULL,
  PRIMARY KEY (vault_id, grant_id),
  FOREIGN KEY (vault_id, grant_id) REFERENCES grant_record (vault_id, grant_id) ON DELETE CASCADE
);
