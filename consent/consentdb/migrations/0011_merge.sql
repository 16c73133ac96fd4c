-- Which approval a pushed request, and the code that comes of it, is to merge into or
-- replace; empty for a new one.

-- +goose Up
ALTER TABLE pushed ADD COLUMN target BYTEA NOT NULL DEFAULT '';
ALTER TABLE code ADD COLUMN target BYTEA NOT NULL DEFAULT '';
