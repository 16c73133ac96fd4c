-- name: NextChange :one
INSERT INTO change_count (business, latest) VALUES ($1, 1)
ON CONFLICT (business) DO UPDATE SET latest = change_count.latest + 1 RETURNING latest;

-- name: LatestChange :one
SELECT CAST(COALESCE(MAX(latest), 0) AS BIGINT) FROM change_count WHERE business = $1;

-- name: RenumberChanges :exec
INSERT INTO change_count (business, latest) SELECT did, CAST($1 AS BIGINT) FROM business WHERE TRUE
ON CONFLICT (business) DO UPDATE SET latest = excluded.latest;

-- name: PutChange :exec
INSERT INTO change (vault_id, grant_id, business, since, latest, later) VALUES ($1, $2, $3, $4, $4, '{}')
ON CONFLICT (vault_id, grant_id) DO UPDATE SET since = excluded.since, latest = excluded.latest, later = '{}';

-- name: ChangeOf :one
SELECT since, latest, later FROM change WHERE vault_id = $1 AND grant_id = $2;

-- name: SetLater :exec
UPDATE change SET latest = $1, later = $2 WHERE vault_id = $3 AND grant_id = $4;

-- name: ChangesAfter :many
SELECT sqlc.embed(grant_record), change.since, change.latest, change.later,
  COALESCE(grant_terms.jurisdictions, '') AS jurisdictions, COALESCE(grant_terms.destinations, '') AS destinations,
  COALESCE(grant_terms.hangs_on, '') AS hangs_on FROM change
JOIN grant_record ON grant_record.vault_id = change.vault_id AND grant_record.grant_id = change.grant_id
LEFT JOIN grant_terms ON grant_terms.vault_id = grant_record.vault_id AND grant_terms.grant_id = grant_record.grant_id
WHERE change.business = sqlc.arg(business) AND change.latest > sqlc.arg(after) AND change.latest <= sqlc.arg(until)
  AND grant_record.purpose = sqlc.arg(purpose) AND grant_record.state = 'live'
  AND grant_record.end_epoch > sqlc.arg(epoch)
ORDER BY change.latest LIMIT sqlc.arg(most);

-- name: Permitted :one
SELECT COUNT(*) FROM permit WHERE vault_id = $1 AND grant_id = $2 AND kind = 'collect' AND epoch = $3 AND anchored;
