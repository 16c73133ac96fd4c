-- name: UseProof :execrows
INSERT INTO proof (digest, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: PutPushed :exec
INSERT INTO pushed (request_id, digest, business, redirect_uri, state, challenge, jkt, until, expires, target)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: PushedAs :one
SELECT * FROM pushed WHERE digest = $1;

-- name: PushedRequest :one
SELECT * FROM pushed WHERE request_id = $1;

-- name: DropPushed :exec
DELETE FROM pushed WHERE request_id = $1;

-- name: PutCode :exec
INSERT INTO code (digest, request_id, business, redirect_uri, challenge, jkt, expires, approval_id, target)
VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8);

-- name: Code :one
SELECT * FROM code WHERE digest = $1;

-- name: UseCode :exec
UPDATE code SET approval_id = $1 WHERE digest = $2;

-- name: PutApproval :exec
INSERT INTO approval (approval_id, request_id, business, jkt, made, until, ended)
VALUES ($1, $2, $3, $4, $5, $6, 0);

-- name: UpdateApproval :execrows
UPDATE approval SET request_id = sqlc.arg(request_id), jkt = sqlc.arg(jkt),
  until = CASE WHEN until < CAST(sqlc.arg(until) AS BIGINT) THEN CAST(sqlc.arg(until) AS BIGINT) ELSE until END
WHERE approval_id = sqlc.arg(approval_id) AND business = sqlc.arg(business) AND ended = 0;

-- name: DropRefreshes :exec
DELETE FROM refresh WHERE approval_id = $1;

-- name: PutApproved :exec
INSERT INTO approved (approval_id, grant_id, purpose_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: Approval :one
SELECT * FROM approval WHERE approval_id = $1;

-- name: Approved :many
SELECT approved.grant_id, approved.purpose_id,
  CAST(COALESCE(grant_record.state, '') AS TEXT) AS state, CAST(COALESCE(grant_record.end_epoch, 0) AS BIGINT) AS end_epoch
FROM approved LEFT JOIN grant_record ON grant_record.grant_id = approved.grant_id
WHERE approved.approval_id = $1 ORDER BY approved.purpose_id, approved.grant_id;

-- name: Approves :one
SELECT COUNT(*) FROM approved WHERE approval_id = $1 AND grant_id = $2;

-- name: EndApproval :execrows
UPDATE approval SET ended = $1 WHERE approval_id = $2 AND ended = 0;

-- name: PutRefresh :exec
INSERT INTO refresh (digest, approval_id, used) VALUES ($1, $2, FALSE);

-- name: Refresh :one
SELECT refresh.used, approval.* FROM refresh
JOIN approval ON approval.approval_id = refresh.approval_id WHERE refresh.digest = $1;

-- name: UseRefresh :exec
UPDATE refresh SET used = TRUE WHERE digest = $1;

-- name: Revoke :exec
INSERT INTO revoked (digest, expires) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: TokenEnded :one
SELECT EXISTS (SELECT 1 FROM revoked WHERE revoked.digest = $1)
  OR EXISTS (SELECT 1 FROM approval WHERE approval.approval_id = $2 AND approval.ended <> 0);

-- name: PruneProofs :execrows
DELETE FROM proof WHERE digest IN (SELECT old.digest FROM proof AS old WHERE old.expires < $1 LIMIT $2);

-- name: PrunePushed :exec
DELETE FROM pushed WHERE expires < $1;

-- name: PruneCodes :exec
DELETE FROM code WHERE expires < $1;

-- name: PruneApprovals :exec
DELETE FROM approval WHERE until < $1;

-- name: PruneRevoked :exec
DELETE FROM revoked WHERE expires < $1;
