package keyring

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// The example in FORMAT.md opens.
func TestExample(t *testing.T) {
	b, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\n## Example\n")
	_, rest, _ = strings.Cut(rest, "```\n")
	text, _, _ := strings.Cut(rest, "```")
	sealed, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	var k Key
	for i := range k.vault {
		k.vault[i] = byte(i)
	}
	for i := range k.bytes {
		k.bytes[i] = 0x2a
	}
	plain, err := k.Open("signer", sealed)
	if err != nil || string(plain) != "sealed once more" {
		t.Fatalf("it opens to %q, %v; this would: %x", plain, err, k.Seal("signer", []byte("sealed once more")))
	}
}
