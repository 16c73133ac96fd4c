-- The withdrawal loop, and the webhooks through which businesses learn of events. All
-- of it but termination belongs to businesses and names grants by ids that mean nothing
-- once the vault is gone.

-- +goose Up

-- Where a business wants to be told.
CREATE TABLE webhook (
  business TEXT   NOT NULL PRIMARY KEY,
  url      TEXT   NOT NULL, -- empty: nowhere any more
  secret   BYTEA  NOT NULL, -- the operator's and the business's; signs deliveries
  issued   BIGINT NOT NULL, -- the signed webhook's iat: a newer one replaces an older
  failures BIGINT NOT NULL, -- since the last success
  hold     BIGINT NOT NULL  -- before which nothing is tried; 0 when it works
);

-- Events that are still to be delivered. Written with the event.
CREATE TABLE delivery (
  business TEXT   NOT NULL,
  seq      BIGINT NOT NULL,
  queued   BIGINT NOT NULL,
  due      BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  dead     BIGINT NOT NULL, -- when it was given up; 0 before
  failure  TEXT   NOT NULL, -- why the last attempt failed
  PRIMARY KEY (business, seq)
);
CREATE INDEX delivery_in_order ON delivery (business, dead, due);

-- What became of a grant after its end. A row of an erased grant stays until the
-- business has said what it deleted, and no longer.
CREATE TABLE loop (
  business        TEXT    NOT NULL,
  grant_id        BYTEA   NOT NULL,
  event           TEXT    NOT NULL,
  notified        BIGINT  NOT NULL,
  acknowledged    BIGINT  NOT NULL, -- 0 before
  acknowledgement TEXT    NOT NULL, -- JWS; empty before
  stated          BIGINT  NOT NULL, -- 0 before
  statement       TEXT    NOT NULL, -- JWS; empty before
  erased          BOOLEAN NOT NULL, -- its vault is gone
  PRIMARY KEY (business, grant_id)
);
CREATE INDEX loop_open ON loop (stated, notified);

-- Suspended businesses whose grants are still to be told of.
CREATE TABLE suspension (
  business TEXT    NOT NULL PRIMARY KEY,
  told     BOOLEAN NOT NULL
);
INSERT INTO suspension (business, told) SELECT did, FALSE FROM business WHERE state = 'suspended';

-- Until which epoch the ends of grants were told.
CREATE TABLE swept (
  name  TEXT   NOT NULL PRIMARY KEY,
  epoch BIGINT NOT NULL
);
CREATE INDEX grant_by_end ON grant_record (end_epoch);

-- Grants that were ended by an order to the operator.
CREATE TABLE termination (
  vault_id BYTEA  NOT NULL,
  grant_id BYTEA  NOT NULL,
  reason   TEXT   NOT NULL, -- the operator's words to the shopper
  ordered  BIGINT NOT NULL,
  PRIMARY KEY (vault_id, grant_id),
  FOREIGN KEY (vault_id, grant_id) REFERENCES grant_record (vault_id, grant_id) ON DELETE CASCADE
);
