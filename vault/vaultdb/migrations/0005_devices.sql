-- Devices: when a passkey was last used, which key of the vault something is under, the
-- next key's wraps while a rotation runs, and the meeting of two devices.

-- +goose Up
ALTER TABLE vault ADD COLUMN key_number BIGINT NOT NULL DEFAULT 1;
ALTER TABLE document ADD COLUMN key_number BIGINT NOT NULL DEFAULT 1;
ALTER TABLE passkey ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;

-- The P-256 point of a wrap that was made to the way in's public half; null for others.
ALTER TABLE wrap ADD COLUMN ephemeral BYTEA;

-- The passkey of the session that let this one in by pairing, so that they end together.
ALTER TABLE session ADD COLUMN paired_by BYTEA;

-- Rows while a rotation has begun and not ended: wraps of the key that has the vault's
-- key_number plus one.
CREATE TABLE next_wrap (
  vault_id      BYTEA NOT NULL REFERENCES vault (vault_id) ON DELETE CASCADE,
  kind          TEXT  NOT NULL CHECK (kind IN ('passkey', 'recovery')),
  credential_id BYTEA NOT NULL,
  iv            BYTEA NOT NULL,
  ciphertext    BYTEA NOT NULL,
  ephemeral     BYTEA,
  PRIMARY KEY (vault_id, kind, credential_id)
);

-- One at a time for a vault. The index finds it by the code that the other device was
-- told, of which it holds a digest.
CREATE TABLE pairing (
  vault_id    BYTEA  NOT NULL PRIMARY KEY REFERENCES vault (vault_id) ON DELETE CASCADE,
  code_hash   BYTEA  NOT NULL,
  ticket_hash BYTEA  NOT NULL,
  step        TEXT   NOT NULL CHECK (step IN ('offered', 'joined', 'revealed', 'sealed', 'taken')),
  commitment  BYTEA  NOT NULL,
  from_key    BYTEA  NOT NULL,
  from_nonce  BYTEA  NOT NULL,
  to_key      BYTEA  NOT NULL,
  to_nonce    BYTEA  NOT NULL,
  iv          BYTEA  NOT NULL,
  ciphertext  BYTEA  NOT NULL,
  paired_by   BYTEA  NOT NULL,
  expires_at  BIGINT NOT NULL
);
CREATE INDEX pairing_by_code ON pairing (code_hash);
