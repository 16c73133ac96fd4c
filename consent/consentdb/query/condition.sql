-- name: Terms :one
SELECT jurisdictions, destinations, hangs_on, used FROM grant_terms WHERE vault_id = $1 AND grant_id = $2;

-- name: CountUse :exec
UPDATE grant_terms SET used = used + 1 WHERE vault_id = $1 AND grant_id = $2;

-- name: PutEvidence :exec
INSERT INTO evidence (vault_id, grant_id, digest, paper, party, counts_from, counts_until, received)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (vault_id, grant_id, digest) DO UPDATE SET counts_until = excluded.counts_until;

-- name: EndEvidence :exec
UPDATE evidence SET counts_until = $1 WHERE vault_id = $2 AND grant_id = $3 AND digest = $4 AND (counts_until = 0 OR counts_until > $1);

-- name: EvidenceOf :many
SELECT * FROM evidence WHERE vault_id = $1 AND grant_id = $2 ORDER BY received, digest;

-- name: ConditionsOfVault :many
SELECT grant_id FROM grant_terms WHERE vault_id = $1 AND hangs_on <> '';
