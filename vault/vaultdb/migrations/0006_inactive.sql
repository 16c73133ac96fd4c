-- Vaults that nobody signs in to: until when somebody was signed in at the latest (0: not
-- known, since this is kept only from here on), when the vault was warned of its erasure
-- (0: never; a warning that is older than the last session is answered), and whether
-- nobody gets in any more because it is being erased.

-- +goose Up
ALTER TABLE vault ADD COLUMN signed_in_until BIGINT NOT NULL DEFAULT 0 CHECK (signed_in_until >= 0);
ALTER TABLE vault ADD COLUMN warned_at BIGINT NOT NULL DEFAULT 0 CHECK (warned_at >= 0);
ALTER TABLE vault ADD COLUMN ending BOOLEAN NOT NULL DEFAULT FALSE CHECK (NOT ending OR warned_at > signed_in_until);
