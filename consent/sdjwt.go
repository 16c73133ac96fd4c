package consent

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
)

// Header types of a record as SD-JWT VC (draft-ietf-oauth-sd-jwt-vc), the older name
// too, and of what binds a presentation to its holder (RFC 9901, § 4.3).
const (
	TypeSDRecord    = "dc+sd-jwt"
	TypeOldSDRecord = "vc+sd-jwt"
	TypeBinding     = "kb+jwt"
)

// maxDisclosures bounds what one record may keep apart.
const maxDisclosures = 100

// Disclosure is one claim that the holder may show or keep to themselves.
type Disclosure struct {
	Text  string          // as it travels
	Name  string          // "" for an element of a list
	Value json.RawMessage // may hold digests of further ones
}

// digest names the disclosure within the record.
func (d Disclosure) digest() string {
	h := sha256.Sum256([]byte(d.Text))
	return b64u.EncodeToString(h[:])
}

// SDJWT is a record of which claims can be shown one by one (RFC 9901), taken apart and
// not verified.
type SDJWT struct {
	JWT         string // as its issuer signed it
	Disclosures []Disclosure
	Binding     string // the JWT by which its holder presents it; "" for none
}

// IsSDJWT reports whether the text is meant as one: nothing else has a tilde.
func IsSDJWT(text string) bool { return strings.Contains(text, "~") }

// ParseSDJWT takes the compact form apart.
func ParseSDJWT(text string) (s SDJWT, err error) {
	if len(text) > MaxRecord {
		return s, malformed("too long", "")
	}
	parts := strings.Split(text, "~")
	if len(parts) < 2 || parts[0] == "" || len(parts)-2 > maxDisclosures {
		return s, malformed("want an SD-JWT", "")
	}
	s.JWT, s.Binding = parts[0], parts[len(parts)-1]
	for i, part := range parts[1 : len(parts)-1] {
		d, err := parseDisclosure(part)
		if err != nil {
			return SDJWT{}, malformed(err.Error(), nth("disclosures", i))
		}
		s.Disclosures = append(s.Disclosures, d)
	}
	return s, nil
}

func parseDisclosure(text string) (Disclosure, error) {
	plain, err := b64u.DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return Disclosure{}, malformed("want base64url", "")
	}
	if err := plainJSON(plain); err != nil {
		return Disclosure{}, err
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(plain, &parts); err != nil || len(parts) < 2 || len(parts) > 3 {
		return Disclosure{}, malformed("want a salt, a name and a value", "")
	}
	d := Disclosure{Text: text, Value: parts[len(parts)-1]}
	var salt string
	if parts[0][0] != '"' || json.Unmarshal(parts[0], &salt) != nil {
		return Disclosure{}, malformed("want a salt", "")
	}
	if len(parts) == 3 && (parts[1][0] != '"' || json.Unmarshal(parts[1], &d.Name) != nil || d.Name == "" || d.Name == "_sd" || d.Name == "...") {
		return Disclosure{}, malformed("want a name that may be shown", "")
	}
	return d, nil
}

// shown is the SD-JWT as it travels, without what binds it to its holder.
func (s SDJWT) shown() string {
	var b strings.Builder
	b.WriteString(s.JWT)
	b.WriteByte('~')
	for _, d := range s.Disclosures {
		b.WriteString(d.Text)
		b.WriteByte('~')
	}
	return b.String()
}

// Text is the compact form that ParseSDJWT takes apart.
func (s SDJWT) Text() string { return s.shown() + s.Binding }

// Hash is what a binding says that it presents.
func (s SDJWT) Hash() Hash { return HashOf(s.shown()) }

// Only keeps the disclosures of the claims that are named, with what stands within
// them, and no binding. The record's own claims are always shown.
func (s SDJWT) Only(names ...string) SDJWT {
	out := SDJWT{JWT: s.JWT}
	within := map[string]bool{} // digests under what is kept
	for again := true; again; {
		again = false
		for _, d := range s.Disclosures {
			if !(d.Name != "" && slices.Contains(names, d.Name) && !s.nested(d) || within[d.digest()]) || slices.ContainsFunc(out.Disclosures, func(o Disclosure) bool { return o.Text == d.Text }) {
				continue
			}
			again = true
			out.Disclosures = append(out.Disclosures, d)
			for _, n := range digestsIn(d.Value) {
				within[n] = true
			}
		}
	}
	// In the record's order, so that the order says nothing of what was chosen first.
	slices.SortFunc(out.Disclosures, func(a, b Disclosure) int { return s.place(a) - s.place(b) })
	return out
}

func (s SDJWT) place(d Disclosure) int {
	return slices.IndexFunc(s.Disclosures, func(o Disclosure) bool { return o.Text == d.Text })
}

// nested reports whether the disclosure stands within another one.
func (s SDJWT) nested(d Disclosure) bool {
	return slices.ContainsFunc(s.Disclosures, func(o Disclosure) bool { return slices.Contains(digestsIn(o.Value), d.digest()) })
}

// digestsIn lists the digests anywhere within a value.
func digestsIn(value json.RawMessage) (all []string) {
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			if one, ok := v["..."].(string); ok {
				all = append(all, one)
			}
			list, _ := v["_sd"].([]any)
			for _, e := range list {
				if one, ok := e.(string); ok {
					all = append(all, one)
				}
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	var v any
	if json.Unmarshal(value, &v) == nil {
		walk(v)
	}
	return all
}

// Disclose makes the disclosure of a claim, with a fresh salt.
func Disclose(name string, value any) (Disclosure, error) {
	var salt Nonce
	rand.Read(salt[:]) // never fails (crypto/rand)
	raw, err := json.Marshal(value)
	if err != nil {
		return Disclosure{}, malformed("no JSON", name)
	}
	return parseDisclosure(b64u.EncodeToString(write([]any{salt, name, json.RawMessage(raw)})))
}

// Digests are what stands in the record for its disclosures, sorted, so that their
// order says nothing.
func (s SDJWT) Digests() []string {
	all := []string{}
	for _, d := range s.Disclosures {
		all = append(all, d.digest())
	}
	slices.Sort(all)
	return all
}

// revealing puts disclosures back where their digests stand (RFC 9901, § 7.1).
type revealing struct {
	by   map[string]*Disclosure
	used map[string]bool // digests that were met, each once
}

func (r *revealing) meet(v any) (*Disclosure, error) {
	digest, ok := v.(string)
	if !ok || r.used[digest] {
		return nil, malformed("want each digest once", "_sd")
	}
	r.used[digest] = true
	return r.by[digest], nil
}

func (r *revealing) value(raw json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, malformed("not JSON", "")
	}
	return r.walk(v)
}

func (r *revealing) walk(v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		return r.object(v)
	case []any:
		return r.list(v)
	}
	return v, nil
}

func (r *revealing) object(in map[string]any) (map[string]any, error) {
	out := map[string]any{}
	for k, v := range in {
		if k == "_sd" {
			continue
		}
		if k == "..." {
			return nil, malformed("a digest that is in no list", "...")
		}
		var err error
		if out[k], err = r.walk(v); err != nil {
			return nil, err
		}
	}
	hidden, has := in["_sd"]
	list, ok := hidden.([]any)
	if has && !ok {
		return nil, malformed("want a list of digests", "_sd")
	}
	for _, digest := range list {
		d, err := r.meet(digest)
		if err != nil {
			return nil, err
		}
		if d == nil {
			continue // not shown, or a decoy
		}
		if _, there := out[d.Name]; there || d.Name == "" {
			return nil, malformed("a disclosure in the place of another claim", "disclosures")
		}
		if out[d.Name], err = r.value(d.Value); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *revealing) list(in []any) ([]any, error) {
	out := []any{}
	for _, v := range in {
		o, _ := v.(map[string]any)
		digest, hidden := o["..."]
		if !hidden {
			next, err := r.walk(v)
			if err != nil {
				return nil, err
			}
			out = append(out, next)
			continue
		}
		if len(o) != 1 {
			return nil, malformed("a digest with something beside it", "...")
		}
		d, err := r.meet(digest)
		if err != nil {
			return nil, err
		}
		if d == nil {
			continue
		}
		if d.Name != "" {
			return nil, malformed("a claim in the place of an element", "disclosures")
		}
		next, err := r.value(d.Value)
		if err != nil {
			return nil, err
		}
		out = append(out, next)
	}
	return out, nil
}

// always are the claims of an SD-JWT VC that no disclosure may hold.
var always = []string{"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "status", "credentialStatus", "_sd_alg"}

// about are claims that say nothing of the holder.
var about = append([]string{"sub", "iat", "jti"}, always...)

// Reveal reads the payload of s.JWT whose signature by signer was verified, with what
// the disclosures add. Each must have its digest in the record, once.
func (s SDJWT) Reveal(payload []byte, signer DID) (Record, error) {
	if err := plainJSON(payload); err != nil {
		return Record{}, err
	}
	var sub, vct string
	var iss DID
	var nbf, exp *float64
	var status, held, cnf json.RawMessage
	alg := "sha-256"
	c := open(payload)
	if c == nil || !c.read("iss", &iss) || !c.read("sub", &sub) || !c.read("nbf", &nbf) || !c.read("exp", &exp) || !c.read("vct", &vct) ||
		!c.read("_sd_alg", &alg) || !c.read("status", &status) || !c.read("credentialStatus", &held) || !c.read("cnf", &cnf) {
		return Record{}, malformed("want the claims of an SD-JWT VC", "")
	}
	switch {
	case iss == "" || iss != signer:
		return Record{}, refuse(WrongIssuer, "iss")
	case vct == "" || len(vct) > 200:
		return Record{}, malformed("want a type", "vct")
	case alg != "sha-256":
		return Record{}, malformed("want digests by sha-256", "_sd_alg")
	case len(status) > 0:
		return Record{}, refuse(WrongEvidence, "status") // of a kind that nobody here asks
	}
	r := Record{Issuer: iss, Types: []string{vct}, Subject: sub}
	var err error
	if r.Statuses, err = statusesOf(held, "credentialStatus"); err != nil {
		return Record{}, err
	}
	if r.Holder, err = holderOf(cnf); err != nil {
		return Record{}, err
	}
	if r.From, err = moment(nbf, nil, nil); err != nil {
		return Record{}, err
	}
	if r.Until, err = moment(exp, nil, nil); err != nil {
		return Record{}, err
	}
	r.Claims, err = s.claims(payload)
	return r, err
}

func (s SDJWT) claims(payload []byte) (map[string]json.RawMessage, error) {
	put := revealing{by: map[string]*Disclosure{}, used: map[string]bool{}}
	for i := range s.Disclosures {
		d := &s.Disclosures[i]
		if put.by[d.digest()] != nil {
			return nil, malformed("a disclosure twice", nth("disclosures", i))
		}
		put.by[d.digest()] = d
	}
	whole, err := put.value(payload)
	if err != nil {
		return nil, err
	}
	for i, d := range s.Disclosures {
		if !put.used[d.digest()] {
			return nil, malformed("a disclosure that the issuer did not sign", nth("disclosures", i))
		}
		if slices.Contains(always, d.Name) && !s.nested(d) {
			return nil, malformed("a claim that may not be kept apart", nth("disclosures", i))
		}
	}
	all, ok := whole.(map[string]any)
	if !ok {
		return nil, malformed("want claims", "")
	}
	out := map[string]json.RawMessage{}
	for name, v := range all {
		if !slices.Contains(about, name) {
			out[name] = write(v)
		}
	}
	return out, nil
}
