-- name: PutTerms :exec
INSERT INTO grant_terms (vault_id, grant_id, jurisdictions, destinations, hangs_on, used) VALUES ($1, $2, $3, $4, $5, 0);

-- name: Preference :one
SELECT quarters FROM preference WHERE vault_id = $1;

-- name: PutPreference :exec
INSERT INTO preference (vault_id, quarters) VALUES ($1, $2) ON CONFLICT (vault_id) DO UPDATE SET quarters = excluded.quarters;

-- name: ErasePreference :exec
DELETE FROM preference WHERE vault_id = $1;
