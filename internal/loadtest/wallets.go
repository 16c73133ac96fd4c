package main

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/vault/seal"
)

// wallets are how many vaults have somebody signed in.
const wallets = 256

// signedIn is a wallet with a session: what it sends, and what versions it has sent.
type signedIn struct {
	cookie    string
	documents [2]sealedForm // an attribute and the manifest: what every saving changes
}

// sealedForm is a sealed document whose version can be written anew. Its ciphertext
// stays, which only its wallet would notice.
type sealedForm struct {
	id      id.Document
	version int64
	tail    []byte // all that follows the protected header
}

func newForm(d id.Document, k seal.VaultKey, content string) (f sealedForm, err error) {
	s, err := seal.SealDocument(crand.Reader, k, d, 1, []byte(content))
	if err != nil {
		return f, err
	}
	_, tail, ok := bytes.Cut(s, []byte(`","recipients"`))
	if !ok {
		return f, fmt.Errorf("a sealed document does not begin with its header")
	}
	return sealedForm{id: d, tail: append([]byte(`","recipients"`), tail...)}, nil
}

// next appends the document's next version, as POST /documents takes it.
func (f *sealedForm) next(b []byte) []byte {
	f.version++
	b = append(append(append(b, `{"id":"`...), f.id.String()...), `","version":`...)
	b = append(strconv.AppendInt(b, f.version, 10), `,"sealed":{"protected":"`...)
	header := fmt.Sprintf(`{"enc":"A256GCM","typ":"coffer-doc+json","doc":"%s","ver":%d}`, f.id, f.version)
	b = base64.RawURLEncoding.AppendEncode(b, []byte(header))
	return append(append(b, f.tail...), '}')
}

// signIn gives a planted vault a session.
func signIn(ctx context.Context, db *sqldb.DB, v id.Vault) (w *signedIn, err error) {
	var token [32]byte
	crand.Read(token[:])
	hash := sha256.Sum256(token[:])
	err = db.Write(ctx, func(tx sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO session (vault_id, token_hash, credential_id, expires_at) VALUES ($1, $2, $3, $4)`,
			v[:], hash[:], token[:16], time.Now().Add(time.Hour).Unix())
		return err
	})
	if err != nil {
		return nil, err
	}
	k, err := seal.NewKey[seal.VaultKey](crand.Reader)
	if err != nil {
		return nil, err
	}
	w = &signedIn{cookie: "coffer_session=" + b64(append(v[:], token[:]...))}
	for i, d := range []id.Document{id.New[id.Document](), seal.ManifestID(v)} {
		if w.documents[i], err = newForm(d, k, `{"x":"`+strings.Repeat("x", 700)+`"}`); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// save appends a request that changes an attribute, and the manifest with it.
func (w *signedIn) save(b []byte, address string) []byte {
	body := append(w.documents[0].next([]byte(`{"puts":[`)), ',')
	body = append(w.documents[1].next(body), `]}`...)
	b = append(append(append(b, "POST /wallet/v1/documents HTTP/1.1\r\nHost: "...), address...), "\r\nOrigin: http://"...)
	b = append(append(append(b, address...), "\r\nContent-Type: application/json\r\nCookie: "...), w.cookie...)
	b = append(strconv.AppendInt(append(b, "\r\nContent-Length: "...), int64(len(body)), 10), "\r\n\r\n"...)
	return append(b, body...)
}

// open appends a request for all documents of the vault, as unlocking makes it.
func (w *signedIn) open(b []byte, address string) []byte {
	b = append(append(append(b, "GET /wallet/v1/documents HTTP/1.1\r\nHost: "...), address...), "\r\nCookie: "...)
	return append(append(b, w.cookie...), "\r\n\r\n"...)
}

// measureSaving lets each client save in vaults of its own, one after the other: what
// is counted is durable and was compared with the version before.
func measureSaving(ctx context.Context, s settings, address string, p planted) (measured, error) {
	return drive(ctx, s, address, func(client int) func([]byte) []byte {
		mine := p.signedIn[client*len(p.signedIn)/s.clients : (client+1)*len(p.signedIn)/s.clients]
		turn := 0
		return func(b []byte) []byte {
			turn++
			return mine[turn%len(mine)].save(b, address)
		}
	})
}

// measureOpening reads whole vaults.
func measureOpening(ctx context.Context, s settings, address string, p planted) (measured, error) {
	return drive(ctx, s, address, func(client int) func([]byte) []byte {
		draw := rand.New(rand.NewPCG(uint64(client), 3))
		return func(b []byte) []byte { return p.signedIn[draw.IntN(len(p.signedIn))].open(b, address) }
	})
}
