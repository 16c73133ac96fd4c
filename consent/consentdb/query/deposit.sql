-- name: Deposit :one
SELECT sqlc.embed(deposit), grant_record.business FROM deposit
JOIN grant_record ON grant_record.vault_id = deposit.vault_id AND grant_record.grant_id = deposit.grant_id
WHERE deposit.vault_id = $1 AND deposit.deposit_id = $2;

-- name: PutDeposit :exec
INSERT INTO deposit (vault_id, deposit_id, grant_id, digest, sealed, received, settled, state)
VALUES ($1, $2, $3, $4, $5, $6, 0, 'waiting');

-- name: DepositsSince :one
SELECT COUNT(*) FROM deposit WHERE vault_id = $1 AND grant_id = $2 AND received > $3;

-- name: DepositsWaiting :many
SELECT sqlc.embed(deposit), grant_record.business FROM deposit
JOIN grant_record ON grant_record.vault_id = deposit.vault_id AND grant_record.grant_id = deposit.grant_id
WHERE deposit.vault_id = $1 AND deposit.state = 'waiting'
ORDER BY deposit.received DESC, deposit.deposit_id;

-- name: SettleDeposit :execrows
UPDATE deposit SET state = $1, settled = $2, sealed = '' WHERE vault_id = $3 AND deposit_id = $4 AND state = 'waiting';

-- name: DepositsOfGrant :many
SELECT * FROM deposit WHERE vault_id = $1 AND grant_id = $2 ORDER BY received, deposit_id;
