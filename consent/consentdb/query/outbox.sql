-- name: Queue :exec
INSERT INTO outbox (leaf, kind, entry, queued, due) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING;

-- name: Outbox :many
SELECT leaf, kind, entry, queued FROM outbox WHERE due <= $1 ORDER BY kind, queued, leaf LIMIT $2;

-- name: NextDue :one
SELECT CAST(COALESCE(MIN(due), 0) AS BIGINT) FROM (
  SELECT MIN(due) AS due FROM outbox WHERE outbox.due > $1
  UNION ALL SELECT MIN(due) AS due FROM permit WHERE permit.due > $1 AND NOT permit.anchored
) AS waiting;

-- name: OutboxSize :one
SELECT COUNT(*) FROM outbox;

-- name: Waits :one
SELECT EXISTS (SELECT 1 FROM outbox WHERE leaf = $1);

-- name: Sent :exec
DELETE FROM outbox WHERE leaf = $1;

-- name: PutEvent :exec
INSERT INTO event (business, seq, kind, request_id, grant_id, happened, successor, deposit_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: LastEvent :one
SELECT CAST(COALESCE(MAX(n), 0) AS BIGINT) FROM (
  SELECT MAX(seq) AS n FROM event WHERE business = $1 UNION ALL SELECT floor AS n FROM renumbered) AS known;

-- name: RenumberEvents :exec
INSERT INTO renumbered (what, floor) VALUES ('events', $1) ON CONFLICT (what) DO UPDATE SET floor = excluded.floor;

-- name: EventsAfter :many
SELECT seq, kind, request_id, grant_id, happened, successor, deposit_id FROM event WHERE business = $1 AND seq > $2 ORDER BY seq LIMIT $3;

-- name: ErasedFor :one
SELECT COUNT(*) FROM event WHERE business = $1 AND grant_id = $2 AND kind = 'erased';
