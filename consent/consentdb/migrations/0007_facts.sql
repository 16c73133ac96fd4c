-- What rules take into account beyond the grant's own row.

-- +goose Up

-- What the request said of a grant. A grant that is older than this table has no row,
-- and what it would say is not known.
CREATE TABLE grant_terms (
  vault_id      BYTEA NOT NULL,
  grant_id      BYTEA NOT NULL,
  jurisdictions TEXT  NOT NULL, -- JSON array of ISO 3166-1
  destinations  TEXT  NOT NULL, -- JSON array of ISO 3166-1: where the data goes
  PRIMARY KEY (vault_id, grant_id),
  FOREIGN KEY (vault_id, grant_id) REFERENCES grant_record (vault_id, grant_id) ON DELETE CASCADE
);

-- What a shopper's wallet told of where the shopper is: no more than how far the clock
-- is from UTC. Without a row it has told nothing; a row without an offset says that the
-- shopper does not want it told.
CREATE TABLE preference (
  vault_id BYTEA  NOT NULL PRIMARY KEY,
  quarters BIGINT NULL CHECK (quarters BETWEEN -48 AND 56) -- of an hour, east of UTC
);
