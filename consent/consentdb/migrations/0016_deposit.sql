-- Records that businesses hand to shoppers, sealed to the shopper's agreement key, until
-- the shopper accepts or declines them. Only that there was one is left then.

-- +goose Up
CREATE TABLE deposit (
  vault_id   BYTEA  NOT NULL,
  deposit_id BYTEA  NOT NULL,
  grant_id   BYTEA  NOT NULL,
  digest     BYTEA  NOT NULL, -- of what was sealed
  sealed     TEXT   NOT NULL, -- JWE; empty once it is settled
  received   BIGINT NOT NULL,
  settled    BIGINT NOT NULL, -- 0 while it waits
  state      TEXT   NOT NULL CHECK (state IN ('waiting', 'accepted', 'declined')),
  PRIMARY KEY (vault_id, deposit_id),
  FOREIGN KEY (vault_id, grant_id) REFERENCES grant_record (vault_id, grant_id) ON DELETE CASCADE
);
CREATE INDEX deposit_by_grant ON deposit (vault_id, grant_id, received);

-- The deposit that the event is about; empty if it is about none.
ALTER TABLE event ADD COLUMN deposit_id BYTEA NOT NULL DEFAULT '';
