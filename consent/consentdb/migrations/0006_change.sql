-- What a business may collect, in the order in which it came or changed: one row per
-- grant that ever was live. A stream reads it forward from where the business was.

-- +goose Up
CREATE TABLE change (
  vault_id BYTEA  NOT NULL,
  grant_id BYTEA  NOT NULL,
  business TEXT   NOT NULL,
  since    BIGINT NOT NULL, -- all that the grant covers came or changed then
  latest   BIGINT NOT NULL, -- the newest change under the grant: its place in the order
  later    TEXT   NOT NULL, -- JSON object: attributes that changed after since, and when
  PRIMARY KEY (vault_id, grant_id),
  FOREIGN KEY (vault_id, grant_id) REFERENCES grant_record (vault_id, grant_id) ON DELETE CASCADE
);
CREATE INDEX change_in_order ON change (business, latest);

-- The newest change of each business. Taking the next one holds the row until the
-- commit, so that nobody reads past a change that is not committed yet.
CREATE TABLE change_count (
  business TEXT   NOT NULL PRIMARY KEY,
  latest   BIGINT NOT NULL
);

INSERT INTO change (vault_id, grant_id, business, since, latest, later)
SELECT vault_id, grant_id, business, n, n, '{}' FROM (
  SELECT vault_id, grant_id, business, ROW_NUMBER() OVER (PARTITION BY business ORDER BY given, grant_id) AS n
  FROM grant_record WHERE state <> 'anchoring') AS numbered;
INSERT INTO change_count (business, latest) SELECT business, COUNT(*) FROM change GROUP BY business;
