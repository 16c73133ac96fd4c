package anchor

import (
	"io"

	"github.com/oasisprotocol/curve25519-voi/curve"
	"github.com/oasisprotocol/curve25519-voi/curve/scalar"
)

// Openings are openings that are verified together, at half of what they cost one by
// one: the sum of all that they claim, each times a random weight, vanishes only if each
// claim is true. It takes time that depends on the documents, so it is for who audits
// and not for who keeps a secret.
type Openings struct {
	wrong       bool
	m, r        []*scalar.Scalar
	commitments []*curve.RistrettoPoint
}

// Add takes the claim that o opens c to the document.
func (s *Openings) Add(o Opening, c Commitment, document []byte) {
	if o.Scheme != SchemePedersen || len(o.R) != scalar.ScalarSize {
		s.wrong = s.wrong || o.Verify(c, document) != nil
		return
	}
	r, err := scalar.New().SetCanonicalBytes(o.R)
	if err != nil {
		s.wrong = true
		return
	}
	text := curve.CompressedRistretto(c)
	point, err := curve.NewRistrettoPoint().SetCompressed(&text)
	if err != nil {
		s.wrong = true
		return
	}
	s.m, s.r, s.commitments = append(s.m, scalarOf(document)), append(s.r, r), append(s.commitments, point)
}

// Hold reports whether all claims are true, with 16 bytes of rand for each: a false one
// passes with a chance of 2⁻¹²⁸. Which one is false, Opening.Verify tells.
func (s *Openings) Hold(rand io.Reader) bool {
	if s.wrong || len(s.commitments) == 0 {
		return !s.wrong
	}
	weights := make([]*scalar.Scalar, len(s.commitments))
	m, r, product := scalar.New(), scalar.New(), scalar.New()
	for i := range weights {
		var w [scalar.ScalarSize]byte
		if _, err := io.ReadFull(rand, w[:16]); err != nil {
			return false
		}
		weights[i], _ = scalar.New().SetCanonicalBytes(w[:]) // far below the order
		m.Add(m, product.Mul(weights[i], s.m[i]))
		r.Add(r, product.Mul(weights[i], s.r[i]))
	}
	claimed := curve.NewRistrettoPoint().MultiscalarMulVartime(weights, s.commitments)
	opened := curve.NewRistrettoPoint().MulBasepoint(curve.RISTRETTO_BASEPOINT_TABLE, m)
	opened.Add(opened, curve.NewRistrettoPoint().MulBasepoint(generatorH(), r))
	return claimed.Equal(opened) == 1
}
