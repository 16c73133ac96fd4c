-- name: PutTemplate :exec
INSERT INTO template (business, name, version, hash, jws, received) VALUES ($1, $2, $3, $4, $5, $6);

-- name: Template :one
SELECT * FROM template WHERE business = $1 AND name = $2 AND version = $3;

-- name: LatestTemplate :one
SELECT * FROM template WHERE business = $1 AND name = $2 ORDER BY version DESC LIMIT 1;

-- name: TemplateVersions :many
SELECT * FROM template WHERE business = $1 AND name = $2 ORDER BY version;

-- name: TemplateNames :many
SELECT name, CAST(MAX(version) AS BIGINT) AS latest FROM template WHERE business = $1 GROUP BY name ORDER BY name;

-- name: PutRequestTemplate :exec
INSERT INTO request_template (request_id, business, name, version) VALUES ($1, $2, $3, $4);

-- name: StandingByVersion :many
SELECT request_template.version, grant_record.purpose_id, COUNT(*) AS grants FROM request_template
JOIN grant_record ON grant_record.request_id = request_template.request_id AND grant_record.business = request_template.business
WHERE request_template.business = $1 AND request_template.name = $2
  AND grant_record.state IN ('anchoring', 'live', 'paused') AND grant_record.end_epoch > sqlc.arg(now)
GROUP BY request_template.version, grant_record.purpose_id ORDER BY request_template.version, grant_record.purpose_id;

-- name: StandingUnder :many
SELECT grant_record.grant_id, grant_record.request_id, grant_record.purpose_id, request_template.version FROM request_template
JOIN grant_record ON grant_record.request_id = request_template.request_id AND grant_record.business = request_template.business
WHERE request_template.business = $1 AND request_template.name = $2 AND request_template.version < sqlc.arg(latest)
  AND grant_record.state IN ('anchoring', 'live', 'paused') AND grant_record.end_epoch > sqlc.arg(now)
  AND grant_record.grant_id > sqlc.arg(after)
ORDER BY grant_record.grant_id LIMIT sqlc.arg(most);

-- name: AskedAgain :one
SELECT request.request_id, request.expires, request.answered FROM replacement
JOIN request ON request.request_id = replacement.request_id
JOIN request_template ON request_template.request_id = replacement.request_id
WHERE replacement.grant_id = $1 AND request_template.name = $2 AND request_template.version = sqlc.arg(latest)
ORDER BY request.received DESC, request.request_id LIMIT 1;

-- name: PutReplacement :exec
INSERT INTO replacement (request_id, grant_id) VALUES ($1, $2);

-- name: Replacements :one
SELECT COUNT(*) FROM replacement WHERE request_id = $1;

-- name: ReplacementsOf :one
SELECT COUNT(*) FROM replacement JOIN grant_record ON grant_record.grant_id = replacement.grant_id
WHERE replacement.request_id = $1 AND grant_record.vault_id = $2;

-- name: WaitingRequests :many
SELECT DISTINCT request.* FROM grant_record
JOIN replacement ON replacement.grant_id = grant_record.grant_id
JOIN request ON request.request_id = replacement.request_id
WHERE grant_record.vault_id = $1 AND NOT request.answered AND request.expires > sqlc.arg(now)
ORDER BY request.received DESC, request.request_id;

-- name: AllTemplates :many
SELECT * FROM template ORDER BY business, name, version;

-- name: RequestsWithoutTemplate :one
SELECT COUNT(*) FROM request_template LEFT JOIN template ON template.business = request_template.business
  AND template.name = request_template.name AND template.version = request_template.version
WHERE template.name IS NULL;
