package business

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"strings"
)

// Profile is what a business says of itself; shoppers read it in every request,
// and it is copied into every receipt. It is the folder's business.json.
type Profile struct {
	V        int    `json:"v"`
	Operator string `json:"operator"` // the origin of the operator, as in http://localhost:8080
	// Ledger is where heads and proofs are read; empty means at the operator. A
	// business that does not want to ask the operator points it at another member.
	Ledger string `json:"ledger,omitempty"`

	Name          string   `json:"name"`
	Address       string   `json:"address"`
	Contact       string   `json:"contact"` // whom a shopper writes to: an e-mail address
	DPO           string   `json:"dpo"`
	Authority     string   `json:"authority"` // the supervisory authority a shopper may complain to
	PrivacyNotice string   `json:"privacy_notice"`
	URL           string   `json:"url"` // where the business is on the web; return URLs must lie under its origin
	Jurisdictions []string `json:"jurisdictions"`
	Language      string   `json:"language"`
	// NoticeVersion names the wording of the purposes' texts; raise it when they change.
	NoticeVersion string   `json:"notice_version"`
	Purposes      []string `json:"purposes"` // purpose IRIs it registers for
}

// ReadProfile reads a profile from a file; an unknown key is an error.
func ReadProfile(path string) (Profile, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Profile{}, err
	}
	var p Profile
	if err := strictJSON(b, &p); err != nil {
		return Profile{}, fmt.Errorf("reading profile %s: %w", path, err)
	}
	if err := p.Check(); err != nil {
		return Profile{}, fmt.Errorf("reading profile %s: %w", path, err)
	}
	return p, nil
}

// Check explains everything that is wrong with the profile.
func (p Profile) Check() error {
	var wrong []error
	need := func(key, value string) {
		if strings.TrimSpace(value) == "" {
			wrong = append(wrong, fmt.Errorf("%q is missing", key))
		}
	}
	if p.V != 1 {
		wrong = append(wrong, fmt.Errorf(`"v" is %d, want 1`, p.V))
	}
	need("name", p.Name)
	need("address", p.Address)
	need("dpo", p.DPO)
	need("authority", p.Authority)
	need("language", p.Language)
	need("notice_version", p.NoticeVersion)
	if err := checkOrigin(p.Operator); err != nil {
		wrong = append(wrong, fmt.Errorf(`"operator": %w`, err))
	}
	if p.Ledger != "" {
		if err := checkOrigin(p.Ledger); err != nil {
			wrong = append(wrong, fmt.Errorf(`"ledger": %w`, err))
		}
	}
	for key, u := range map[string]string{"url": p.URL, "privacy_notice": p.PrivacyNotice} {
		if v, err := url.Parse(u); err != nil || v.Host == "" || (v.Scheme != "https" && v.Scheme != "http") {
			wrong = append(wrong, fmt.Errorf("%q: want an http or https address", key))
		}
	}
	if _, err := mail.ParseAddress(p.Contact); err != nil {
		wrong = append(wrong, errors.New(`"contact": want an e-mail address`))
	}
	if len(p.Jurisdictions) == 0 {
		wrong = append(wrong, errors.New(`"jurisdictions" is missing, as in ["DE"]`))
	}
	if len(p.Purposes) == 0 {
		wrong = append(wrong, errors.New(`"purposes" is missing, as in ["https://w3id.org/dpv#DeliveryOfGoods"]`))
	}
	return errors.Join(wrong...)
}

// checkOrigin accepts scheme://host[:port] and nothing after it: the origin is
// compared byte for byte with the audience of what is signed.
func checkOrigin(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.Scheme+"://"+u.Host != s {
		return errors.New("want an origin such as http://localhost:8080, nothing after the port")
	}
	return nil
}

// LedgerOrigin is where the ledger is read.
func (p Profile) LedgerOrigin() string {
	if p.Ledger != "" {
		return p.Ledger
	}
	return p.Operator
}
