package vault_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"coffer/internal/id"
	"coffer/vault"
)

// The fast way and the slow way make the same release, byte for byte.
func TestReleaseOfEveryLayout(t *testing.T) {
	text := func(n int) string { return base64.RawURLEncoding.EncodeToString(make([]byte, n)) }
	usual := `{"protected":"` + text(90) + `","recipients":[{"header":{"alg":"A256KW","kid":"vault"},"encrypted_key":"` + text(40) +
		`"}],"iv":"` + text(12) + `","ciphertext":"` + text(300) + `","tag":"` + text(16) + `"}`
	grant := id.New[id.Grant]()
	key := []byte(strings.Repeat("k", 40))
	want, err := vault.Sealed(usual).Release(grant, key)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(want, &members); err != nil || len(members) != 6 {
		t.Fatalf("%d members, %v", len(members), err)
	}
	for name, other := range map[string]string{
		"spaces":        strings.ReplaceAll(usual, `":`, `": `),
		"another order": `{"tag":"` + text(16) + `",` + strings.TrimSuffix(usual[1:], `,"tag":"`+text(16)+`"}`) + `}`,
		"an escape":     strings.Replace(usual, `"iv":"A`, `"iv":"\u0041`, 1),
		"a line end":    usual + "\n",
	} {
		if other == usual {
			t.Fatalf("%s: nothing changed", name)
		}
		if got, err := vault.Sealed(other).Release(grant, key); err != nil || string(got) != string(want) {
			t.Errorf("%s: %s, %v; want %s", name, []byte(got), err, []byte(want))
		}
	}
	for _, broken := range []string{"", "{", usual[:100], strings.Replace(usual, `"}],"iv"`, `"],"iv"`, 1)} {
		if got, err := vault.Sealed(broken).Release(grant, key); err == nil {
			t.Errorf("%q became %s", broken, []byte(got))
		}
	}
}

func BenchmarkRelease(b *testing.B) {
	text := func(n int) string { return base64.RawURLEncoding.EncodeToString(make([]byte, n)) }
	s := vault.Sealed(`{"protected":"` + text(90) + `","recipients":[{"header":{"alg":"A256KW","kid":"vault"},"encrypted_key":"` + text(40) +
		`"}],"iv":"` + text(12) + `","ciphertext":"` + text(300) + `","tag":"` + text(16) + `"}`)
	grant, key := id.New[id.Grant](), make([]byte, 40)
	for b.Loop() {
		if _, err := s.Release(grant, key); err != nil {
			b.Fatal(err)
		}
	}
}
