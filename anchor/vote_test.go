package anchor

import (
	"crypto/ed25519"
	"math/rand/v2"
	"testing"
)

// The faster check agrees with crypto/ed25519 on good signatures, on changed ones, and on
// the points of small order where implementations differ.
func TestSignedAgrees(t *testing.T) {
	random := rand.New(rand.NewChaCha8([32]byte{7}))
	fill := func(b []byte) []byte {
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	check := func(what string, key [32]byte, message, signature []byte) (good bool) {
		t.Helper()
		want := ed25519.Verify(key[:], message, signature)
		if got := ValidatorKey(key).signed(message, signature); got != want {
			t.Errorf("%s: it says %v, crypto/ed25519 %v: key %x, signature %x", what, got, want, key, signature)
		}
		return want
	}
	for range 200 {
		secret := ed25519.NewKeyFromSeed(fill(make([]byte, 32)))
		key, message := [32]byte(secret.Public().(ed25519.PublicKey)), fill(make([]byte, 120))
		signature := ed25519.Sign(secret, message)
		if !check("a good one", key, message, signature) {
			t.Fatal("it is not good")
		}
		changed := append([]byte(nil), signature...)
		changed[random.IntN(64)] ^= 1 << random.IntN(8)
		check("a changed one", key, message, changed)
		check("a cut one", key, message, signature[:63])
		other := key
		other[random.IntN(32)] ^= 1 << random.IntN(8)
		check("another key", other, message, signature)
	}
	small := [][32]byte{{1}, {}, {0: 0xec, 31: 0x7f}, {0: 0xee, 31: 0x7f}, {0: 0xed, 31: 0x7f}, {0: 1, 31: 0x80}}
	for i := range small[2:5] {
		for j := 1; j < 31; j++ {
			small[2+i][j] = 0xff
		}
	}
	accepted := 0
	for _, a := range small {
		for _, r := range small {
			signature := append(r[:], make([]byte, 32)...) // s = 0
			for n := range 16 {
				if check("of small order", a, []byte{byte(n)}, signature) {
					accepted++
				}
			}
		}
	}
	if accepted == 0 {
		t.Error("no signature of small order was accepted by either: the test shows nothing")
	}
}
