-- The tables of consent. What belongs to a vault is led by vault_id, and nothing
-- else names a vault: erasing is deleting by that key. What belongs to businesses
-- (business, request, event, assertion) names grants and requests only, by ids
-- that mean nothing once the vault is gone. The outbox holds entry bytes alone.
-- Times are unix seconds, epochs unix hours.

-- +goose Up
CREATE TABLE business (
  did        TEXT   NOT NULL PRIMARY KEY,
  name       TEXT   NOT NULL,
  contact    TEXT   NOT NULL,
  url        TEXT   NOT NULL,
  purposes   TEXT   NOT NULL, -- JSON array of IRIs
  state      TEXT   NOT NULL CHECK (state IN ('pending', 'active', 'suspended')),
  card       TEXT   NOT NULL, -- the signed card as it came
  issued     BIGINT NOT NULL, -- the card's iat: a newer card replaces an older
  registered BIGINT NOT NULL
);

CREATE TABLE request (
  request_id BYTEA   NOT NULL PRIMARY KEY,
  business   TEXT    NOT NULL,
  nonce      TEXT    NOT NULL,
  jws        TEXT    NOT NULL,
  expires    BIGINT  NOT NULL,
  received   BIGINT  NOT NULL,
  answered   BOOLEAN NOT NULL,
  UNIQUE (business, nonce)
);

-- What a business learns, in its own order.
CREATE TABLE event (
  business   TEXT   NOT NULL,
  seq        BIGINT NOT NULL,
  kind       TEXT   NOT NULL,
  request_id BYTEA  NOT NULL, -- empty where there is none
  grant_id   BYTEA  NOT NULL, -- empty where there is none
  happened   BIGINT NOT NULL,
  PRIMARY KEY (business, seq)
);
CREATE INDEX event_by_grant ON event (grant_id);

-- Client assertions that were used. Only a digest: the jti is the client's text.
CREATE TABLE assertion (
  business TEXT   NOT NULL,
  digest   BYTEA  NOT NULL,
  expires  BIGINT NOT NULL,
  PRIMARY KEY (business, digest)
);
CREATE INDEX assertion_by_expiry ON assertion (expires);

-- Entries on their way to the ledger.
CREATE TABLE outbox (
  leaf   BYTEA  NOT NULL PRIMARY KEY,
  kind   BIGINT NOT NULL, -- grants (1) go before withdrawals (2)
  entry  BYTEA  NOT NULL,
  queued BIGINT NOT NULL
);
CREATE INDEX outbox_in_order ON outbox (kind, queued, leaf);

CREATE TABLE decision (
  vault_id   BYTEA  NOT NULL,
  request_id BYTEA  NOT NULL,
  document   TEXT   NOT NULL, -- the decision as the wallet wrote it
  decided    BIGINT NOT NULL,
  PRIMARY KEY (vault_id, request_id)
);
CREATE INDEX decision_by_request ON decision (request_id);

-- The small row that every check reads.
CREATE TABLE grant_record (
  vault_id          BYTEA   NOT NULL,
  grant_id          BYTEA   NOT NULL,
  request_id        BYTEA   NOT NULL,
  business          TEXT    NOT NULL,
  purpose           TEXT    NOT NULL,
  purpose_id        TEXT    NOT NULL,
  attributes        TEXT    NOT NULL, -- JSON array
  channels          TEXT    NOT NULL, -- JSON array
  weekly_cap        BIGINT  NOT NULL,
  minor             BOOLEAN NOT NULL,
  start_epoch       BIGINT  NOT NULL,
  end_epoch         BIGINT  NOT NULL,
  state             TEXT    NOT NULL CHECK (state IN ('anchoring', 'live', 'withdrawn', 'terminated')),
  given             BIGINT  NOT NULL,
  withdrawn         BIGINT  NOT NULL, -- 0 while it is not
  handle            BYTEA   NOT NULL,
  anchored          BOOLEAN NOT NULL, -- the grant's entry
  withdraw_anchored BOOLEAN NOT NULL,
  PRIMARY KEY (vault_id, grant_id)
);
CREATE INDEX grant_by_id ON grant_record (grant_id);
CREATE INDEX grant_by_handle ON grant_record (handle);
CREATE INDEX grant_by_business ON grant_record (business);

-- A grant's papers, apart from the row that is read on every collection.
CREATE TABLE grant_paper (
  vault_id           BYTEA NOT NULL,
  grant_id           BYTEA NOT NULL,
  entry              BYTEA NOT NULL,
  receipt            TEXT  NOT NULL,
  letter             TEXT  NOT NULL,
  withdraw_ahead     BYTEA NOT NULL, -- signed by the wallet when it gave
  withdraw_entry     BYTEA NOT NULL, -- the one that was used; empty before
  withdrawal_receipt TEXT  NOT NULL, -- empty before, and when none came
  PRIMARY KEY (vault_id, grant_id),
  FOREIGN KEY (vault_id, grant_id) REFERENCES grant_record (vault_id, grant_id) ON DELETE CASCADE
);

CREATE TABLE permit (
  vault_id BYTEA   NOT NULL,
  grant_id BYTEA   NOT NULL,
  kind     TEXT    NOT NULL CHECK (kind IN ('collect', 'message')),
  epoch    BIGINT  NOT NULL,
  leaf     BYTEA   NOT NULL,
  entry    BYTEA   NOT NULL,
  taken    BIGINT  NOT NULL,
  anchored BOOLEAN NOT NULL,
  PRIMARY KEY (vault_id, grant_id, kind, epoch, leaf),
  FOREIGN KEY (vault_id, grant_id) REFERENCES grant_record (vault_id, grant_id) ON DELETE CASCADE
);

-- The access log: line as written, head = SHA-256(head before ‖ line).
CREATE TABLE access (
  vault_id BYTEA  NOT NULL,
  grant_id BYTEA  NOT NULL,
  seq      BIGINT NOT NULL, -- 1, 2, … per grant
  happened BIGINT NOT NULL,
  line     TEXT   NOT NULL,
  head     BYTEA  NOT NULL,
  PRIMARY KEY (vault_id, grant_id, seq),
  FOREIGN KEY (vault_id, grant_id) REFERENCES grant_record (vault_id, grant_id) ON DELETE CASCADE
);

CREATE TABLE message (
  vault_id   BYTEA   NOT NULL,
  message_id BYTEA   NOT NULL,
  grant_id   BYTEA   NOT NULL,
  channel    TEXT    NOT NULL,
  sealed     TEXT    NOT NULL, -- empty once the shopper deleted it
  leaf       BYTEA   NOT NULL,
  entry      BYTEA   NOT NULL,
  document   TEXT    NOT NULL, -- the permit document; empty once deleted
  opening    TEXT    NOT NULL, -- of the permit's commitment; empty once deleted
  received   BIGINT  NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('anchoring', 'delivered', 'read', 'deleted')),
  PRIMARY KEY (vault_id, message_id),
  FOREIGN KEY (vault_id, grant_id) REFERENCES grant_record (vault_id, grant_id) ON DELETE CASCADE
);
CREATE INDEX message_by_grant ON message (vault_id, grant_id, received);
