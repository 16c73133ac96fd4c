-- Every key of a vault's data begins with vault_id, so that the tables can be
-- partitioned by it. Indexed are only random ids and digests: index pages keep
-- copies that secure_delete misses. Bodies are ciphertext.

-- +goose Up
CREATE TABLE vault (
  vault_id   BYTEA  NOT NULL PRIMARY KEY,
  salt       BYTEA  NOT NULL,
  state      TEXT   NOT NULL CHECK (state IN ('opening', 'open')),
  created_at BIGINT NOT NULL
);

-- The pair is the key: a credential is always looked up in one vault (the wallet's
-- user handle names it), so ids need not be unique over all vaults.
CREATE TABLE passkey (
  vault_id      BYTEA   NOT NULL REFERENCES vault (vault_id) ON DELETE CASCADE,
  credential_id BYTEA   NOT NULL,
  prf           BOOLEAN NOT NULL,
  record        BYTEA   NOT NULL,
  created_at    BIGINT  NOT NULL,
  PRIMARY KEY (vault_id, credential_id)
);

-- credential_id is empty for the recovery wrap.
CREATE TABLE wrap (
  vault_id      BYTEA NOT NULL REFERENCES vault (vault_id) ON DELETE CASCADE,
  kind          TEXT  NOT NULL CHECK (kind IN ('passkey', 'recovery')),
  credential_id BYTEA NOT NULL,
  iv            BYTEA NOT NULL,
  ciphertext    BYTEA NOT NULL,
  PRIMARY KEY (vault_id, kind, credential_id)
);

CREATE TABLE document (
  vault_id    BYTEA  NOT NULL REFERENCES vault (vault_id) ON DELETE CASCADE,
  document_id BYTEA  NOT NULL,
  version     BIGINT NOT NULL,
  sealed      BYTEA  NOT NULL,
  PRIMARY KEY (vault_id, document_id)
);

-- The attribute's name is not part of the key: it must not reach an index.
CREATE TABLE share (
  vault_id      BYTEA  NOT NULL,
  grant_id      BYTEA  NOT NULL,
  document_id   BYTEA  NOT NULL,
  version       BIGINT NOT NULL,
  attribute     TEXT   NOT NULL,
  encrypted_key BYTEA  NOT NULL,
  PRIMARY KEY (vault_id, grant_id, document_id),
  FOREIGN KEY (vault_id, document_id) REFERENCES document (vault_id, document_id) ON DELETE CASCADE
);
CREATE INDEX share_by_document ON share (vault_id, document_id);

CREATE TABLE session (
  vault_id      BYTEA  NOT NULL REFERENCES vault (vault_id) ON DELETE CASCADE,
  token_hash    BYTEA  NOT NULL,
  credential_id BYTEA  NOT NULL,
  expires_at    BIGINT NOT NULL,
  PRIMARY KEY (vault_id, token_hash)
);

-- A ceremony may begin before its vault exists, or before it is known whose it is
-- (vault_id is all zeros then), so it belongs to none; an erasure deletes it by the
-- column. It lasts minutes: there are never many rows.
CREATE TABLE ceremony (
  ceremony_hash BYTEA  NOT NULL PRIMARY KEY,
  vault_id      BYTEA  NOT NULL,
  data          BYTEA  NOT NULL,
  expires_at    BIGINT NOT NULL
);
