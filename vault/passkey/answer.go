package passkey

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// answer is the wire form that the wallet builds by hand. PublicKeyCredential's
// own toJSON would put the PRF results into it.
type answer struct {
	ID         string `json:"id"`
	RawID      string `json:"rawId"`
	Type       string `json:"type"`
	Attachment string `json:"authenticatorAttachment"`
	Extensions struct {
		PRF *struct {
			Enabled *bool           `json:"enabled"`
			Results json.RawMessage `json:"results"`
		} `json:"prf"`
		Props *struct {
			RK *bool `json:"rk"`
		} `json:"credProps"`
	} `json:"clientExtensionResults"`
	Response struct {
		ClientData    string   `json:"clientDataJSON"`
		Attestation   string   `json:"attestationObject"`
		Transports    []string `json:"transports"`
		Authenticator string   `json:"authenticatorData"`
		Signature     string   `json:"signature"`
		UserHandle    string   `json:"userHandle"`
	} `json:"response"`
}

// readAnswer looks at the answer before the library does.
func readAnswer(credential []byte) (a answer, err error) {
	d := json.NewDecoder(bytes.NewReader(credential))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil || d.More() {
		return a, fmt.Errorf("%w: not a credential of ours", ErrRefused)
	}
	if p := a.Extensions.PRF; p != nil && len(p.Results) > 0 && !bytes.Equal(p.Results, []byte("null")) {
		return a, ErrPRFLeaked
	}
	return a, nil
}
