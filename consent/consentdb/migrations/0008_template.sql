-- Templates, the requests that repeat them, and the requests that replace grants. All
-- of it belongs to businesses, and names grants by ids that mean nothing once the vault
-- is gone.

-- +goose Up

-- Versions never change and none is left out.
CREATE TABLE template (
  business TEXT   NOT NULL,
  name     TEXT   NOT NULL,
  version  BIGINT NOT NULL CHECK (version BETWEEN 1 AND 9999),
  hash     BYTEA  NOT NULL, -- of the JWS
  jws      TEXT   NOT NULL, -- as it came
  received BIGINT NOT NULL,
  PRIMARY KEY (business, name, version)
);

-- Which version a request repeats.
CREATE TABLE request_template (
  request_id BYTEA  NOT NULL PRIMARY KEY,
  business   TEXT   NOT NULL,
  name       TEXT   NOT NULL,
  version    BIGINT NOT NULL
);
CREATE INDEX request_by_template ON request_template (business, name, version);
CREATE INDEX grant_by_request ON grant_record (request_id);

-- Which grants a request is to take the place of: only their shopper may answer it.
CREATE TABLE replacement (
  request_id BYTEA NOT NULL,
  grant_id   BYTEA NOT NULL,
  PRIMARY KEY (request_id, grant_id)
);
CREATE INDEX replacement_by_grant ON replacement (grant_id);
