package anchor

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
)

// version is the first byte of every entry.
const version = 1

// signedPrefix precedes the chain id and the body in everything that an
// entry's key signs.
const signedPrefix = "coffer/v1 "

// Kind tells the three entries apart; it is their second byte.
type Kind byte

const (
	KindGrant    Kind = 1
	KindWithdraw Kind = 2
	KindPermit   Kind = 3
)

// The size of each kind in bytes.
const (
	GrantSize    = 171
	WithdrawSize = 102
	PermitSize   = 135
)

func (k Kind) String() string {
	switch k {
	case KindGrant:
		return "grant"
	case KindWithdraw:
		return "withdraw"
	case KindPermit:
		return "permit"
	}
	return fmt.Sprintf("kind %d", byte(k))
}

// size is the number of bytes of an entry of this kind, 0 if there is no such kind.
func (k Kind) size() int {
	switch k {
	case KindGrant:
		return GrantSize
	case KindWithdraw:
		return WithdrawSize
	case KindPermit:
		return PermitSize
	}
	return 0
}

// Entry is one of Grant, Withdraw and Permit.
type Entry interface {
	Kind() Kind
	Handle() Handle // names the grant that the entry is about
	Bytes() []byte  // as stored, sent and hashed; ParseEntry reads them back
	Leaf() Leaf

	signature() [64]byte
}

// Grant puts a grant on the ledger: from Start (inclusive) until End
// (exclusive) whoever holds the handle key may post permits. The commitment
// binds the receipt.
type Grant struct {
	Scheme     byte // SchemePedersen or SchemeHMAC
	Start, End Epoch
	HandleKey  Handle
	WalletKey  WalletKey
	Commitment Commitment
	Signature  [64]byte // by the wallet key
}

// Withdraw ends a grant. It may be signed ahead, with the grant's start as its
// epoch.
type Withdraw struct {
	Epoch     Epoch
	HandleKey Handle
	Signature [64]byte // by the grant's wallet key
}

// Permit says that under a live grant one message was sent, or that data may be
// collected within the hour; the two look the same.
type Permit struct {
	Scheme     byte
	Epoch      Epoch
	HandleKey  Handle
	Commitment Commitment
	Signature  [64]byte // by the handle key
}

func (Grant) Kind() Kind    { return KindGrant }
func (Withdraw) Kind() Kind { return KindWithdraw }
func (Permit) Kind() Kind   { return KindPermit }

func (g Grant) Handle() Handle    { return g.HandleKey }
func (w Withdraw) Handle() Handle { return w.HandleKey }
func (p Permit) Handle() Handle   { return p.HandleKey }

func (g Grant) signature() [64]byte    { return g.Signature }
func (w Withdraw) signature() [64]byte { return w.Signature }
func (p Permit) signature() [64]byte   { return p.Signature }

func (g Grant) Leaf() Leaf    { return HashLeaf(g.Bytes()) }
func (w Withdraw) Leaf() Leaf { return HashLeaf(w.Bytes()) }
func (p Permit) Leaf() Leaf   { return HashLeaf(p.Bytes()) }

func (g Grant) Bytes() []byte {
	b := make([]byte, 0, GrantSize)
	b = append(b, version, byte(KindGrant), g.Scheme)
	b = binary.BigEndian.AppendUint32(b, uint32(g.Start))
	b = binary.BigEndian.AppendUint32(b, uint32(g.End))
	b = append(b, g.HandleKey[:]...)
	b = append(b, g.WalletKey[:]...)
	b = append(b, g.Commitment[:]...)
	return append(b, g.Signature[:]...)
}

func (w Withdraw) Bytes() []byte {
	b := make([]byte, 0, WithdrawSize)
	b = append(b, version, byte(KindWithdraw))
	b = binary.BigEndian.AppendUint32(b, uint32(w.Epoch))
	b = append(b, w.HandleKey[:]...)
	return append(b, w.Signature[:]...)
}

func (p Permit) Bytes() []byte {
	b := make([]byte, 0, PermitSize)
	b = append(b, version, byte(KindPermit), p.Scheme)
	b = binary.BigEndian.AppendUint32(b, uint32(p.Epoch))
	b = append(b, p.HandleKey[:]...)
	b = append(b, p.Commitment[:]...)
	return append(b, p.Signature[:]...)
}

// Sign sets the wallet key and the signature, both from the wallet's secret.
func (g Grant) Sign(chain Chain, wallet ed25519.PrivateKey) Grant {
	g.WalletKey = WalletKey(wallet.Public().(ed25519.PublicKey))
	g.Signature = [64]byte(ed25519.Sign(wallet, SignedBytes(chain, g)))
	return g
}

// Sign signs with the wallet key that signed the grant.
func (w Withdraw) Sign(chain Chain, wallet ed25519.PrivateKey) Withdraw {
	w.Signature = [64]byte(ed25519.Sign(wallet, SignedBytes(chain, w)))
	return w
}

// Sign sets the handle and the signature, both from the handle's secret.
func (p Permit) Sign(chain Chain, handle ed25519.PrivateKey) Permit {
	p.HandleKey = Handle(handle.Public().(ed25519.PublicKey))
	p.Signature = [64]byte(ed25519.Sign(handle, SignedBytes(chain, p)))
	return p
}

// SignedBytes is what an entry's signature covers: "coffer/v1 ", the chain id,
// and the entry without its signature.
func SignedBytes(chain Chain, e Entry) []byte {
	entry := e.Bytes()
	b := make([]byte, 0, len(signedPrefix)+len(chain)+len(entry))
	b = append(b, signedPrefix...)
	b = append(b, chain...)
	return append(b, entry[:len(entry)-ed25519.SignatureSize]...)
}

// Signer is the key that must have signed the entry. A withdrawal does not name
// its key: it is the wallet key of the grant, which the caller knows and which
// is ignored for the other kinds.
func Signer(e Entry, wallet WalletKey) [32]byte {
	switch e := e.(type) {
	case Grant:
		return e.WalletKey
	case Permit:
		return e.HandleKey
	}
	return wallet
}

// Verify checks an entry's signature on a chain. A withdrawal is checked
// against wallet, the grant's wallet key; the other kinds carry their key and
// ignore it. It says nothing about the rule.
func Verify(chain Chain, e Entry, wallet WalletKey) error {
	key, sig := Signer(e, wallet), e.signature()
	if !ed25519.Verify(key[:], SignedBytes(chain, e), sig[:]) {
		return &Refusal{Entry: e.Leaf(), Reason: ReasonSignature}
	}
	return nil
}

// FormatError says why bytes are no entry, batch or proof.
type FormatError struct {
	Field  string // closed set per format, see FORMAT.md
	Detail string
}

func (e *FormatError) Error() string { return e.Field + ": " + e.Detail }

func malformed(field, format string, args ...any) error {
	return &FormatError{Field: field, Detail: fmt.Sprintf(format, args...)}
}

// ParseEntry reads one entry. Every accepted input is the Bytes of the result.
// An error is a *FormatError whose Field is size, version, kind or scheme.
func ParseEntry(b []byte) (Entry, error) {
	e, rest, err := cutEntry(b)
	if err != nil {
		return nil, fmt.Errorf("parsing entry: %w", err)
	}
	if len(rest) != 0 {
		return nil, fmt.Errorf("parsing entry: %w", malformed("size", "%d bytes, a %s has %d", len(b), e.Kind(), e.Kind().size()))
	}
	return e, nil
}

// CutEntry is ParseEntry for the entry that b begins with; rest is what follows it.
func CutEntry(b []byte) (e Entry, rest []byte, err error) {
	if e, rest, err = cutEntry(b); err != nil {
		err = fmt.Errorf("parsing entry: %w", err)
	}
	return e, rest, err
}

// cutEntry reads the entry that b begins with.
func cutEntry(b []byte) (Entry, []byte, error) {
	if len(b) < 2 {
		return nil, nil, malformed("size", "%d bytes, want at least 2", len(b))
	}
	if b[0] != version {
		return nil, nil, malformed("version", "%d, this program knows %d", b[0], version)
	}
	kind := Kind(b[1])
	size := kind.size()
	if size == 0 {
		return nil, nil, malformed("kind", "%d, want 1 (grant), 2 (withdraw) or 3 (permit)", b[1])
	}
	if len(b) < size {
		return nil, nil, malformed("size", "%d bytes, a %s has %d", len(b), kind, size)
	}
	r := reader(b[2:size])
	var e Entry
	switch kind {
	case KindGrant:
		e = Grant{Scheme: r.byte(), Start: r.epoch(), End: r.epoch(), HandleKey: r.key(), WalletKey: r.key(), Commitment: r.key(), Signature: r.signature()}
	case KindWithdraw:
		e = Withdraw{Epoch: r.epoch(), HandleKey: r.key(), Signature: r.signature()}
	case KindPermit:
		e = Permit{Scheme: r.byte(), Epoch: r.epoch(), HandleKey: r.key(), Commitment: r.key(), Signature: r.signature()}
	}
	if kind != KindWithdraw && b[2] != SchemePedersen && b[2] != SchemeHMAC {
		return nil, nil, malformed("scheme", "%d, want %d or %d", b[2], SchemePedersen, SchemeHMAC)
	}
	return e, b[size:], nil
}

// reader consumes fixed fields; the length was checked before.
type reader []byte

func (r *reader) take(n int) []byte {
	b := (*r)[:n]
	*r = (*r)[n:]
	return b
}

func (r *reader) byte() byte          { return r.take(1)[0] }
func (r *reader) epoch() Epoch        { return Epoch(binary.BigEndian.Uint32(r.take(4))) }
func (r *reader) key() [32]byte       { return [32]byte(r.take(32)) }
func (r *reader) signature() [64]byte { return [64]byte(r.take(64)) }
