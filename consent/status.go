package consent

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sizes of a status list (W3C Bitstring Status List v1.0). A list of fewer entries
// would tell its host whose record is asked about.
const (
	MinStatuses = 131_072
	maxStatuses = 8 << 20 // 1 MiB of bits
)

// Purposes of a status that say that a record does not count.
const (
	StatusRevocation = "revocation" // for good
	StatusSuspension = "suspension" // for now
)

// StatusEntry is where a record's status stands: a bit of a published list.
type StatusEntry struct {
	Purpose string `json:"purpose"`
	List    string `json:"list"` // URL
	Index   int    `json:"index"`
}

// maxStatusEntries is how many a record may have: a revocation and a suspension, with room.
const maxStatusEntries = 4

// statusesOf reads a credentialStatus: one entry or a list of them. One that cannot be
// asked is refused, since a record that may be void is not one that holds.
func statusesOf(raw json.RawMessage, at string) (all []StatusEntry, err error) {
	if len(raw) == 0 {
		return nil, nil
	}
	entries := []json.RawMessage{raw}
	if raw[0] == '[' {
		entries = nil
		err = json.Unmarshal(raw, &entries)
	}
	if err != nil || len(entries) == 0 || len(entries) > maxStatusEntries {
		return nil, refuse(WrongEvidence, at)
	}
	for _, one := range entries {
		var kind, spelled string
		e, size := StatusEntry{}, 1
		in := open(one)
		read := in != nil && in.read("type", &kind) && in.read("statusPurpose", &e.Purpose) && in.read("statusListIndex", &spelled) &&
			in.read("statusListCredential", &e.List) && in.read("statusSize", &size)
		e.Index, err = strconv.Atoi(spelled)
		if !read || err != nil || strconv.Itoa(e.Index) != spelled || e.Index < 0 || e.Index >= maxStatuses || size != 1 ||
			kind != "BitstringStatusListEntry" || e.Purpose != StatusRevocation && e.Purpose != StatusSuspension || !published(e.List) {
			return nil, refuse(WrongEvidence, at)
		}
		all = append(all, e)
	}
	return all, nil
}

// Claim is the entry as it stands in a record.
func (e StatusEntry) Claim() map[string]any {
	return map[string]any{
		"id": e.List + "#" + strconv.Itoa(e.Index), "type": "BitstringStatusListEntry", "statusPurpose": e.Purpose,
		"statusListIndex": strconv.Itoa(e.Index), "statusListCredential": e.List,
	}
}

// StatusList is a published list of statuses, verified.
type StatusList struct {
	URL     string
	Issuer  DID
	Purpose string
	From    Unix
	Until   Unix // before it; 0: for good
	bits    []byte
}

// NewStatusList makes a list of MinStatuses entries of which none is set.
func NewStatusList(url string, issuer DID, purpose string) StatusList {
	return StatusList{URL: url, Issuer: issuer, Purpose: purpose, bits: make([]byte, MinStatuses/8)}
}

// Len is how many entries the list has.
func (l StatusList) Len() int { return 8 * len(l.bits) }

// Set reports whether an entry is set: the record is void.
func (l StatusList) Set(index int) bool { return l.bits[index/8]&(0x80>>(index%8)) != 0 }

// Put sets or clears an entry.
func (l StatusList) Put(index int, set bool) {
	if l.bits[index/8] &^= 0x80 >> (index % 8); set {
		l.bits[index/8] |= 0x80 >> (index % 8)
	}
}

// Claims are those of the list as a credential (JWT-VC) that its issuer signs.
func (l StatusList) Claims() []byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(l.bits) // never fails: it writes to memory
	z.Close()
	claims := map[string]any{
		"iss": l.Issuer, "jti": l.URL, "sub": l.URL + "#list",
		"vc": map[string]any{
			"@context": []string{"https://www.w3.org/2018/credentials/v1", "https://www.w3.org/ns/credentials/status/v1"},
			"type":     []string{vcType, "BitstringStatusListCredential"},
			"credentialSubject": map[string]any{"id": l.URL + "#list", "type": "BitstringStatusList",
				"statusPurpose": l.Purpose, "encodedList": "u" + b64u.EncodeToString(packed.Bytes())},
		},
	}
	if l.From != 0 {
		claims["nbf"] = l.From
	}
	if l.Until != 0 {
		claims["exp"] = l.Until
	}
	return write(claims)
}

// maxStatusList bounds the credential of a list: MinStatuses entries do not compress
// when they are set at random.
const maxStatusList = 48 << 10

// ParseStatusList reads the payload of a list's credential whose signature by signer
// was verified, as it was found under the address.
func ParseStatusList(payload []byte, signer DID, address string) (StatusList, error) {
	no := func(at string) (StatusList, error) { return StatusList{}, refuse(BadStatus, at) }
	if len(payload) > maxStatusList {
		return no("")
	}
	c, ok := readForeign(payload)
	list := open(c.subject)
	var kind, encoded string
	l := StatusList{URL: address, Issuer: signer}
	if !ok || list == nil || !list.read("type", &kind) || !list.read("statusPurpose", &l.Purpose) || !list.read("encodedList", &encoded) {
		return no("vc")
	}
	if c.jti == "" {
		c.jti = c.id
	}
	switch {
	case DID(c.iss) != signer:
		return StatusList{}, refuse(WrongIssuer, "iss")
	case c.jti != address: // or an issuer's one list could be shown for another
		return no("jti")
	case !slices.Contains(texts(c.kind), "BitstringStatusListCredential") || kind != "BitstringStatusList":
		return no("vc.type")
	}
	var err error
	if l.From, l.Until, err = c.window(); err != nil {
		return no("nbf")
	}
	if l.bits, err = unpackStatuses(encoded); err != nil {
		return no("vc.credentialSubject.encodedList")
	}
	return l, nil
}

func unpackStatuses(encoded string) ([]byte, error) {
	text, ok := strings.CutPrefix(encoded, "u")
	if !ok {
		return nil, errors.New("want base64url of multibase")
	}
	packed, err := b64u.DecodeString(text)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	bits, err := io.ReadAll(io.LimitReader(z, maxStatuses/8+1)) // a small one may unpack to a large one
	if err == nil && (len(bits) > maxStatuses/8 || 8*len(bits) < MinStatuses) {
		err = errors.New("want a list of another length")
	}
	return bits, err
}

// Says holds an entry of a record by issuer against the list: nil if the record counts,
// Revoked if it does not, BadStatus if the list does not say.
func (l StatusList) Says(e StatusEntry, issuer DID, now time.Time) error {
	switch at := UnixAt(now); {
	case l.Issuer != issuer, l.URL != e.List, l.Purpose != e.Purpose, e.Index >= l.Len():
		return refuse(BadStatus, "status")
	case l.Until != 0 && at >= l.Until, l.From > at+Unix(Skew.Seconds()):
		return refuse(BadStatus, "status") // an old list could hide what came since
	case l.Set(e.Index):
		return refuse(Revoked, "status")
	}
	return nil
}

// published reports whether something may be fetched from there: https, or http of a
// machine of one's own.
func published(address string) bool {
	_, err := origin(address)
	return err == nil && len(address) <= 500
}
