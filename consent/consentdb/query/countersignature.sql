-- name: PutCountersignature :exec
INSERT INTO countersignature (vault_id, grant_id, jws, received) VALUES ($1, $2, $3, $4)
ON CONFLICT (vault_id, grant_id) DO NOTHING;

-- name: Countersignature :one
SELECT jws FROM countersignature WHERE vault_id = $1 AND grant_id = $2;

-- name: CountersignaturesOfVault :many
SELECT grant_id, jws FROM countersignature WHERE vault_id = $1;
