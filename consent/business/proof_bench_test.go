package business

import (
	"testing"
	"time"
)

// BenchmarkProof is what a request costs more at the business than with a bearer token.
func BenchmarkProof(b *testing.B) {
	k, err := newKeys()
	if err != nil {
		b.Fatal(err)
	}
	p, err := newProver(k.signing)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.proof("POST", "https://operator.example/business/v1/grants/5r1ZkJ0Yx8mC2cQyV7q3Vw/collect", "token", "nonce", time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}
