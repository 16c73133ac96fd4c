package vault

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"coffer/internal/id"
)

// A rotation gives a vault another key. It begins with the next key under every way in
// that stays ([Keyring.Next]), goes on with each document's content key wrapped anew
// ([Rekeyed]), in as many steps as it likes, and ends when no document is left under
// the old key. Wherever it stops, each way in that stays opens both keys, so each
// document opens, and whoever unlocks next goes on.

// MaxRekeyed is how many documents one step of a rotation may take.
const MaxRekeyed = 512

// Rekeyed is one document's content key, wrapped under the vault's next key. The
// document stays the same to the byte otherwise, and so does its version.
type Rekeyed struct {
	Document     id.Document
	Version      int64
	EncryptedKey []byte
}

// CheckRekeyed reports whether a step of a rotation can be meant: ErrInvalid if not.
func CheckRekeyed(rs []Rekeyed) error {
	if len(rs) == 0 || len(rs) > MaxRekeyed {
		return fmt.Errorf("%d documents in one step: %w", len(rs), ErrInvalid)
	}
	seen := make(map[id.Document]bool, len(rs))
	for _, r := range rs {
		if r.Document.IsZero() || r.Version < 1 || len(r.EncryptedKey) != encryptedKeySize || seen[r.Document] {
			return fmt.Errorf("rekeying a document twice, or without version or key: %w", ErrInvalid)
		}
		seen[r.Document] = true
	}
	return nil
}

// Rekey is the document under another vault key, all the rest as it was.
func (s Sealed) Rekey(key int64, encryptedKey []byte) (Sealed, error) {
	var j jwe
	if _, err := s.Header(); err != nil {
		return nil, fmt.Errorf("rekeying a document: %w", err)
	} else if err := json.Unmarshal(s, &j); err != nil || key < 1 || len(encryptedKey) != encryptedKeySize {
		return nil, fmt.Errorf("rekeying a document: %w", ErrInvalid)
	}
	j.Recipients = []recipient{{
		Header:       recipientHeader{Algorithm: "A256KW", Key: keyName(key)},
		EncryptedKey: base64.RawURLEncoding.EncodeToString(encryptedKey),
	}}
	return json.Marshal(j)
}

// keyName is how a document names the vault key that it is sealed under: "vault", and
// "vault/2" from the second on.
func keyName(n int64) string {
	if n == 1 {
		return "vault"
	}
	return "vault/" + strconv.FormatInt(n, 10)
}

// keyNumber is keyName undone, for its one spelling only.
func keyNumber(name string) (int64, bool) {
	if name == "vault" {
		return 1, true
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(name, "vault/"), 10, 32)
	return n, err == nil && n > 1 && keyName(n) == name
}
