package anchortest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"

	"coffer/anchor"
)

// Key is the Ed25519 key of that name, the same every time.
func Key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("anchortest key " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// Relation is a shopper and a business with one grant between them, and the
// keys of both.
type Relation struct {
	Chain  anchor.Chain
	Wallet ed25519.PrivateKey
	Secret ed25519.PrivateKey // of the handle key, which the business holds
}

// NewRelation derives the keys from a name.
func NewRelation(chain anchor.Chain, name string) Relation {
	return Relation{chain, Key("wallet of " + name), Key("handle of " + name)}
}

// Handle names the grant.
func (r Relation) Handle() anchor.Handle {
	return anchor.Handle(r.Secret.Public().(ed25519.PublicKey))
}

// Grant is given from an epoch for 1, 7, 31, 90 or 365 days.
func (r Relation) Grant(start anchor.Epoch, days int) anchor.Grant {
	return anchor.Grant{
		Scheme: anchor.SchemePedersen, Start: start, End: start + anchor.Epoch(days*24),
		HandleKey: r.Handle(), Commitment: commitment("receipt", r.Handle(), 0),
	}.Sign(r.Chain, r.Wallet)
}

// Permit is the nth of an epoch.
func (r Relation) Permit(epoch anchor.Epoch, n int) anchor.Permit {
	return anchor.Permit{
		Scheme: anchor.SchemePedersen, Epoch: epoch, Commitment: commitment("message", r.Handle(), n),
	}.Sign(r.Chain, r.Secret)
}

// Withdraw ends the grant.
func (r Relation) Withdraw(epoch anchor.Epoch) anchor.Withdraw {
	return anchor.Withdraw{Epoch: epoch, HandleKey: r.Handle()}.Sign(r.Chain, r.Wallet)
}

// commitment commits to a made-up document with a made-up opening.
func commitment(what string, h anchor.Handle, n int) anchor.Commitment {
	document := fmt.Appendf(nil, "%s %d under %s", what, n, h)
	seed := sha256.Sum256(document)
	c, _, err := anchor.CommitHMAC(bytes.NewReader(seed[:]), document)
	if err != nil {
		panic(err) // 32 bytes are there
	}
	return c
}
