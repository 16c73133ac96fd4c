-- name: Message :one
SELECT sqlc.embed(message), grant_record.business FROM message
JOIN grant_record ON grant_record.vault_id = message.vault_id AND grant_record.grant_id = message.grant_id
WHERE message.vault_id = $1 AND message.message_id = $2;

-- name: MessagesSince :one
SELECT COUNT(*) FROM message WHERE vault_id = $1 AND grant_id = $2 AND received > $3;

-- name: PutMessage :exec
INSERT INTO message (vault_id, message_id, grant_id, channel, sealed, leaf, entry, document, opening, received, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'anchoring');

-- name: DropMessage :exec
DELETE FROM message WHERE vault_id = $1 AND message_id = $2 AND state = 'anchoring';

-- name: DropMessageOfPermit :exec
DELETE FROM message WHERE vault_id = $1 AND grant_id = $2 AND leaf = $3 AND state = 'anchoring';

-- name: DeliverMessage :execrows
UPDATE message SET state = 'delivered' WHERE vault_id = $1 AND message_id = $2 AND state = 'anchoring';

-- name: ReadMessage :execrows
UPDATE message SET state = 'read' WHERE vault_id = $1 AND message_id = $2 AND state = 'delivered';

-- name: DeleteMessage :execrows
UPDATE message SET state = 'deleted', sealed = '', document = '', opening = ''
WHERE vault_id = $1 AND message_id = $2 AND state IN ('delivered', 'read');

-- name: Inbox :many
SELECT sqlc.embed(message), grant_record.business FROM message
JOIN grant_record ON grant_record.vault_id = message.vault_id AND grant_record.grant_id = message.grant_id
WHERE message.vault_id = $1 AND message.state IN ('delivered', 'read')
ORDER BY message.received DESC, message.message_id;

-- name: MessagesOfGrant :many
SELECT * FROM message WHERE vault_id = $1 AND grant_id = $2 ORDER BY received, message_id;
