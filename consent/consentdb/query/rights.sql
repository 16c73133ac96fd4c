-- name: RightsByID :one
SELECT * FROM rights WHERE rights_id = $1;

-- name: PutRights :exec
INSERT INTO rights (vault_id, rights_id, business, grants, sealed, sent) VALUES ($1, $2, $3, $4, $5, $6);

-- name: OpenRights :one
SELECT COUNT(*) FROM rights WHERE rights.vault_id = $1 AND rights.business = $2 AND NOT EXISTS (
  SELECT 1 FROM rights_reply WHERE rights_reply.vault_id = rights.vault_id AND rights_reply.rights_id = rights.rights_id
    AND rights_reply.step = 'answered');

-- name: UnansweredRights :many
SELECT rights_id, business, sent FROM rights WHERE sent < sqlc.arg(first) AND NOT EXISTS (
  SELECT 1 FROM rights_reply WHERE rights_reply.vault_id = rights.vault_id AND rights_reply.rights_id = rights.rights_id
    AND (rights_reply.step = 'answered' OR (rights_reply.step = 'extended' AND rights.sent >= sqlc.arg(extended))))
ORDER BY sent, rights_id LIMIT sqlc.arg(most);

-- name: RightsOfVault :many
SELECT * FROM rights WHERE vault_id = $1 ORDER BY sent DESC, rights_id;

-- name: RightsOfBusiness :many
SELECT * FROM rights WHERE business = $1 AND (sent > $2 OR (sent = $2 AND rights_id > $3)) ORDER BY sent, rights_id LIMIT $4;

-- name: RightsReplies :many
SELECT * FROM rights_reply WHERE vault_id = $1 AND rights_id = $2 ORDER BY received,
  CASE step WHEN 'acknowledged' THEN 1 WHEN 'extended' THEN 2 ELSE 3 END; -- within one second

-- name: PutRightsReply :exec
INSERT INTO rights_reply (vault_id, rights_id, step, sealed, received) VALUES ($1, $2, $3, $4, $5);

-- name: EraseRights :exec
DELETE FROM rights WHERE vault_id = $1;
