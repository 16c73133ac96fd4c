-- name: CreateVault :exec
INSERT INTO vault (vault_id, salt, state, created_at, signed_in_until) VALUES ($1, $2, $3, $4, $5);

-- name: GetVault :one
SELECT vault_id, salt, state, created_at, key_number, warned_at FROM vault WHERE vault_id = $1;

-- name: GetVaultToWrite :one
SELECT state, key_number, EXISTS (SELECT 1 FROM next_wrap w WHERE w.vault_id = v.vault_id) AS rotating FROM vault v WHERE v.vault_id = $1;

-- name: SetState :execrows
UPDATE vault SET state = $1 WHERE vault_id = $2;

-- name: EraseVault :execrows
DELETE FROM vault WHERE vault_id = $1;

-- name: AddPasskey :exec
INSERT INTO passkey (vault_id, credential_id, prf, record, created_at, used_at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: ListPasskeys :many
SELECT credential_id, prf, record, created_at, used_at FROM passkey WHERE vault_id = $1 ORDER BY created_at, credential_id;

-- name: HasPasskey :one
SELECT EXISTS (SELECT 1 FROM passkey WHERE vault_id = $1 AND credential_id = $2);

-- name: CountPasskeys :one
SELECT count(*) FROM passkey WHERE vault_id = $1;

-- name: SetRecord :execrows
UPDATE passkey SET record = $1, used_at = $2 WHERE vault_id = $3 AND credential_id = $4;

-- name: PutWrap :exec
INSERT INTO wrap (vault_id, kind, credential_id, iv, ciphertext, ephemeral) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (vault_id, kind, credential_id)
DO UPDATE SET iv = excluded.iv, ciphertext = excluded.ciphertext, ephemeral = excluded.ephemeral;

-- name: ListWraps :many
SELECT kind, credential_id, iv, ciphertext, ephemeral FROM wrap WHERE vault_id = $1 ORDER BY kind, credential_id;

-- name: CountWraps :one
SELECT count(*) FROM wrap WHERE vault_id = $1;

-- name: CountDocuments :one
SELECT count(*) FROM document WHERE vault_id = $1;

-- name: ListDocuments :many
SELECT document_id, version, sealed FROM document WHERE vault_id = $1 ORDER BY document_id;

-- name: GetDocumentVersion :one
SELECT version FROM document WHERE vault_id = $1 AND document_id = $2;

-- name: InsertDocument :exec
INSERT INTO document (vault_id, document_id, version, sealed, key_number) VALUES ($1, $2, $3, $4, $5);

-- name: ReplaceDocument :execrows
UPDATE document SET version = $1, sealed = $2, key_number = $3 WHERE vault_id = $4 AND document_id = $5 AND version = $6;

-- name: DeleteDocument :exec
DELETE FROM document WHERE vault_id = $1 AND document_id = $2;

-- name: PutShare :exec
INSERT INTO share (vault_id, grant_id, document_id, version, attribute, encrypted_key) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (vault_id, grant_id, document_id)
DO UPDATE SET version = excluded.version, attribute = excluded.attribute, encrypted_key = excluded.encrypted_key;

-- name: DropOtherShares :exec
DELETE FROM share WHERE vault_id = $1 AND grant_id = $2 AND attribute = $3 AND document_id <> $4;

-- name: DropSharesOfGrant :exec
DELETE FROM share WHERE vault_id = $1 AND grant_id = $2;

-- name: DropSharesOfDocument :exec
DELETE FROM share WHERE vault_id = $1 AND document_id = $2;

-- name: ListShares :many
SELECT grant_id, document_id, version, attribute, encrypted_key FROM share WHERE vault_id = $1 ORDER BY grant_id, document_id;

-- name: AddSession :exec
INSERT INTO session (vault_id, token_hash, credential_id, expires_at, paired_by) VALUES ($1, $2, $3, $4, $5);

-- name: GetSession :one
SELECT credential_id, expires_at, paired_by FROM session WHERE vault_id = $1 AND token_hash = $2;

-- name: EndSession :exec
DELETE FROM session WHERE vault_id = $1 AND token_hash = $2;

-- name: ExpireSessions :execrows
DELETE FROM session WHERE expires_at <= $1;

-- name: KeepCeremony :exec
INSERT INTO ceremony (ceremony_hash, vault_id, data, expires_at) VALUES ($1, $2, $3, $4);

-- name: TakeCeremony :one
DELETE FROM ceremony WHERE ceremony_hash = $1 RETURNING vault_id, data, expires_at;

-- name: EraseCeremonies :exec
DELETE FROM ceremony WHERE vault_id = $1;

-- name: ExpireCeremonies :execrows
DELETE FROM ceremony WHERE expires_at <= $1;

-- name: VaultsAfter :many
SELECT vault_id FROM vault WHERE vault_id > $1 ORDER BY vault_id LIMIT $2;

-- name: PutRecovery :exec
INSERT INTO recovery (vault_id, locator_hash, signer) VALUES ($1, $2, $3)
ON CONFLICT (vault_id) DO UPDATE SET locator_hash = excluded.locator_hash, signer = excluded.signer;

-- name: DropRecovery :exec
DELETE FROM recovery WHERE vault_id = $1;

-- name: GetRecovery :one
SELECT locator_hash, signer FROM recovery WHERE vault_id = $1;

-- name: FindRecoveries :many
SELECT vault_id, signer FROM recovery WHERE locator_hash = $1 ORDER BY vault_id;

-- name: EndSessionsOf :exec
DELETE FROM session WHERE vault_id = $1 AND credential_id = $2;

-- name: EndSessionsPairedBy :exec
DELETE FROM session WHERE vault_id = $1 AND paired_by = $2;

-- name: EndOtherSessions :exec
DELETE FROM session WHERE vault_id = $1 AND token_hash <> $2;

-- name: RemovePasskey :execrows
DELETE FROM passkey WHERE vault_id = $1 AND credential_id = $2;

-- name: DropPasskeyWrap :exec
DELETE FROM wrap WHERE vault_id = $1 AND kind = 'passkey' AND credential_id = $2;

-- name: GetAttachment :one
SELECT chunks, orphan_at FROM attachment WHERE vault_id = $1 AND document_id = $2;

-- name: SumChunks :one
SELECT CAST(COALESCE(SUM(chunks), 0) AS BIGINT) FROM attachment WHERE vault_id = $1;

-- name: AddAttachment :exec
INSERT INTO attachment (vault_id, document_id, chunks, orphan_at) VALUES ($1, $2, $3, 0);

-- name: SetOrphan :exec
UPDATE attachment SET orphan_at = $1 WHERE vault_id = $2 AND document_id = $3;

-- name: DropAttachment :execrows
DELETE FROM attachment WHERE vault_id = $1 AND document_id = $2;

-- name: AttachmentsAfter :many
SELECT a.vault_id, a.document_id, a.orphan_at,
CAST(EXISTS (SELECT 1 FROM document d WHERE d.vault_id = a.vault_id AND d.document_id = a.document_id) AS BOOLEAN) AS held
FROM attachment a WHERE a.vault_id > $1 OR (a.vault_id = $1 AND a.document_id > $2)
ORDER BY a.vault_id, a.document_id LIMIT $3;

-- name: PutChunk :exec
INSERT INTO chunk (vault_id, document_id, place, sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT (vault_id, document_id, place) DO UPDATE SET sealed = excluded.sealed;

-- name: ListChunks :many
SELECT place FROM chunk WHERE vault_id = $1 AND document_id = $2 ORDER BY place;

-- name: GetChunk :one
SELECT sealed FROM chunk WHERE vault_id = $1 AND document_id = $2 AND place = $3;

-- name: MissingChunks :one
SELECT CAST(a.chunks - (SELECT count(*) FROM chunk c WHERE c.vault_id = a.vault_id AND c.document_id = a.document_id) AS BIGINT) AS missing
FROM attachment a WHERE a.vault_id = $1 AND a.document_id = $2;

-- name: IncompleteAttachments :many
SELECT a.document_id FROM attachment a
WHERE a.vault_id = $1 AND EXISTS (SELECT 1 FROM document d WHERE d.vault_id = a.vault_id AND d.document_id = a.document_id)
AND a.chunks <> (SELECT count(*) FROM chunk c WHERE c.vault_id = a.vault_id AND c.document_id = a.document_id AND c.place BETWEEN 0 AND a.chunks - 1)
ORDER BY a.document_id;

-- name: GetRing :one
SELECT ring_id, destroyed FROM keyring;

-- name: PutRing :exec
INSERT INTO keyring (ring_id, destroyed) VALUES ($1, $2)
ON CONFLICT (ring_id) DO UPDATE SET destroyed = excluded.destroyed;

-- name: CountDestroyed :exec
UPDATE keyring SET destroyed = destroyed + 1;

-- name: SetWrap :exec
UPDATE wrap SET ciphertext = $1 WHERE vault_id = $2 AND kind = $3 AND credential_id = $4;

-- name: SetSigner :exec
UPDATE recovery SET signer = $1 WHERE vault_id = $2;

-- name: SetKeyNumber :exec
UPDATE vault SET key_number = $1 WHERE vault_id = $2;

-- name: PutNextWrap :exec
INSERT INTO next_wrap (vault_id, kind, credential_id, iv, ciphertext, ephemeral) VALUES ($1, $2, $3, $4, $5, $6);

-- name: ListNextWraps :many
SELECT kind, credential_id, iv, ciphertext, ephemeral FROM next_wrap WHERE vault_id = $1 ORDER BY kind, credential_id;

-- name: CountNextWraps :one
SELECT count(*) FROM next_wrap WHERE vault_id = $1;

-- name: DropNextPasskeyWrap :exec
DELETE FROM next_wrap WHERE vault_id = $1 AND kind = 'passkey' AND credential_id = $2;

-- name: DropWrapsThatEnd :exec
DELETE FROM wrap WHERE wrap.vault_id = $1 AND NOT EXISTS (
  SELECT 1 FROM next_wrap n WHERE n.vault_id = wrap.vault_id AND n.kind = wrap.kind AND n.credential_id = wrap.credential_id
);

-- name: DropWraps :exec
DELETE FROM wrap WHERE vault_id = $1;

-- name: TakeNextWraps :exec
INSERT INTO wrap (vault_id, kind, credential_id, iv, ciphertext, ephemeral)
SELECT n.vault_id, n.kind, n.credential_id, n.iv, n.ciphertext, n.ephemeral FROM next_wrap n WHERE n.vault_id = $1;

-- name: DropNextWraps :exec
DELETE FROM next_wrap WHERE vault_id = $1;

-- name: GetDocument :one
SELECT version, sealed, key_number FROM document WHERE vault_id = $1 AND document_id = $2;

-- name: RekeyDocument :exec
UPDATE document SET sealed = $1, key_number = $2 WHERE vault_id = $3 AND document_id = $4;

-- name: CountUnderOtherKeys :one
SELECT count(*) FROM document WHERE vault_id = $1 AND key_number <> $2;

-- name: DropPairing :exec
DELETE FROM pairing WHERE vault_id = $1;

-- name: OfferPairing :exec
INSERT INTO pairing (vault_id, code_hash, ticket_hash, step, commitment, from_key, from_nonce, to_key, to_nonce, iv, ciphertext, paired_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: GetPairing :one
SELECT vault_id, code_hash, ticket_hash, step, commitment, from_key, from_nonce, to_key, to_nonce, iv, ciphertext, paired_by, expires_at
FROM pairing WHERE vault_id = $1;

-- name: FindPairings :many
SELECT vault_id FROM pairing WHERE code_hash = $1 ORDER BY vault_id;

-- name: SetPairing :exec
UPDATE pairing SET code_hash = $1, ticket_hash = $2, step = $3, from_key = $4, from_nonce = $5, to_key = $6, to_nonce = $7, iv = $8, ciphertext = $9
WHERE vault_id = $10;

-- name: ExpirePairings :execrows
DELETE FROM pairing WHERE expires_at <= $1;
-- name: ForgetDestroyed :exec
UPDATE keyring SET destroyed = -1;

-- name: SignedIn :execrows
UPDATE vault SET warned_at = CASE WHEN warned_at > signed_in_until THEN warned_at ELSE 0 END, signed_in_until = $1
WHERE vault_id = $2 AND NOT ending;

-- name: ActivityAfter :many
SELECT vault_id, signed_in_until, warned_at, ending FROM vault WHERE vault_id > $1 ORDER BY vault_id LIMIT $2;

-- name: CountFrom :exec
UPDATE vault SET signed_in_until = $1 WHERE vault_id = $2 AND signed_in_until = 0;

-- name: Warn :execrows
UPDATE vault SET warned_at = $1
WHERE vault_id = $2 AND signed_in_until > 0 AND signed_in_until <= $3 AND warned_at <= signed_in_until;

-- name: Unwarn :exec
UPDATE vault SET warned_at = 0 WHERE vault_id = $1 AND NOT ending;

-- name: BeginEnding :execrows
UPDATE vault SET ending = TRUE
WHERE vault_id = $1 AND (ending OR warned_at <= $2 AND warned_at > signed_in_until AND signed_in_until > 0);

-- name: ForgetActivity :exec
UPDATE vault SET signed_in_until = 0, warned_at = 0, ending = FALSE;
