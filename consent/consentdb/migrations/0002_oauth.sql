-- What the authorization server must not forget. Of codes, tokens, proofs and
-- request_uris only digests are here, and rows go when their time is over. Nothing
-- here names a vault: it belongs to businesses, and names grants and requests by ids
-- that mean nothing once the vault is gone.

-- +goose Up

-- DPoP proofs that were used (RFC 9449 section 11.1).
CREATE TABLE proof (
  digest  BYTEA  NOT NULL PRIMARY KEY, -- of key and jti
  expires BIGINT NOT NULL
);
CREATE INDEX proof_by_expiry ON proof (expires);

-- Requests that came as pushed authorization requests (RFC 9126) and that nobody has
-- answered.
CREATE TABLE pushed (
  request_id   BYTEA  NOT NULL PRIMARY KEY,
  digest       BYTEA  NOT NULL UNIQUE, -- of the request_uri
  business     TEXT   NOT NULL,
  redirect_uri TEXT   NOT NULL,
  state        TEXT   NOT NULL,
  challenge    TEXT   NOT NULL, -- PKCE, S256
  jkt          TEXT   NOT NULL, -- thumbprint of the DPoP key that it is bound to; empty for none
  until        BIGINT NOT NULL, -- of the request_uri
  expires      BIGINT NOT NULL  -- of the request
);
CREATE INDEX pushed_by_expiry ON pushed (expires);

-- Authorization codes: an answered request, waiting for its client.
CREATE TABLE code (
  digest       BYTEA  NOT NULL PRIMARY KEY,
  request_id   BYTEA  NOT NULL,
  business     TEXT   NOT NULL,
  redirect_uri TEXT   NOT NULL,
  challenge    TEXT   NOT NULL,
  jkt          TEXT   NOT NULL,
  expires      BIGINT NOT NULL,
  approval_id  BYTEA  NOT NULL -- what it was redeemed for; empty before
);
CREATE INDEX code_by_expiry ON code (expires);

-- An approval is what a client got for a code: some grants, and the tokens under
-- them. Grant Management calls its id grant_id.
CREATE TABLE approval (
  approval_id BYTEA  NOT NULL PRIMARY KEY,
  request_id  BYTEA  NOT NULL,
  business    TEXT   NOT NULL,
  jkt         TEXT   NOT NULL,
  made        BIGINT NOT NULL,
  until       BIGINT NOT NULL, -- when the last of its grants ends
  ended       BIGINT NOT NULL  -- from when its tokens are worth nothing; 0 while they are
);
CREATE INDEX approval_by_expiry ON approval (until);

CREATE TABLE approved (
  approval_id BYTEA NOT NULL REFERENCES approval (approval_id) ON DELETE CASCADE,
  grant_id    BYTEA NOT NULL,
  purpose_id  TEXT  NOT NULL,
  PRIMARY KEY (approval_id, grant_id)
);

CREATE TABLE refresh (
  digest      BYTEA   NOT NULL PRIMARY KEY,
  approval_id BYTEA   NOT NULL REFERENCES approval (approval_id) ON DELETE CASCADE,
  used        BOOLEAN NOT NULL
);
CREATE INDEX refresh_by_approval ON refresh (approval_id);

-- Access tokens that were revoked one by one.
CREATE TABLE revoked (
  digest  BYTEA  NOT NULL PRIMARY KEY,
  expires BIGINT NOT NULL
);
CREATE INDEX revoked_by_expiry ON revoked (expires);
