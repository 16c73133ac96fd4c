-- Partners of a request: the grants to them, and the signatures of those that ask jointly.

-- +goose Up
ALTER TABLE grant_record ADD COLUMN onward_of BYTEA NOT NULL DEFAULT ''; -- of a partner's: the grant it is under; empty otherwise

ALTER TABLE request ADD COLUMN cosignatures TEXT NOT NULL DEFAULT '[]'; -- JSON array of JWS
