-- name: Facts :one
SELECT sqlc.embed(grant_record), business.state AS business_state, business.purposes AS business_purposes,
  COALESCE(grant_terms.jurisdictions, '') AS jurisdictions, COALESCE(grant_terms.destinations, '') AS destinations,
  COALESCE(grant_terms.hangs_on, '') AS hangs_on
FROM grant_record JOIN business ON business.did = grant_record.business
LEFT JOIN grant_terms ON grant_terms.vault_id = grant_record.vault_id AND grant_terms.grant_id = grant_record.grant_id
WHERE grant_record.grant_id = $1;

-- name: LastAccess :one
SELECT head FROM access WHERE vault_id = $1 AND grant_id = $2 ORDER BY seq DESC LIMIT 1;

-- name: AccessesBefore :many
SELECT access.grant_id, access.seq, access.happened, access.line, access.head, grant_record.business FROM access
JOIN grant_record ON grant_record.vault_id = access.vault_id AND grant_record.grant_id = access.grant_id
WHERE access.vault_id = $1 AND (access.happened < $2
  OR (access.happened = $2 AND (access.grant_id < $3 OR (access.grant_id = $3 AND access.seq < $4))))
ORDER BY access.happened DESC, access.grant_id DESC, access.seq DESC LIMIT $5;

-- name: AccessesOfGrantBefore :many
SELECT access.grant_id, access.seq, access.happened, access.line, access.head, grant_record.business FROM access
JOIN grant_record ON grant_record.vault_id = access.vault_id AND grant_record.grant_id = access.grant_id
WHERE access.vault_id = $1 AND access.grant_id = $2 AND access.seq < $3
ORDER BY access.seq DESC LIMIT $4;

-- name: AccessChain :many
SELECT line, head FROM access WHERE vault_id = $1 AND grant_id = $2 ORDER BY seq;

-- name: PutPermit :exec
INSERT INTO permit (vault_id, grant_id, kind, epoch, leaf, entry, taken, anchored, due)
VALUES ($1, $2, $3, $4, $5, $6, $7, FALSE, $8) ON CONFLICT DO NOTHING;

-- name: PermitTaken :one
SELECT COUNT(*) FROM permit WHERE vault_id = $1 AND grant_id = $2 AND kind = $3 AND epoch = $4 AND leaf = $5;

-- name: MarkPermitAnchored :exec
UPDATE permit SET anchored = TRUE WHERE vault_id = $1 AND grant_id = $2 AND leaf = $3;

-- name: DropPermit :exec
DELETE FROM permit WHERE vault_id = $1 AND grant_id = $2 AND leaf = $3 AND NOT anchored;

-- name: PermitsOfGrant :many
SELECT * FROM permit WHERE vault_id = $1 AND grant_id = $2 ORDER BY taken, leaf;

-- name: WaitingPermits :many
SELECT * FROM permit WHERE NOT anchored AND due = 0 ORDER BY taken, leaf LIMIT $1;

-- name: DuePermits :many
SELECT * FROM permit WHERE NOT anchored AND due > 0 AND due <= $1 ORDER BY leaf LIMIT $2;

-- name: DropIdlePermits :exec
DELETE FROM permit WHERE NOT anchored AND due > 0 AND due <= $1 AND NOT EXISTS (
  SELECT 1 FROM grant_record g WHERE g.vault_id = permit.vault_id AND g.grant_id = permit.grant_id AND g.state = 'live');
