package anchor_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

func checkpointKey(t testing.TB, chain anchor.Chain, name string) anchor.CheckpointKey {
	t.Helper()
	k, err := anchor.NewCheckpointKey(chain, anchortest.Key(name))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Every chain id has an origin that notes allow, and no two have the same.
func TestOrigins(t *testing.T) {
	seen := map[string]anchor.Chain{}
	for _, chain := range []anchor.Chain{"a", "a+b", "a%b", "a%25b", "a%2Bb", "a%252Bb", "!~", "a/b"} {
		origin := chain.Origin()
		if other, twice := seen[origin]; twice {
			t.Errorf("%q and %q have the origin %q", chain, other, origin)
		}
		seen[origin] = chain
		k := checkpointKey(t, chain, "a member")
		signed, err := k.Sign(1, [32]byte{1})
		if err != nil {
			t.Fatal(err)
		}
		if c, err := anchor.OpenCheckpoint(signed, k.Public()); err != nil || c != (anchor.Checkpoint{Origin: origin, Size: 1, Root: [32]byte{1}}) {
			t.Errorf("%q: %+v, %v", chain, c, err)
		}
	}
}

func TestCheckpointsThatDoNotOpen(t *testing.T) {
	k := checkpointKey(t, "c", "a member")
	signed, err := k.Sign(7, [32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(name string, b []byte, public string) {
		if c, err := anchor.OpenCheckpoint(b, public); err == nil || c != (anchor.Checkpoint{}) {
			t.Errorf("%s is opened: %+v", name, c)
		}
	}
	edit := func(old, new string) []byte {
		if !strings.Contains(string(signed), old) {
			t.Fatalf("nothing to edit: %q", old)
		}
		return []byte(strings.Replace(string(signed), old, new, 1))
	}
	refuse("another size", edit("\n7\n", "\n8\n"), k.Public())
	refuse("another root", edit("\nAQ", "\nAg"), k.Public())
	refuse("a note cut short", signed[:len(signed)-9], k.Public())
	refuse("nothing", nil, k.Public())
	refuse("a note by another member", signed, checkpointKey(t, "c", "another").Public())
	refuse("a note of another ledger", signed, checkpointKey(t, "d", "a member").Public())
	refuse("a note under no key", signed, "x")
	// Signed well, but no checkpoint of ours.
	signer, err := note.NewSigner(k.Secret())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		anchor.Checkpoint{Origin: "coffer-ledger/d", Size: 7}.String(),
		anchor.Checkpoint{Origin: "coffer-ledger/c", Size: 7}.String() + "extension\n",
		anchor.Checkpoint{Origin: "coffer-ledger/c", Size: 7}.String() + "\nextension\n",
	} {
		b, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		refuse(text, b, k.Public())
	}
}

func TestCheckpointKeys(t *testing.T) {
	k := checkpointKey(t, "c", "a member")
	again, err := anchor.ParseCheckpointKey("c", k.Secret())
	if err != nil || again.Public() != k.Public() {
		t.Fatalf("the key is not read back: %v", err)
	}
	if v, err := note.NewEd25519VerifierKey("coffer-ledger/c", anchortest.Key("a member").Public().(ed25519.PublicKey)); err != nil || v != k.Public() {
		t.Errorf("the public key is %s, %v, want %s", k.Public(), err, v)
	}
	other := checkpointKey(t, "d", "a member").Secret()
	for _, bad := range []string{"", "x", "PRIVATE+KEY+a+b+c", k.Public(), k.Secret() + "A", k.Secret()[:60], other} {
		var malformed *anchor.FormatError
		_, err := anchor.ParseCheckpointKey("c", bad)
		if !errors.As(err, &malformed) || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, shown := range []string{fmt.Sprint(k), fmt.Sprintf("%+v %#v %s", k, k, k), k.LogValue().String()} {
		if strings.Contains(shown, k.Secret()[len(k.Secret())-20:]) {
			t.Errorf("the secret is shown: %s", shown)
		}
	}
}

func FuzzCheckpoint(f *testing.F) {
	for _, text := range []string{
		anchor.Checkpoint{Origin: "coffer-ledger/c", Size: 7, Root: [32]byte{1}}.String(),
		anchor.Checkpoint{Origin: "o"}.String(),
		"o\n07\nAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		"o\n7\nAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n", "", "\n\n\n\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := anchor.ParseCheckpoint(text); err == nil && c.String() != text {
			t.Errorf("%q is written as %q", text, c)
		}
	})
}
