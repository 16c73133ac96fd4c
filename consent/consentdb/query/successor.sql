-- name: Supersede :execrows
UPDATE grant_record SET state = sqlc.arg(state), change_kind = sqlc.arg(change_kind), successor = sqlc.arg(successor),
  withdrawn = CASE WHEN withdrawn = 0 THEN CAST(sqlc.arg(at) AS BIGINT) ELSE withdrawn END
WHERE vault_id = sqlc.arg(vault_id) AND grant_id = sqlc.arg(grant_id)
  AND (state IN ('anchoring', 'live') OR (state = 'paused' AND sqlc.arg(state) <> 'paused'));

-- name: PutWithdrawEntry :exec
UPDATE grant_paper SET withdraw_entry = $1 WHERE vault_id = $2 AND grant_id = $3;

-- name: PutWithdrawalReceipt :exec
UPDATE grant_paper SET withdrawal_receipt = $1 WHERE vault_id = $2 AND grant_id = $3;

-- name: PutLaterReceipt :exec
INSERT INTO later_receipt (vault_id, grant_id, event, receipt, received) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (vault_id, grant_id, event) DO NOTHING;

-- name: LaterReceipts :many
SELECT event, receipt, received FROM later_receipt WHERE vault_id = $1 AND grant_id = $2 ORDER BY received, event DESC;

-- name: LaterReceiptsOfVault :many
SELECT grant_id, event, receipt FROM later_receipt WHERE vault_id = $1 ORDER BY grant_id, received, event DESC;

-- name: PredecessorOf :one
SELECT grant_id FROM grant_record WHERE vault_id = $1 AND successor = $2;

-- name: ApprovalsOf :many
SELECT approval_id, purpose_id FROM approved WHERE grant_id = $1;

-- name: ExtendApprovals :exec
UPDATE approval SET until = sqlc.arg(until)
WHERE until < sqlc.arg(until) AND approval_id IN (SELECT approved.approval_id FROM approved WHERE approved.grant_id = sqlc.arg(grant_id));

-- name: PutErasedReceipt :exec
INSERT INTO erased_receipt (business, grant_id, receipt, received) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: ErasedReceipt :one
SELECT receipt FROM erased_receipt WHERE business = $1 AND grant_id = $2;

-- name: DropErasedReceipt :exec
DELETE FROM erased_receipt WHERE business = $1 AND grant_id = $2;

-- name: PruneErasedReceipts :exec
DELETE FROM erased_receipt WHERE received < $1;
