-- The last receipts of grants that went with their vaults, for the businesses that held
-- them: kept until the business says that it knows, and no longer.

-- +goose Up
CREATE TABLE erased_receipt (
  business TEXT   NOT NULL,
  grant_id BYTEA  NOT NULL,
  receipt  TEXT   NOT NULL, -- JWT
  received BIGINT NOT NULL,
  PRIMARY KEY (business, grant_id)
);
CREATE INDEX erased_receipt_by_time ON erased_receipt (received);
