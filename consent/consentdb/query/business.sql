-- name: PutBusiness :execrows
INSERT INTO business (did, name, contact, url, purposes, state, card, issued, registered)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (did) DO UPDATE SET name = excluded.name, contact = excluded.contact, url = excluded.url,
  purposes = excluded.purposes, card = excluded.card, issued = excluded.issued
WHERE excluded.issued > business.issued;

-- name: Business :one
SELECT * FROM business WHERE did = $1;

-- name: Businesses :many
SELECT * FROM business ORDER BY did;

-- name: SetBusinessState :execrows
UPDATE business SET state = $1 WHERE did = $2;

-- name: PruneAssertions :execrows
DELETE FROM assertion WHERE (business, digest) IN (SELECT old.business, old.digest FROM assertion AS old WHERE old.expires < $1 LIMIT $2);

-- name: UseAssertion :execrows
INSERT INTO assertion (business, digest, expires) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;
