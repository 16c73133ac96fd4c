-- name: CloseErasedLoop :execrows
DELETE FROM loop WHERE business = $1 AND grant_id = $2 AND stated <> 0;

-- name: PutLoop :exec
INSERT INTO loop (business, grant_id, event, notified, acknowledged, acknowledgement, stated, statement, erased)
VALUES ($1, $2, $3, $4, 0, '', 0, '', $5) ON CONFLICT DO NOTHING;

-- name: DropSuspendedLoop :exec
DELETE FROM loop WHERE business = $1 AND grant_id = $2 AND event = 'suspended';

-- name: DropSuspendedLoops :exec
DELETE FROM loop WHERE business = $1 AND event = 'suspended';

-- name: MarkLoopErased :exec
UPDATE loop SET erased = TRUE WHERE business = $1 AND grant_id = $2;

-- name: Loop :one
SELECT * FROM loop WHERE business = $1 AND grant_id = $2;

-- name: Acknowledge :exec
UPDATE loop SET acknowledged = $1, acknowledgement = $2 WHERE business = $3 AND grant_id = $4;

-- name: PutStatement :exec
UPDATE loop SET stated = $1, statement = $2 WHERE business = $3 AND grant_id = $4;

-- name: EventTold :one
SELECT COUNT(*) FROM event WHERE grant_id = $1 AND business = $2 AND kind = $3;

-- name: LateLoops :many
SELECT * FROM loop WHERE stated = 0 AND notified < sqlc.arg(unacknowledged) AND (acknowledged = 0 OR notified < sqlc.arg(unstated))
ORDER BY notified, business, grant_id LIMIT sqlc.arg(most);

-- name: OwedToVault :many
SELECT loop.* FROM grant_record JOIN loop ON loop.business = grant_record.business AND loop.grant_id = grant_record.grant_id
WHERE grant_record.vault_id = $1 AND loop.stated = 0 ORDER BY loop.notified, loop.grant_id;

-- name: PutSuspension :exec
INSERT INTO suspension (business, told) VALUES ($1, FALSE) ON CONFLICT DO NOTHING;

-- name: DropSuspension :exec
DELETE FROM suspension WHERE business = $1;

-- name: UntoldSuspensions :many
SELECT business FROM suspension WHERE NOT told ORDER BY business;

-- name: MarkSuspensionTold :exec
UPDATE suspension SET told = TRUE WHERE business = $1;

-- name: GrantsToSuspend :many
SELECT * FROM grant_record WHERE grant_record.business = sqlc.arg(business) AND end_epoch > sqlc.arg(now) AND state NOT IN ('replaced', 'withdrawn', 'terminated')
  AND NOT EXISTS (SELECT 1 FROM loop WHERE loop.business = grant_record.business AND loop.grant_id = grant_record.grant_id)
ORDER BY grant_record.grant_id LIMIT sqlc.arg(most);

-- name: SweptTo :one
SELECT CAST(COALESCE(MAX(epoch), 0) AS BIGINT) FROM swept WHERE name = $1;

-- name: PutSwept :exec
INSERT INTO swept (name, epoch) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch;

-- name: GrantsToExpire :many
SELECT * FROM grant_record WHERE end_epoch > sqlc.arg(after) AND end_epoch <= sqlc.arg(now) AND state NOT IN ('anchoring', 'replaced', 'withdrawn', 'terminated')
  AND NOT EXISTS (SELECT 1 FROM loop WHERE loop.business = grant_record.business AND loop.grant_id = grant_record.grant_id
    AND loop.event <> 'suspended')
ORDER BY end_epoch, grant_id LIMIT sqlc.arg(most);

-- name: PutTermination :exec
INSERT INTO termination (vault_id, grant_id, reason, ordered) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: TerminationReason :one
SELECT reason FROM termination WHERE vault_id = $1 AND grant_id = $2;
