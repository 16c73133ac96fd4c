-- The life of a grant after it was given: pauses, successors, and the receipts of both.

-- +goose Up

-- SQLite cannot change a CHECK; both databases can move a column.
ALTER TABLE grant_record ADD COLUMN standing TEXT NOT NULL DEFAULT 'anchoring'
  CHECK (standing IN ('anchoring', 'live', 'paused', 'replaced', 'withdrawn', 'terminated'));
UPDATE grant_record SET standing = state;
ALTER TABLE grant_record DROP COLUMN state;
ALTER TABLE grant_record RENAME COLUMN standing TO state;

-- What paused or replaced it, and the grant that took its place; empty if nothing did.
-- Its end_epoch is when it ends; the entry of a successor may last longer.
ALTER TABLE grant_record ADD COLUMN change_kind TEXT NOT NULL DEFAULT ''
  CHECK (change_kind IN ('', 'narrowed', 'shortened', 'renewed', 'paused', 'resumed', 'merged', 'replaced'));
ALTER TABLE grant_record ADD COLUMN successor BYTEA NOT NULL DEFAULT '';

-- Receipts of a grant beside the one that began it and the one of its withdrawal.
CREATE TABLE later_receipt (
  vault_id BYTEA  NOT NULL,
  grant_id BYTEA  NOT NULL,
  event    TEXT   NOT NULL CHECK (event IN ('paused', 'expired')),
  receipt  TEXT   NOT NULL, -- JWT
  received BIGINT NOT NULL,
  PRIMARY KEY (vault_id, grant_id, event),
  FOREIGN KEY (vault_id, grant_id) REFERENCES grant_record (vault_id, grant_id) ON DELETE CASCADE
);

-- The grant that a business goes on with after the event; empty if there is none.
ALTER TABLE event ADD COLUMN successor BYTEA NOT NULL DEFAULT '';
