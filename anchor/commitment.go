package anchor

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// How a commitment is made.
const (
	// SchemePedersen is m·G + r·H on ristretto255, the default: without r it is
	// a uniformly random point, even for someone who kept the document.
	SchemePedersen = 1
	// SchemeHMAC is HMAC-SHA-256 under a random key.
	SchemeHMAC = 2
)

const (
	commitmentLabel = "coffer/v1 commitment\x00"
	generatorLabel  = "coffer/v1 pedersen generator H"
)

// ErrOpening is the one answer to an opening that does not fit, whatever the
// reason.
var ErrOpening = errors.New("the opening does not fit the commitment and the document")

// Opening is what opens a commitment to a document. It is stored apart from
// both, and deleting it is what erases. Its JSON form is
// {"scheme":1,"r":"…32 bytes, base64url…"}.
type Opening struct {
	Scheme byte
	R      []byte // 32 bytes: a canonical scalar (scheme 1) or a key (scheme 2)
}

// Commit makes a scheme 1 commitment to the document with 64 bytes of rand.
func Commit(rand io.Reader, document []byte) (Commitment, Opening, error) {
	var wide [64]byte
	if _, err := io.ReadFull(rand, wide[:]); err != nil {
		return Commitment{}, Opening{}, fmt.Errorf("drawing an opening: %w", err)
	}
	r := wideScalar(wide)
	if r.Equal(scalar.New()) == 1 {
		return Commitment{}, Opening{}, errors.New("drawing an opening: the random source gave zeros")
	}
	o := Opening{Scheme: SchemePedersen, R: make([]byte, scalar.ScalarSize)}
	r.ToBytes(o.R) // fails only at another length
	c, err := o.Commitment(document)
	return c, o, err
}

// CommitHMAC makes a scheme 2 commitment to the document with 32 bytes of rand.
func CommitHMAC(rand io.Reader, document []byte) (Commitment, Opening, error) {
	o := Opening{Scheme: SchemeHMAC, R: make([]byte, 32)}
	if _, err := io.ReadFull(rand, o.R); err != nil {
		return Commitment{}, Opening{}, fmt.Errorf("drawing an opening: %w", err)
	}
	c, err := o.Commitment(document)
	return c, o, err
}

// Commitment is the one that this opening opens to the document. ErrOpening if
// the opening is malformed.
func (o Opening) Commitment(document []byte) (Commitment, error) {
	if len(o.R) != 32 {
		return Commitment{}, ErrOpening
	}
	switch o.Scheme {
	case SchemePedersen:
		r, err := scalar.New().SetCanonicalBytes(o.R)
		if err != nil {
			return Commitment{}, ErrOpening
		}
		// Both products take constant time: m stands for the document, and timing must
		// not tell it. A table for each generator makes them fast all the same.
		c := curve.NewRistrettoPoint().MulBasepoint(curve.RISTRETTO_BASEPOINT_TABLE, scalarOf(document))
		c.Add(c, curve.NewRistrettoPoint().MulBasepoint(generatorH(), r))
		return Commitment(*curve.NewCompressedRistretto().SetRistrettoPoint(c)), nil
	case SchemeHMAC:
		h := hmac.New(sha256.New, o.R)
		h.Write([]byte(commitmentLabel))
		h.Write(document)
		return Commitment(h.Sum(nil)), nil
	}
	return Commitment{}, ErrOpening
}

// Verify reports with nil that the commitment binds exactly this document, and
// with ErrOpening that it does not, or that the opening is malformed.
func (o Opening) Verify(c Commitment, document []byte) error {
	got, err := o.Commitment(document)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(got[:], c[:]) != 1 {
		return ErrOpening
	}
	return nil
}

// scalarOf is what stands for a document: a wide hash, reduced.
func scalarOf(document []byte) *scalar.Scalar {
	h := sha512.New()
	h.Write([]byte(commitmentLabel))
	h.Write(document)
	return wideScalar([64]byte(h.Sum(nil)))
}

func wideScalar(wide [64]byte) *scalar.Scalar {
	s, _ := scalar.New().SetBytesModOrderWide(wide[:]) // fails only at another length
	return s
}

// generatorH is the second generator, with its multiples; nobody knows its logarithm
// to base G.
var generatorH = sync.OnceValue(func() *curve.RistrettoBasepointTable {
	wide := sha512.Sum512([]byte(generatorLabel))
	h, _ := curve.NewRistrettoPoint().SetUniformBytes(wide[:]) // fails only at another length
	return curve.NewRistrettoBasepointTable(h)
})

// String tells the scheme only: r must not reach a log.
func (o Opening) String() string { return fmt.Sprintf("opening(scheme %d)", o.Scheme) }

// GoString is String, so that %#v tells no more.
func (o Opening) GoString() string { return o.String() }

// LogValue is String.
func (o Opening) LogValue() slog.Value { return slog.StringValue(o.String()) }

type openingJSON struct {
	Scheme byte   `json:"scheme"`
	R      string `json:"r"`
}

// MarshalJSON writes r as base64url.
func (o Opening) MarshalJSON() ([]byte, error) {
	return json.Marshal(openingJSON{o.Scheme, b64.EncodeToString(o.R)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (o *Opening) UnmarshalJSON(b []byte) error {
	var j openingJSON
	if err := decodeStrict(b, &j, "scheme", "r"); err != nil {
		return fmt.Errorf("parsing opening: %w", err)
	}
	r, err := b64.DecodeString(j.R)
	if err != nil || len(r) != 32 {
		return errors.New("parsing opening: r is not 32 bytes of base64url")
	}
	*o = Opening{j.Scheme, r}
	return nil
}
