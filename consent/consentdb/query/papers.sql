-- name: SetPaper :exec
UPDATE grant_paper SET receipt = $1, letter = $2, withdrawal_receipt = $3 WHERE vault_id = $4 AND grant_id = $5;

-- name: SetLaterReceipt :exec
UPDATE later_receipt SET receipt = $1 WHERE vault_id = $2 AND grant_id = $3 AND event = $4;

-- name: SetMessagePapers :exec
UPDATE message SET document = $1, opening = $2 WHERE vault_id = $3 AND message_id = $4;

-- name: SetDecision :exec
UPDATE decision SET document = $1 WHERE vault_id = $2 AND request_id = $3;

-- name: DecisionsAfter :many
SELECT vault_id, request_id, document FROM decision
WHERE vault_id > $1 OR (vault_id = $1 AND request_id > $2) ORDER BY vault_id, request_id LIMIT $3;

-- name: AddLeftover :exec
INSERT INTO leftover (what, times) VALUES ('erased', 1) ON CONFLICT (what) DO UPDATE SET times = leftover.times + 1;

-- name: Leftover :one
SELECT times FROM leftover;

-- name: DropLeftover :exec
DELETE FROM leftover WHERE times = $1;

-- name: PutRestored :exec
INSERT INTO restored (what, since) VALUES ('backup', $1) ON CONFLICT (what) DO UPDATE SET since = excluded.since;

-- name: Restored :one
SELECT since FROM restored;

-- name: DropRestored :exec
DELETE FROM restored;
