-- What grants hang on, how often they were used under it, and what was shown for it.

-- +goose Up
ALTER TABLE grant_terms ADD COLUMN hangs_on TEXT NOT NULL DEFAULT ''; -- the condition, JSON; empty if there is none
ALTER TABLE grant_terms ADD COLUMN used BIGINT NOT NULL DEFAULT 0; -- collections that released something, if uses are counted

CREATE TABLE evidence (
  vault_id     BYTEA  NOT NULL,
  grant_id     BYTEA  NOT NULL,
  digest       BYTEA  NOT NULL, -- of the paper
  paper        TEXT   NOT NULL, -- as it was presented, verified
  party        TEXT   NOT NULL, -- who signed it
  counts_from  BIGINT NOT NULL, -- 0: from the beginning
  counts_until BIGINT NOT NULL, -- 0: for good
  received     BIGINT NOT NULL,
  PRIMARY KEY (vault_id, grant_id, digest),
  FOREIGN KEY (vault_id, grant_id) REFERENCES grant_record (vault_id, grant_id) ON DELETE CASCADE
);
