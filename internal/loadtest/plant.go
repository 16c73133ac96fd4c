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
	signedIn []*signedIn // wallets with a session, of the first vaults
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
func plant(ctx context.Context, folder, database string, n int, progress io.Writer) (p planted, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return p, err
	}
	if p.business, err = agent.NewSigner(key); err != nil {
		return p, err
	}
	db, err := sqldb.Open(ctx, sqldb.Options{Path: filepath.Join(folder, "coffer.db"), URL: database, Schemas: []sqldb.Schema{vaultdb.Schema, consentdb.Schema}, CacheMiB: 512})
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

	var vaults []id.Vault
	const batch = 1024
	for more := true; more; {
		all := rows{}
		for range batch {
			o, ok := <-made
			if !ok {
				more = false
				break
			}
			p.grants = append(p.grants, o.grant)
			if len(vaults) < wallets {
				vaults = append(vaults, o.vault)
			}
			all.vault(p.business.DID, o, len(p.grants), now)
		}
		err := db.Write(ctx, func(tx sqldb.Tx) error { return all.put(ctx, tx) })
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
	for _, v := range vaults {
		w, err := signIn(ctx, db, v)
		if err != nil {
			return p, err
		}
		p.signedIn = append(p.signedIn, w)
	}
	if database != "" { // what its autovacuum does within minutes
		return p, db.Vacuum(ctx)
	}
	return p, db.Checkpoint(ctx)
}

// rows gathers what is inserted into each table.
type rows map[*sqldb.Batch][]any

var (
	intoVault  = sqldb.NewBatch(`INSERT INTO vault (vault_id, salt, state, created_at) VALUES `, `(?, ?, 'open', ?)`, `, `, ``)
	intoRecord = sqldb.NewBatch(`INSERT INTO grant_record (vault_id, grant_id, request_id, business, purpose, purpose_id, attributes, channels,
		weekly_cap, minor, start_epoch, end_epoch, state, given, withdrawn, handle, anchored, withdraw_anchored) VALUES `,
		`(?, ?, ?, ?, ?, 'delivery', ?, '[]', 0, FALSE, ?, ?, 'live', ?, 0, ?, TRUE, FALSE)`, `, `, ``)
	intoPaper = sqldb.NewBatch(`INSERT INTO grant_paper (vault_id, grant_id, entry, receipt, letter, withdraw_ahead, withdraw_entry, withdrawal_receipt) VALUES `,
		`(?, ?, ?, ?, ?, ?, '', '')`, `, `, ``)
	intoPermit   = sqldb.NewBatch(`INSERT INTO permit (vault_id, grant_id, kind, epoch, leaf, entry, taken, anchored) VALUES `, `(?, ?, 'collect', ?, ?, ?, ?, TRUE)`, `, `, ``)
	intoChange   = sqldb.NewBatch(`INSERT INTO change (vault_id, grant_id, business, since, latest, later) VALUES `, `(?, ?, ?, ?, ?, '{}')`, `, `, ``)
	intoDocument = sqldb.NewBatch(`INSERT INTO document (vault_id, document_id, version, sealed) VALUES `, `(?, ?, ?, ?)`, `, `, ``)
	intoShare    = sqldb.NewBatch(`INSERT INTO share (vault_id, grant_id, document_id, version, attribute, encrypted_key) VALUES `, `(?, ?, ?, ?, ?, ?)`, `, `, ``)

	// tables in the order in which their rows refer to each other.
	tables = []*sqldb.Batch{intoVault, intoRecord, intoPaper, intoPermit, intoChange, intoDocument, intoShare}
)

func (r rows) add(to *sqldb.Batch, values ...any) { r[to] = append(r[to], values...) }

func (r rows) put(ctx context.Context, tx sqldb.Tx) error {
	for _, t := range tables {
		err := t.Exact(r[t], func(text string, args []any) error {
			_, err := tx.ExecContext(ctx, text, args...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// vault adds one vault. Papers are stand-ins: collecting does not read them.
func (r rows) vault(by consent.DID, o one, place int, now time.Time) {
	epoch := int64(anchor.EpochAt(now))
	bytes := func(n int) []byte {
		b := make([]byte, n)
		rand.Read(b)
		return b
	}
	list, _ := json.Marshal(attributes)
	request := id.New[id.Request]()
	r.add(intoVault, o.vault[:], bytes(32), now.Unix())
	r.add(intoRecord, o.vault[:], o.grant[:], request[:], by, purpose, string(list), epoch, epoch+31*24, now.Unix(), bytes(32))
	r.add(intoPaper, o.vault[:], o.grant[:], bytes(171), strings.Repeat("r", 2000), strings.Repeat("l", 2000), bytes(102))
	for e := range int64(2) {
		r.add(intoPermit, o.vault[:], o.grant[:], epoch+e, bytes(32), bytes(135), now.Unix())
	}
	r.add(intoChange, o.vault[:], o.grant[:], by, place, place)
	for i, d := range o.documents {
		r.add(intoDocument, o.vault[:], d.ID[:], d.Version, []byte(d.Sealed))
		r.add(intoShare, o.vault[:], o.grant[:], d.ID[:], d.Version, attributes[i], o.keys[i])
	}
}
