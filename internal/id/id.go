// Package id names the things that Coffer keeps. Every kind of thing has its own
// type, so that a grant cannot be passed where a vault is meant; all of them are
// 16 random bytes, written as 22 characters of base64url (RFC 4648, no padding).
//
// # Trust
//
// Nothing depends on an id being secret. Ids of a vault and of its documents must
// disappear with the vault, logs included: an ID therefore never writes itself to
// a log. What it logs as is a short digest that is keyed afresh in every process,
// good for following one thing through one run and for nothing else.
package id

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
)

// ID is 16 random bytes naming one thing of the kind K.
type ID[K any] [16]byte

type (
	vault    struct{}
	document struct{}
	grant    struct{}
	request  struct{}
	message  struct{}
	receipt  struct{}
	rights   struct{}
	approval struct{}
	deposit  struct{}
)

type (
	Vault    = ID[vault]
	Document = ID[document]
	Grant    = ID[grant]
	Request  = ID[request]
	Message  = ID[message]
	Receipt  = ID[receipt]
	Rights   = ID[rights]
	Approval = ID[approval]
	Deposit  = ID[deposit]
)

// ErrMalformed is what parsing anything but 22 characters of base64url returns.
var ErrMalformed = errors.New("id: want 22 characters of base64url")

// New returns a fresh random id, as in id.New[id.Grant]().
func New[I ~[16]byte]() I {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return I(b)
}

// Parse reads the text form, as in id.Parse[id.Grant](s). Only the canonical
// spelling is accepted, so that one id has one text.
func Parse[I ~[16]byte](s string) (I, error) {
	var b [16]byte
	if len(s) != 22 {
		return I{}, ErrMalformed
	}
	if n, err := base64.RawURLEncoding.Strict().Decode(b[:], []byte(s)); err != nil || n != 16 {
		return I{}, ErrMalformed
	}
	return I(b), nil
}

func (i ID[K]) String() string { return base64.RawURLEncoding.EncodeToString(i[:]) }

// IsZero reports whether the id was never set.
func (i ID[K]) IsZero() bool { return i == ID[K]{} }

func (i ID[K]) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

func (i *ID[K]) UnmarshalText(text []byte) error {
	p, err := Parse[ID[K]](string(text))
	if err == nil {
		*i = p
	}
	return err
}

// Value stores the id as its 16 bytes.
func (i ID[K]) Value() (driver.Value, error) { return i[:], nil }

// Scan reads the 16 bytes that Value stored.
func (i *ID[K]) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok || len(b) != len(i) {
		return fmt.Errorf("id: want 16 bytes from the store, have %T of %d", src, len(b))
	}
	copy(i[:], b)
	return nil
}

var logKey = func() (k [32]byte) { rand.Read(k[:]); return }()

// LogValue hides the id behind a digest that means nothing outside this process.
func (i ID[K]) LogValue() slog.Value {
	m := hmac.New(sha256.New, logKey[:])
	m.Write(i[:])
	return slog.StringValue("#" + hex.EncodeToString(m.Sum(nil)[:4]))
}
