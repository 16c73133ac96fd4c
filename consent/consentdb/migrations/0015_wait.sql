-- What may wait goes to the ledger at the turn of an hour, with all else that waited, so
-- that its time says nothing: due is when, 0 is at once.

-- +goose Up
ALTER TABLE permit ADD COLUMN due BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN due BIGINT NOT NULL DEFAULT 0;
CREATE INDEX permit_waiting ON permit (due, leaf) WHERE NOT anchored;
