package anchor

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// MemberKey is an organisation's Ed25519 public key: it signs the organisation's votes,
// and names it. It is not the key that signs blocks.
type MemberKey [32]byte

// MarshalText writes base64url.
func (k MemberKey) MarshalText() ([]byte, error) { return []byte(b64.EncodeToString(k[:])), nil }

// UnmarshalText reads what MarshalText writes.
func (k *MemberKey) UnmarshalText(text []byte) error {
	return parse32((*[32]byte)(k), "member key", text)
}

func (k MemberKey) String() string { return b64.EncodeToString(k[:]) }

// Member is an organisation that takes part in a ledger: what everybody may know of it,
// in the shape of a registered relying party (EUDI TS5: who, where, what for, and who
// supervises). It holds nothing of a shopper.
type Member struct {
	Key       MemberKey `json:"key"`
	Name      string    `json:"name"`
	Role      string    `json:"role"`      // one of Roles
	Country   string    `json:"country"`   // ISO 3166-1
	Contact   string    `json:"contact"`   // for people
	Authority string    `json:"authority"` // that supervises it (GDPR art. 51); "" for one that is one
	Purposes  []string  `json:"purposes"`  // IRIs that it registered; of a member that asks shoppers for nothing: none
	URL       string    `json:"url"`       // where it publishes its checkpoint and tiles, and serves proofs

	Observer   bool         `json:"observer"`   // verifies everything and has no vote
	Validator  ValidatorKey `json:"validator"`  // signs blocks; an observer's counts for nothing
	Node       string       `json:"node"`       // CometBFT's id of its node: 40 hexadecimal digits
	Address    string       `json:"address"`    // host:port at which other members reach the node
	Checkpoint string       `json:"checkpoint"` // verifier key of its checkpoints (c2sp.org/signed-note)
}

// Roles are what a member may be.
var Roles = []string{"operator", "retailer", "partner", "regulator", "other"}

// Validate names the first field that cannot stand.
func (m Member) Validate() error {
	bad := func(field, want string) error { return malformed("member."+field, "want %s", want) }
	for _, t := range []struct {
		field, text string
		least       int
	}{{"name", m.Name, 1}, {"contact", m.Contact, 1}, {"authority", m.Authority, 0}} {
		if len(t.text) < t.least || len(t.text) > 200 || strings.ContainsFunc(t.text, unicode.IsControl) || strings.TrimSpace(t.text) != t.text {
			return bad(t.field, "1 to 200 bytes of plain text")
		}
	}
	switch {
	case m.Key == MemberKey{}:
		return bad("key", "an Ed25519 public key")
	case !slices.Contains(Roles, m.Role):
		return bad("role", strings.Join(Roles, ", "))
	case len(m.Country) != 2 || strings.ContainsFunc(m.Country, func(r rune) bool { return r < 'A' || r > 'Z' }):
		return bad("country", "two capitals of ISO 3166-1, as in DE")
	case m.Validator == ValidatorKey{}:
		return bad("validator", "an Ed25519 public key")
	case MemberKey(m.Validator) == m.Key:
		return bad("validator", "another key than the member's own: one signs blocks by itself, the other votes for people")
	case len(m.Purposes) > 64:
		return bad("purposes", "at most 64")
	case len(m.Checkpoint) > 200:
		return bad("checkpoint", "a verifier key of a signed note")
	}
	for _, p := range m.Purposes {
		if u, err := url.Parse(p); err != nil || u.Scheme != "https" || len(p) > 200 {
			return bad("purposes", "https IRIs")
		}
	}
	if u, err := url.Parse(m.URL); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil || len(m.URL) > 200 {
		return bad("url", "scheme://host[:port] and nothing after it")
	}
	if id, err := hex.DecodeString(m.Node); err != nil || len(id) != 20 || strings.ToLower(m.Node) != m.Node {
		return bad("node", "40 hexadecimal digits")
	}
	if host, port, err := net.SplitHostPort(m.Address); err != nil || host == "" || port == "" || len(m.Address) > 200 {
		return bad("address", "host:port")
	}
	return nil
}

// MadeFor says so if the member's keys were made for another ledger.
func (m Member) MadeFor(c Chain) error {
	if strings.HasPrefix(m.Checkpoint, c.Origin()+"+") {
		return nil
	}
	return malformed("member.checkpoint", "%s made its keys for another ledger than %q; ask it for the file of: cofferd ledger init --chain %s", m.Name, c, c)
}

// Register is the members of a ledger. Each change by vote makes the next number.
type Register struct {
	Number  uint64   `json:"number"`
	Members []Member `json:"members"` // by key
}

// NewRegister sorts the members and refuses any two that share a key, a node or a name.
func NewRegister(number uint64, members []Member) (Register, error) {
	r := Register{number, slices.Clone(members)}
	slices.SortFunc(r.Members, func(a, b Member) int { return slices.Compare(a.Key[:], b.Key[:]) })
	seen := map[any]string{}
	voters := 0
	for _, m := range r.Members {
		if err := m.Validate(); err != nil {
			return Register{}, fmt.Errorf("%s: %w", m.Name, err)
		}
		for _, own := range []any{m.Key, m.Validator, "node " + m.Node, "name " + m.Name, "address " + m.Address} {
			if other, twice := seen[own]; twice {
				return Register{}, malformed("members", "%s and %s have the same key, name, node or address; each member makes its own: cofferd ledger init", other, m.Name)
			}
			seen[own] = m.Name
		}
		if !m.Observer {
			voters++
		}
	}
	if voters == 0 {
		return Register{}, malformed("members", "nobody who votes")
	}
	if voters > 100 {
		return Register{}, malformed("members", "%d who vote, at most 100 fit", voters)
	}
	return r, nil
}

// Hash is what the AppHash carries of the register.
func (r Register) Hash() [32]byte {
	return sha256.Sum256(append([]byte("coffer/v1 register\x00"), r.Bytes()...))
}

// Bytes is the register's one spelling: JSON with the keys in the order of Member's.
func (r Register) Bytes() []byte {
	for i, m := range r.Members {
		if m.Purposes == nil {
			r.Members = slices.Clone(r.Members)
			r.Members[i].Purposes = []string{}
		}
	}
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // no member holds what JSON cannot
	}
	return b
}

// ParseRegister reads what Bytes writes, and only that.
func ParseRegister(b []byte) (Register, error) {
	var in Register
	if err := decodeDeep(b, &in, 2, "number", "members"); err != nil {
		return Register{}, fmt.Errorf("parsing register: %w", err)
	}
	r, err := NewRegister(in.Number, in.Members)
	if err != nil {
		return Register{}, fmt.Errorf("parsing register: %w", err)
	}
	if string(r.Bytes()) != string(b) {
		return Register{}, fmt.Errorf("parsing register: %w", malformed("register", "not written the one way in which it is written"))
	}
	return r, nil
}

// Member is the one with this key.
func (r Register) Member(k MemberKey) (Member, bool) {
	for _, m := range r.Members {
		if m.Key == k {
			return m, true
		}
	}
	return Member{}, false
}

// Voters are how many members have a vote.
func (r Register) Voters() int {
	n := 0
	for _, m := range r.Members {
		if !m.Observer {
			n++
		}
	}
	return n
}

// Verify reports whether the member key signed the bytes.
func (k MemberKey) Verify(signed, signature []byte) bool {
	return len(signature) == ed25519.SignatureSize && ed25519.Verify(k[:], signed, signature)
}

// Membership is who runs a ledger, as one of its members tells.
type Membership interface {
	// Registers are all member registers there were, the one in force last.
	// ErrNotFound on a ledger of the first version, which has none.
	Registers(ctx context.Context) ([]Register, error)

	// Motions are what members are voting on, by the proposal's hash.
	Motions(ctx context.Context) (map[Leaf]Motion, error)

	// Vote casts a ballot and returns when it is counted and durable. An error says
	// why it does not count, or wraps ErrUnavailable.
	Vote(ctx context.Context, b Ballot) error

	// Foundation is what a member that has nothing could begin on here: the newest, or
	// that of a height. ErrNotFound if there is none.
	Foundation(ctx context.Context, height int64) (Foundation, error)

	// Succession leads from one validator set to the newest: each step is a header
	// that the set before it signed and that names the set after it. ErrNotFound if
	// the ledger never had the set with this hash, or has forgotten when.
	Succession(ctx context.Context, from [32]byte) ([]Step, error)
}
