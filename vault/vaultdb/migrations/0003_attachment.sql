-- Chunks of what is attached to a document. They come before their document, which
-- has their key, and stay for a while after it: what has no document is an orphan,
-- since orphan_at (0: it has one, or nobody looked yet), and is pruned in time. So
-- neither table refers to document.

-- +goose Up
CREATE TABLE attachment (
  vault_id    BYTEA  NOT NULL REFERENCES vault (vault_id) ON DELETE CASCADE,
  document_id BYTEA  NOT NULL,
  chunks      BIGINT NOT NULL CHECK (chunks BETWEEN 1 AND 40),
  orphan_at   BIGINT NOT NULL,
  PRIMARY KEY (vault_id, document_id)
);

CREATE TABLE chunk (
  vault_id    BYTEA  NOT NULL,
  document_id BYTEA  NOT NULL,
  place       BIGINT NOT NULL,
  sealed      BYTEA  NOT NULL,
  PRIMARY KEY (vault_id, document_id, place),
  FOREIGN KEY (vault_id, document_id) REFERENCES attachment (vault_id, document_id) ON DELETE CASCADE
);
