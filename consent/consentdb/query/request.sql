-- name: RequestSeen :one
SELECT COUNT(*) FROM request WHERE request_id = $1 OR (business = $2 AND nonce = $3);

-- name: PutRequest :exec
INSERT INTO request (request_id, business, nonce, jws, expires, received, answered, cosignatures)
VALUES ($1, $2, $3, $4, $5, $6, FALSE, $7);

-- name: Request :one
SELECT * FROM request WHERE request_id = $1;

-- name: AnswerRequest :execrows
UPDATE request SET answered = TRUE WHERE request_id = $1 AND NOT answered;

-- name: PutDecision :exec
INSERT INTO decision (vault_id, request_id, document, decided) VALUES ($1, $2, $3, $4);

-- name: DecisionOf :one
SELECT * FROM decision WHERE request_id = $1;
