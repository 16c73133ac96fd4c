package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/seal"
	"coffer/vault/vaultdb"
)

const purpose = "https://w3id.org/dpv#DeliveryOfGoods"

// attributes are shared under every grant. Sealed, each is about a kilobyte.
var attributes = []string{"name", "postal-address"}

// planted is a data folder with vaults that gave one business something.
type planted struct {
	business agent.Signer
	grants   []id.Grant
}

// one is a vault of one shopper with one grant.
type one struct {
	vault     id.Vault
	grant     id.Grant
	documents []vault.Document
	keys      [][]byte
}

// newVault makes the vault of a place. Ids ascend with places, evenly over all there
// are, so that planting appends to most indexes instead of searching in them; collecting
// searches all the same, because grants are drawn.
func newVault(place, of int) (o one, err error) {
	o = one{vault: id.New[id.Vault](), grant: id.New[id.Grant]()}
	binary.BigEndian.PutUint64(o.vault[:], math.MaxUint64/uint64(of)*uint64(place))
	vaultKey, err := seal.NewKey[seal.VaultKey](rand.Reader)
	if err != nil {
		return o, err
	}
	grantKey, err := seal.NewKey[seal.GrantKey](rand.Reader)
	if err != nil {
		return o, err
	}
	for _, name := range attributes {
		text, err := json.Marshal(map[string]any{"v": 1, "kind": "attribute", "name": name, "value": strings.Repeat("x", 400), "updated": time.Now().Unix()})
		if err != nil {
			return o, err
		}
		d := vault.Document{ID: id.New[id.Document](), Version: 1}
		if d.Sealed, err = seal.SealDocument(rand.Reader, vaultKey, d.ID, d.Version, text); err != nil {
			return o, err
		}
		cek, err := seal.DocumentKey(vaultKey, d.Sealed)
		if err != nil {
			return o, err
		}
		o.documents, o.keys = append(o.documents, d), append(o.keys, seal.Share(grantKey, cek))
	}
	return o, nil
}

// plant writes n vaults as giving and permitting leave them, for this hour and the
// next.
func plant(ctx context.Context, folder string, n int, progress io.Writer) (p planted, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return p, err
	}
	if p.business, err = agent.NewSigner(key); err != nil {
		return p, err
	}
	db, err := sqldb.Open(ctx, sqldb.Options{Path: filepath.Join(folder, "coffer.db"), Schemas: []sqldb.Schema{vaultdb.Schema, consentdb.Schema}})
	if err != nil {
		return p, err
	}
	defer db.Close()
	now := time.Now()
	err = db.Write(ctx, func(tx sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO business (did, name, contact, url, purposes, state, card, issued, registered) VALUES ($1, 'Load Shop', 'load@shop.example', 'https://shop.example', $2, 'active', '', $3, $3)`,
			p.business.DID, `["`+purpose+`"]`, now.Unix())
		if err == nil {
			_, err = tx.ExecContext(ctx, `INSERT INTO change_count (business, latest) VALUES ($1, $2)`, p.business.DID, n)
		}
		return err
	})
	if err != nil {
		return p, err
	}

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	made := make(chan one, 256)
	var left sync.WaitGroup
	next := make(chan int)
	go func() {
		defer close(next)
		for place := range n {
			select {
			case next <- place:
			case <-ctx.Done():
				return
			}
		}
	}()
	for range runtime.NumCPU() {
		left.Go(func() {
			for place := range next {
				o, err := newVault(place, n)
				if err != nil {
					cancel(err)
					return
				}
				made <- o
			}
		})
	}
	go func() { left.Wait(); close(made) }()

	const batch = 500
	for more := true; more; {
		err := db.Write(ctx, func(tx sqldb.Tx) error {
			for range batch {
				o, ok := <-made
				if !ok {
					more = false
					return nil
				}
				p.grants = append(p.grants, o.grant)
				if err := put(ctx, tx, p.business.DID, o, len(p.grants), now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return p, err
		}
		if len(p.grants)%100_000 == 0 && more {
			fmt.Fprintf(progress, "  %d\n", len(p.grants))
		}
	}
	if err := context.Cause(ctx); err != nil {
		return p, err
	}
	return p, db.Checkpoint(ctx)
}

// put writes one vault. Papers are stand-ins: collecting does not read them.
func put(ctx context.Context, tx sqldb.Tx, by consent.DID, o one, place int, now time.Time) error {
	var err error
	insert := func(query string, args ...any) {
		if err == nil {
			_, err = tx.ExecContext(ctx, query, args...)
		}
	}
	epoch := int64(anchor.EpochAt(now))
	bytes := func(n int) []byte {
		b := make([]byte, n)
		rand.Read(b)
		return b
	}
	list, _ := json.Marshal(attributes)
	insert(`INSERT INTO vault (vault_id, salt, state, created_at) VALUES ($1, $2, 'open', $3)`, o.vault, bytes(32), now.Unix())
	insert(`INSERT INTO grant_record (vault_id, grant_id, request_id, business, purpose, purpose_id, attributes, channels,
		weekly_cap, minor, start_epoch, end_epoch, state, given, withdrawn, handle, anchored, withdraw_anchored)
		VALUES ($1, $2, $3, $4, $5, 'delivery', $6, '[]', 0, FALSE, $7, $8, 'live', $9, 0, $10, TRUE, FALSE)`,
		o.vault, o.grant, id.New[id.Request](), by, purpose, string(list), epoch, epoch+31*24, now.Unix(), bytes(32))
	insert(`INSERT INTO grant_paper (vault_id, grant_id, entry, receipt, letter, withdraw_ahead, withdraw_entry, withdrawal_receipt)
		VALUES ($1, $2, $3, $4, $5, $6, '', '')`, o.vault, o.grant, bytes(171), strings.Repeat("r", 2000), strings.Repeat("l", 2000), bytes(102))
	for e := range int64(2) {
		insert(`INSERT INTO permit (vault_id, grant_id, kind, epoch, leaf, entry, taken, anchored) VALUES ($1, $2, 'collect', $3, $4, $5, $6, TRUE)`,
			o.vault, o.grant, epoch+e, bytes(32), bytes(135), now.Unix())
	}
	insert(`INSERT INTO change (vault_id, grant_id, business, since, latest, later) VALUES ($1, $2, $3, $4, $4, '{}')`, o.vault, o.grant, by, place)
	for i, d := range o.documents {
		insert(`INSERT INTO document (vault_id, document_id, version, sealed) VALUES ($1, $2, $3, $4)`, o.vault, d.ID, d.Version, []byte(d.Sealed))
		insert(`INSERT INTO share (vault_id, grant_id, document_id, version, attribute, encrypted_key) VALUES ($1, $2, $3, $4, $5, $6)`,
			o.vault, o.grant, d.ID, d.Version, attributes[i], o.keys[i])
	}
	return err
}
