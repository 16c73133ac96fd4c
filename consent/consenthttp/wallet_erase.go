package consenthttp

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

// eraseChallenge is what a passkey signs to erase a vault. It cannot be taken for a
// decision's, nor for another vault's.
func eraseChallenge(v id.Vault, nonce consent.Nonce) []byte {
	h := sha256.New()
	h.Write([]byte("coffer/v1 erase\x00"))
	h.Write(v[:])
	h.Write(nonce[:])
	return h.Sum(nil)
}

// The ceremony carries the nonce, so that nothing is kept here in between: the
// passkey's own ceremony knows which challenge it was started with.

func (wt *wallet) startErase(w http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	if err := httpjson.ReadMax(w, r, &struct{}{}, smallBody); err != nil {
		return answer{}, err
	}
	nonce := consent.NewNonce()
	options, ceremony, err := wt.Confirm.Start(r.Context(), v, eraseChallenge(v, nonce))
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"public_key": options, "ceremony": nonce.String() + "." + ceremony})
}

func (wt *wallet) erase(w http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	var body struct {
		Ceremony   string          `json:"ceremony"`
		Credential json.RawMessage `json:"credential"`
		Withdraws  []consent.Bytes `json:"withdraws"`
		Receipts   []struct {
			Grant   id.Grant `json:"grant"`
			Receipt string   `json:"receipt"`
		} `json:"receipts"`
	}
	if err := httpjson.ReadMax(w, r, &body, decisionBody); err != nil {
		return answer{}, err
	}
	text, ceremony, _ := strings.Cut(body.Ceremony, ".")
	var nonce consent.Nonce
	if err := nonce.UnmarshalText([]byte(text)); err != nil {
		return answer{}, &consent.Refusal{Code: consent.Malformed, At: "ceremony"}
	}
	fresh, err := wt.freshWithdrawals(r, v, body.Withdraws)
	if err != nil {
		return answer{}, err
	}
	var receipts []consentdb.ErasedReceipt
	for _, came := range body.Receipts {
		if err := wt.erases(r, v, came.Grant, came.Receipt); err != nil {
			return answer{}, err
		}
		receipts = append(receipts, consentdb.ErasedReceipt{Grant: came.Grant, Receipt: came.Receipt})
	}
	if err := wt.Confirm.Finish(r.Context(), v, ceremony, eraseChallenge(v, nonce), body.Credential); err != nil {
		return answer{}, err
	}
	now := wt.Clock()
	n, err := wt.Store.Erase(r.Context(), v, fresh, now, receipts...)
	if errors.Is(err, consentdb.ErrLeftovers) {
		wt.Log.Error("erasing", "error", err)
	} else if err != nil {
		return answer{}, err
	}
	receipt, err := wt.Sign(consent.ErasureType, consent.Erasure{V: 1, Operator: wt.Origin, Vault: v, Erased: consent.UnixAt(now), Grants: n})
	if err != nil { // the vault is gone all the same
		return answer{}, err
	}
	return ok(map[string]any{"erased": consent.UnixAt(now), "grants_withdrawn": n, "erasure": receipt})
}

// erases holds the receipt of a grant's end with its vault against the grant's newest. It
// goes to the business.
func (wt *wallet) erases(r *http.Request, v id.Vault, name id.Grant, jwt string) error {
	g, err := wt.Store.Grant(r.Context(), v, name)
	if err != nil {
		return err
	}
	if g.State != consent.StateAnchoring && g.State != consent.StateLive && g.State != consent.StatePaused {
		return &consent.Refusal{Code: consent.WrongReceipt, At: "receipts"} // it is over
	}
	before, err := wt.Signatures.VerifyReceipt(r.Context(), standing(g))
	if err != nil {
		return err
	}
	receipt, err := wt.Signatures.VerifyReceipt(r.Context(), jwt)
	if err != nil {
		return err
	}
	return receipt.Closes(before, consent.EventErased)
}

// freshWithdrawals reads withdrawals of the vault's own grants; each must be signed
// by its grant's wallet key.
func (wt *wallet) freshWithdrawals(r *http.Request, v id.Vault, entries []consent.Bytes) ([]anchor.Withdraw, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	grants, err := wt.Store.Grants(r.Context(), v)
	if err != nil {
		return nil, err
	}
	byHandle := map[anchor.Handle]anchor.Grant{}
	for _, g := range grants {
		entry, err := consent.Given{Entry: g.Entry}.GrantEntry()
		if err != nil {
			return nil, err
		}
		byHandle[g.Handle] = entry
	}
	var out []anchor.Withdraw
	for _, b := range entries {
		w, err := parse[anchor.Withdraw](b, "withdraws")
		if err != nil {
			return nil, err
		}
		entry, known := byHandle[w.HandleKey]
		if !known || w.Epoch < entry.Start || w.Epoch > anchor.EpochAt(wt.Clock())+1 {
			return nil, &consent.Refusal{Code: consent.BadEntry, At: "withdraws"}
		}
		if err := wt.signed(w, entry.WalletKey, "withdraws"); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}
