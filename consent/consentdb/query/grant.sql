-- name: GrantSeen :one
SELECT COUNT(*) FROM grant_record WHERE grant_id = $1 OR handle = $2;

-- name: PutGrant :exec
INSERT INTO grant_record (vault_id, grant_id, request_id, business, purpose, purpose_id, attributes, channels,
  weekly_cap, minor, start_epoch, end_epoch, state, given, withdrawn, handle, anchored, withdraw_anchored, onward_of)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'anchoring', $13, 0, $14, FALSE, FALSE, $15);

-- name: PutPaper :exec
INSERT INTO grant_paper (vault_id, grant_id, entry, receipt, letter, withdraw_ahead, withdraw_entry, withdrawal_receipt)
VALUES ($1, $2, $3, $4, $5, $6, '', '');

-- name: GrantByID :one
SELECT * FROM grant_record WHERE grant_id = $1;

-- name: GrantByHandle :one
SELECT * FROM grant_record WHERE handle = $1;

-- name: GrantsOfVault :many
SELECT sqlc.embed(grant_record), sqlc.embed(grant_paper) FROM grant_record
JOIN grant_paper ON grant_paper.vault_id = grant_record.vault_id AND grant_paper.grant_id = grant_record.grant_id
WHERE grant_record.vault_id = $1 ORDER BY grant_record.given DESC, grant_record.grant_id;

-- name: GrantsOfDecision :many
SELECT * FROM grant_record WHERE vault_id = $1 AND request_id = $2 ORDER BY purpose_id;

-- name: Paper :one
SELECT * FROM grant_paper WHERE vault_id = $1 AND grant_id = $2;

-- name: MarkGrantAnchored :exec
UPDATE grant_record SET anchored = TRUE, state = CASE WHEN state = 'anchoring' THEN 'live' ELSE state END
WHERE vault_id = $1 AND grant_id = $2;

-- name: MarkWithdrawAnchored :exec
UPDATE grant_record SET withdraw_anchored = TRUE WHERE vault_id = $1 AND grant_id = $2;

-- name: EndGrant :execrows
UPDATE grant_record SET state = $1, withdrawn = $2
WHERE vault_id = $3 AND grant_id = $4 AND state IN ('anchoring', 'live', 'paused');

-- name: PutWithdrawal :exec
UPDATE grant_paper SET withdraw_entry = $1, withdrawal_receipt = $2 WHERE vault_id = $3 AND grant_id = $4;

-- name: GrantsAfter :many
SELECT sqlc.embed(grant_record), sqlc.embed(grant_paper) FROM grant_record
JOIN grant_paper ON grant_paper.vault_id = grant_record.vault_id AND grant_paper.grant_id = grant_record.grant_id
WHERE grant_record.vault_id > $1 OR (grant_record.vault_id = $1 AND grant_record.grant_id > $2)
ORDER BY grant_record.vault_id, grant_record.grant_id LIMIT $3;

-- name: EraseGrants :exec
DELETE FROM grant_record WHERE vault_id = $1;

-- name: EraseDecisions :exec
DELETE FROM decision WHERE vault_id = $1;
