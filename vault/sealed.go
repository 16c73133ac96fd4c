package vault

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"

	"coffer/internal/id"
)

// Sealed is a JWE (RFC 7516) in JSON, byte for byte as the wallet made it.
type Sealed []byte

// LogValue keeps even ciphertext out of logs: it would outlive an erasure there.
func (s Sealed) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("sealed(%d)", len(s))) }

// String is what fmt prints, for the same reason.
func (s Sealed) String() string { return s.LogValue().String() }

// GoString is what %#v prints.
func (s Sealed) GoString() string { return s.String() }

// MarshalJSON puts the JWE into a larger document as the object it is.
func (s Sealed) MarshalJSON() ([]byte, error) {
	if len(s) == 0 {
		return []byte("null"), nil
	}
	return s, nil
}

// UnmarshalJSON takes the JWE out of a larger document.
func (s *Sealed) UnmarshalJSON(b []byte) error {
	*s = append((*s)[:0], b...)
	return nil
}

// Header is what a sealed document says in the open about itself. The wallet's
// AEAD covers it.
type Header struct {
	Enc      string      `json:"enc"`
	Type     string      `json:"typ"`
	Document id.Document `json:"doc"`
	Version  int64       `json:"ver"`

	// Key is the number of the vault key that it is sealed under. It stands beside the
	// protected header, for a rotation changes it: a wrong one does not open.
	Key int64 `json:"-"`
}

// jwe is the general serialization with the one recipient that documents have.
type jwe struct {
	Protected  string      `json:"protected"`
	Recipients []recipient `json:"recipients"`
	IV         string      `json:"iv"`
	Ciphertext string      `json:"ciphertext"`
	Tag        string      `json:"tag"`
}

type recipient struct {
	Header       recipientHeader `json:"header"`
	EncryptedKey string          `json:"encrypted_key"`
}

// flattened is the serialization of a release.
type flattened struct {
	Protected    string          `json:"protected"`
	Header       recipientHeader `json:"header"`
	EncryptedKey string          `json:"encrypted_key"`
	IV           string          `json:"iv"`
	Ciphertext   string          `json:"ciphertext"`
	Tag          string          `json:"tag"`
}

type recipientHeader struct {
	Algorithm string `json:"alg"`
	Key       string `json:"kid"`
}

// Header reads the protected header of a document, and refuses what is not one:
// a JWE with another algorithm, other recipients or other members than FORMAT.md
// says. Whether it opens, only the wallet can tell.
func (s Sealed) Header() (Header, error) {
	// Members, recipients and their headers are as they must be in the usual layout.
	// Base64 is read over line breaks, which JSON does not have.
	if p, ok := s.parts(); ok && len(s) <= MaxSealed && bytes.IndexByte(s, '\n') < 0 && bytes.IndexByte(s, '\r') < 0 {
		if key, ok := keyNumber(string(p[1])); ok && isBytes(string(p[2]), encryptedKeySize) {
			h, err := readHeader(string(p[0]), string(p[3]), string(p[4]), string(p[5]))
			if err == nil {
				h.Key = key
			}
			return h, err
		}
	}
	var j jwe
	if err := s.parse(&j, "protected", "recipients", "iv", "ciphertext", "tag"); err != nil {
		return Header{}, err
	}
	var m struct{ Recipients []json.RawMessage }
	if json.Unmarshal(s, &m) != nil || len(m.Recipients) != 1 || !exactly(m.Recipients[0], "header", "encrypted_key") || !plainHeader(m.Recipients[0]) {
		return Header{}, fmt.Errorf("sealed document has not one recipient: %w", ErrInvalid)
	}
	r := j.Recipients[0]
	key, ok := keyNumber(r.Header.Key)
	if !ok || r.Header.Algorithm != "A256KW" || !isBytes(r.EncryptedKey, encryptedKeySize) {
		return Header{}, fmt.Errorf("sealed document is not for its vault: %w", ErrInvalid)
	}
	h, err := readHeader(j.Protected, j.IV, j.Ciphertext, j.Tag)
	h.Key = key
	return h, err
}

// Released reads a release likewise, and the grant that it is for.
func (s Sealed) Released() (Header, id.Grant, error) {
	var f flattened
	if err := s.parse(&f, "protected", "header", "encrypted_key", "iv", "ciphertext", "tag"); err != nil {
		return Header{}, id.Grant{}, err
	}
	g, err := id.Parse[id.Grant](f.Header.Key)
	if err != nil || !plainHeader(s) || f.Header.Algorithm != "A256KW" || !isBytes(f.EncryptedKey, encryptedKeySize) {
		return Header{}, id.Grant{}, fmt.Errorf("release is for no grant: %w", ErrInvalid)
	}
	h, err := readHeader(f.Protected, f.IV, f.Ciphertext, f.Tag)
	return h, g, err
}

// parse reads a JWE that has exactly the members named. encoding/json would take
// "Tag" for "tag", other readers do not: two of them would see two documents.
func (s Sealed) parse(v any, members ...string) error {
	if len(s) > MaxSealed {
		return fmt.Errorf("sealed document of %d bytes: %w", len(s), ErrTooLarge)
	}
	if !exactly(s, members...) || json.Unmarshal(s, v) != nil {
		return fmt.Errorf("sealed document is not a JWE of ours: %w", ErrInvalid)
	}
	return nil
}

// exactly reports whether b is a JSON object with these members and no other.
func exactly(b []byte, members ...string) bool {
	var m map[string]json.RawMessage
	if json.Unmarshal(b, &m) != nil || len(m) != len(members) {
		return false
	}
	for _, name := range members {
		if _, ok := m[name]; !ok {
			return false
		}
	}
	return true
}

// plainHeader reports whether the unprotected header of a recipient, or of a
// release, has nothing in it that a JOSE library might act on.
func plainHeader(b []byte) bool {
	var m struct{ Header json.RawMessage }
	return json.Unmarshal(b, &m) == nil && exactly(m.Header, "alg", "kid")
}

func readHeader(protected, iv, ciphertext, tag string) (h Header, err error) {
	if !isBytes(iv, 12) || !isBytes(tag, 16) || !isBytes(ciphertext, -1) {
		return h, fmt.Errorf("sealed document has no iv, ciphertext or tag: %w", ErrInvalid)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(protected)
	if err != nil || !exactly(raw, "enc", "typ", "doc", "ver") || json.Unmarshal(raw, &h) != nil {
		return Header{}, fmt.Errorf("sealed document has a header that is not ours: %w", ErrInvalid)
	}
	if h.Enc != "A256GCM" || h.Type != "coffer-doc+json" || h.Document.IsZero() || h.Version < 1 {
		return Header{}, fmt.Errorf("sealed document has a header that is not ours: %w", ErrInvalid)
	}
	return h, nil
}

// isBytes reports whether text is base64url of n bytes; n < 0 means any.
func isBytes(text string, n int) bool {
	if n >= 0 && len(text) != base64.RawURLEncoding.EncodedLen(n) {
		return false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil
}

// Release is the document as the business of one grant collects it: the same
// ciphertext, with the grant as the one recipient. s was checked when it was put.
func (s Sealed) Release(grant id.Grant, encryptedKey []byte) (Sealed, error) {
	if p, ok := s.parts(); ok {
		return p.release(grant, encryptedKey), nil
	}
	var j jwe
	if err := json.Unmarshal(s, &j); err != nil {
		return nil, fmt.Errorf("releasing a document: %w", ErrInvalid)
	}
	return json.Marshal(flattened{
		Protected:    j.Protected,
		Header:       recipientHeader{Algorithm: "A256KW", Key: grant.String()},
		EncryptedKey: base64.RawURLEncoding.EncodeToString(encryptedKey),
		IV:           j.IV, Ciphertext: j.Ciphertext, Tag: j.Tag,
	})
}

// layout is what stands before each text of a document as our wallets write it:
// protected, kid, encrypted_key, iv, ciphertext, tag. A document in this layout becomes
// a release by moving bytes, which every collection does while it holds the store's
// one writing turn; any other takes the slow way to the same result.
var layout = [...]string{
	`{"protected":"`, `","recipients":[{"header":{"alg":"A256KW","kid":"`, `"},"encrypted_key":"`,
	`"}],"iv":"`, `","ciphertext":"`, `","tag":"`,
}

type parts [len(layout)][]byte

// parts takes a document in the usual layout apart.
func (s Sealed) parts() (p parts, ok bool) {
	rest := []byte(s)
	for i, before := range layout {
		if rest, ok = bytes.CutPrefix(rest, []byte(before)); !ok {
			return p, false
		}
		n := bytes.IndexByte(rest, '"')
		if n < 0 || bytes.IndexByte(rest[:n], '\\') >= 0 {
			return p, false
		}
		p[i], rest = rest[:n], rest[n:]
	}
	return p, string(rest) == `"}`
}

// release writes what Release's slow way does, member for member.
func (p parts) release(grant id.Grant, encryptedKey []byte) Sealed {
	b := make([]byte, 0, len(p[0])+len(p[3])+len(p[4])+len(p[5])+256)
	b = append(append(b, `{"protected":"`...), p[0]...)
	b = append(append(b, `","header":{"alg":"A256KW","kid":"`...), grant.String()...)
	b = append(b, `"},"encrypted_key":"`...)
	b = base64.RawURLEncoding.AppendEncode(b, encryptedKey)
	b = append(append(b, `","iv":"`...), p[3]...)
	b = append(append(b, `","ciphertext":"`...), p[4]...)
	b = append(append(b, `","tag":"`...), p[5]...)
	return append(b, `"}`...)
}
