-- name: PutWebhook :execrows
INSERT INTO webhook (business, url, secret, issued, failures, hold) VALUES ($1, $2, $3, $4, 0, 0)
ON CONFLICT (business) DO UPDATE SET url = excluded.url, secret = excluded.secret, issued = excluded.issued, failures = 0, hold = 0
WHERE excluded.issued > webhook.issued;

-- name: Webhook :one
SELECT * FROM webhook WHERE business = $1;

-- name: DropDeliveries :exec
DELETE FROM delivery WHERE business = $1;

-- name: QueueDelivery :exec
INSERT INTO delivery (business, seq, queued, due, attempts, dead, failure)
SELECT webhook.business, CAST(sqlc.arg(seq) AS BIGINT), CAST(sqlc.arg(queued) AS BIGINT),
  CASE WHEN webhook.hold > CAST(sqlc.arg(queued) AS BIGINT) THEN webhook.hold ELSE CAST(sqlc.arg(queued) AS BIGINT) END, 0, 0, '' FROM webhook
WHERE webhook.business = sqlc.arg(business) AND webhook.url <> '';

-- name: DueWebhooks :many
SELECT business, failures FROM webhook WHERE url <> '' AND EXISTS (SELECT 1 FROM delivery
  WHERE delivery.business = webhook.business AND delivery.dead = 0 AND delivery.due <= $1)
ORDER BY business;

-- name: DueDeliveries :many
SELECT sqlc.embed(delivery), sqlc.embed(event), sqlc.embed(webhook) FROM delivery
JOIN event ON event.business = delivery.business AND event.seq = delivery.seq
JOIN webhook ON webhook.business = delivery.business
WHERE delivery.business = $1 AND delivery.dead = 0 AND delivery.due <= $2 AND webhook.url <> ''
ORDER BY delivery.attempts, delivery.seq LIMIT $3;

-- name: Delivered :exec
DELETE FROM delivery WHERE business = $1 AND seq = $2;

-- name: HoldWebhook :exec
UPDATE webhook SET failures = $1, hold = $2 WHERE business = $3;

-- name: HurryDeliveries :exec
UPDATE delivery SET due = $1 WHERE business = $2 AND dead = 0 AND attempts = 0 AND due > $1;

-- name: FailDelivery :exec
UPDATE delivery SET attempts = attempts + 1, failure = $1, due = $2 WHERE business = $3 AND seq = $4 AND dead = 0;

-- name: HoldDeliveries :exec
UPDATE delivery SET due = $1 WHERE business = $2 AND dead = 0 AND due < $1;

-- name: BuryDeliveries :execrows
UPDATE delivery SET dead = $1, failure = $2 WHERE business = $3 AND dead = 0 AND queued <= $4;

-- name: DeadDeliveries :many
SELECT sqlc.embed(delivery), sqlc.embed(event) FROM delivery
JOIN event ON event.business = delivery.business AND event.seq = delivery.seq
WHERE delivery.business = $1 AND delivery.dead <> 0 AND delivery.seq > $2 ORDER BY delivery.seq LIMIT $3;

-- name: RetryDelivery :execrows
UPDATE delivery SET dead = 0, attempts = 0, queued = $1, due = $1 WHERE business = $2 AND seq = $3 AND dead <> 0;

-- name: RetryDeliveries :execrows
UPDATE delivery SET dead = 0, attempts = 0, queued = $1, due = $1 WHERE business = $2 AND dead <> 0;

-- name: DeliveryCounts :many
SELECT webhook.business, webhook.url, webhook.failures,
  CAST(COALESCE(SUM(CASE WHEN delivery.dead = 0 THEN 1 ELSE 0 END), 0) AS BIGINT) AS waiting,
  CAST(COALESCE(SUM(CASE WHEN delivery.dead <> 0 THEN 1 ELSE 0 END), 0) AS BIGINT) AS dead,
  CAST(COALESCE(MIN(delivery.queued), 0) AS BIGINT) AS oldest
FROM webhook LEFT JOIN delivery ON delivery.business = webhook.business
GROUP BY webhook.business, webhook.url, webhook.failures ORDER BY webhook.business;
