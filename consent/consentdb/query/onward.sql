-- name: Onward :many
SELECT * FROM grant_record WHERE vault_id = $1 AND onward_of = $2 ORDER BY grant_id;

-- name: OnwardOfRequest :many
SELECT grant_record.grant_id, grant_record.purpose_id, grant_record.onward_of FROM grant_record
JOIN decision ON decision.vault_id = grant_record.vault_id AND decision.request_id = grant_record.request_id
WHERE decision.request_id = $1 AND grant_record.business = $2 AND LENGTH(grant_record.onward_of) > 0 ORDER BY grant_record.purpose_id;
