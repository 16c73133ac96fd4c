-- Rights requests: sealed from the shopper's wallet to one business, and the
-- business's replies, sealed back. What is demanded stands in neither table.

-- +goose Up
CREATE TABLE rights (
  vault_id  BYTEA  NOT NULL,
  rights_id BYTEA  NOT NULL,
  business  TEXT   NOT NULL,
  grants    TEXT   NOT NULL, -- JSON array of the grants it names
  sealed    TEXT   NOT NULL,
  sent      BIGINT NOT NULL, -- the clock starts here
  PRIMARY KEY (vault_id, rights_id)
);
CREATE INDEX rights_by_id ON rights (rights_id);
CREATE INDEX rights_by_business ON rights (business, sent, rights_id);

CREATE TABLE rights_reply (
  vault_id  BYTEA  NOT NULL,
  rights_id BYTEA  NOT NULL,
  step      TEXT   NOT NULL CHECK (step IN ('acknowledged', 'extended', 'answered')),
  sealed    TEXT   NOT NULL,
  received  BIGINT NOT NULL,
  PRIMARY KEY (vault_id, rights_id, step),
  FOREIGN KEY (vault_id, rights_id) REFERENCES rights (vault_id, rights_id) ON DELETE CASCADE
);
