package vault_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
)

func sealed(t testing.TB, d id.Document, version int64) vault.Sealed {
	t.Helper()
	s, err := seal.SealDocument(rand.Reader, seal.VaultKey{1}, d, version, []byte(`{"v":1}`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The operator cannot open a document, but it can tell what is none.
func TestHeaderRefuses(t *testing.T) {
	d := id.New[id.Document]()
	good := string(sealed(t, d, 1))
	if h, err := vault.Sealed(good).Header(); err != nil || h.Document != d || h.Version != 1 {
		t.Fatalf("got %+v, %v", h, err)
	}
	header := func(old, new string) string {
		h, err := json.Marshal(vault.Header{Enc: "A256GCM", Type: "coffer-doc+json", Document: d, Version: 1})
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(h), old, new, 1)
		if changed == string(h) {
			t.Fatalf("%s is not in the header", old)
		}
		return strings.Replace(good, b64(h), b64([]byte(changed)), 1)
	}
	for name, bad := range map[string]string{
		"nothing":              "",
		"not JSON":             "{",
		"another open header":  strings.Replace(good, `"kid":"vault"`, `"kid":"vault","p2c":1000000`, 1),
		"two documents":        good + good,
		"a member in capitals": strings.Replace(good, `"tag":"`, `"tag":"AAAAAAAAAAAAAAAAAAAAAA","Tag":"`, 1),
		"only in capitals":     strings.Replace(good, `"ciphertext"`, `"Ciphertext"`, 1),
		"a key in capitals":    strings.Replace(good, `"encrypted_key"`, `"Encrypted_Key"`, 1),
		"header in capitals":   header(`"ver":1`, `"ver":1,"Ver":2`),
		"another member":       strings.Replace(good, `"iv"`, `"aad":"","iv"`, 1),
		"no recipient":         strings.Replace(good, `"recipients":[{`, `"recipients":[],"x":[{`, 1),
		"another algorithm":    strings.Replace(good, "A256KW", "dir", 1),
		"another recipient":    strings.Replace(good, `"kid":"vault"`, `"kid":"mallory"`, 1),
		"key cut short":        strings.Replace(good, `"encrypted_key":"`, `"encrypted_key":"AAAA`, 1),
		"no iv":                strings.Replace(good, `"iv":"`, `"iv":"","x":"`, 1),
		"another encryption":   header("A256GCM", "A128GCM"),
		"another type":         header("coffer-doc+json", "JWT"),
		"version zero":         header(`"ver":1`, `"ver":0`),
		"a critical header":    header(`"ver":1`, `"ver":1,"crit":["x"]`),
		"another vault's tag":  header(`"ver":1`, `"ver":1,"vault":"x"`),
		"no document":          header(d.String(), id.Document{}.String()),
	} {
		if h, err := vault.Sealed(bad).Header(); !errors.Is(err, vault.ErrInvalid) {
			t.Errorf("%s: %+v, %v; want ErrInvalid", name, h, err)
		}
	}
	if _, err := vault.Sealed(strings.Repeat(" ", vault.MaxSealed) + good).Header(); !errors.Is(err, vault.ErrTooLarge) {
		t.Errorf("beyond its measure: %v, want ErrTooLarge", err)
	}
}

func TestSealedNeverPrints(t *testing.T) {
	s := sealed(t, id.New[id.Document](), 1)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("stored", "sealed", s)
	for _, printed := range []string{log.String(), fmt.Sprint(s), fmt.Sprintf("%v %s %#v", s, s, s)} {
		if strings.Contains(printed, "ciphertext") || strings.Contains(printed, "123 34") {
			t.Errorf("printed %s", printed)
		}
	}
}

func TestErrorsNameNoIDs(t *testing.T) {
	d := id.New[id.Document]()
	for _, err := range []error{
		&vault.Conflict{Document: d, Have: 3},
		vault.Batch{Puts: []vault.Document{{ID: d, Version: 2, Sealed: sealed(t, d, 1)}}}.Check(),
		vault.Batch{Deletes: []vault.Tombstone{{ID: d, Version: 1}, {ID: d, Version: 1}}}.Check(),
	} {
		if err == nil || strings.Contains(err.Error(), d.String()) {
			t.Errorf("got %v", err)
		}
	}
}

// FuzzSealed holds the parser to one property: what it accepts, it can release,
// and the release has the document's own strings.
func FuzzSealed(f *testing.F) {
	f.Add([]byte(sealed(f, id.New[id.Document](), 1)))
	f.Add([]byte(`{"protected":""}`))
	f.Add(bytes.Replace(sealed(f, id.New[id.Document](), 1), []byte(`"ciphertext":"`), []byte("\"ciphertext\":\"\n"), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := vault.Sealed(b).Header()
		// Written in another layout it is read the slow way, to the same end.
		var spread bytes.Buffer
		if json.Indent(&spread, b, "", " ") == nil {
			slow, slowErr := vault.Sealed(spread.Bytes()).Header()
			if (err == nil) != (slowErr == nil) || err == nil && slow != h {
				t.Errorf("read as %v (%v), and indented as %v (%v)", h, err, slow, slowErr)
			}
		} else if err == nil {
			t.Error("what is not JSON is read")
		}
		if err != nil {
			return
		}
		r, err := vault.Sealed(b).Release(id.New[id.Grant](), make([]byte, 40))
		if err != nil {
			t.Fatalf("accepted version %d and not released: %v", h.Version, err)
		}
		var in, out map[string]any
		if json.Unmarshal(b, &in) != nil || json.Unmarshal(r, &out) != nil {
			t.Fatal("not JSON")
		}
		for _, member := range []string{"protected", "iv", "ciphertext", "tag"} {
			if in[member] != out[member] {
				t.Errorf("%s changed", member)
			}
		}
	})
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
