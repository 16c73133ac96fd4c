package consenthttp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

// giveJSON is what comes with one purpose that is given.
type giveJSON struct {
	Grant    id.Grant      `json:"grant"`
	Receipt  string        `json:"receipt"`
	Letter   string        `json:"letter"`
	Shares   []shareJSON   `json:"shares"`
	Withdraw consent.Bytes `json:"withdraw"`
}

type shareJSON struct {
	Document     id.Document   `json:"document"`
	Version      int64         `json:"version"`
	Attribute    string        `json:"attribute"`
	EncryptedKey consent.Bytes `json:"encrypted_key"`
}

// encryptedKeySize is a 32-byte key under AES-KW (RFC 3394).
const encryptedKeySize = 40

// decided is a decision that holds against its request and the policy.
type decided struct {
	request  consent.Request
	decision consent.Decision
	document string
	grants   []consent.Grant // one for each of decision.Give, without papers
}

func (wt *wallet) startDecision(w http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	var body struct {
		Decision string `json:"decision"`
	}
	if err := httpjson.ReadMax(w, r, &body, 2*consent.MaxDecision); err != nil {
		return answer{}, err
	}
	d, err := wt.judge(r.Context(), v, body.Decision)
	if err != nil {
		return answer{}, err
	}
	challenge := consent.Challenge([]byte(d.document))
	options, ceremony, err := wt.Confirm.Start(r.Context(), v, challenge[:])
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"public_key": options, "ceremony": ceremony})
}

func (wt *wallet) decide(w http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	var body struct {
		Decision   string          `json:"decision"`
		Ceremony   string          `json:"ceremony"`
		Credential json.RawMessage `json:"credential"`
		Give       []giveJSON      `json:"give"`
		Ends       []endsJSON      `json:"ends"` // one for each grant that the decision replaces
		Documents  struct {
			Puts []consentdb.Document `json:"puts"`
		} `json:"documents"`
	}
	if err := httpjson.ReadMax(w, r, &body, decisionBody); err != nil {
		return answer{}, err
	}
	d, err := wt.judge(r.Context(), v, body.Decision)
	if err != nil {
		return answer{}, err
	}
	given, err := wt.readGive(r.Context(), d, body.Give)
	if err != nil {
		return answer{}, err
	}
	replaced, err := wt.readEnds(r.Context(), v, d, body.Ends)
	if err != nil {
		return answer{}, err
	}
	// Last, since it uses the ceremony up. Refusing everything must not be harder
	// than giving: the session is enough for it.
	if len(given) > 0 {
		challenge := consent.Challenge([]byte(d.document))
		if err := wt.Confirm.Finish(r.Context(), v, body.Ceremony, challenge[:], body.Credential); err != nil {
			return answer{}, err
		}
	}
	err = wt.Store.Decide(r.Context(), consentdb.Decision{
		Vault: v, Request: d.request.ID, Business: d.request.Iss, Document: d.document,
		Given: given, Replaced: replaced, Documents: body.Documents.Puts, At: wt.Clock(),
	})
	if err != nil {
		return answer{}, err
	}
	return wt.given(r.Context(), v, d)
}

// given waits a little for the ledger and says how each grant stands.
func (wt *wallet) given(ctx context.Context, v id.Vault, d decided) (answer, error) {
	type state struct {
		Grant id.Grant      `json:"grant"`
		State consent.State `json:"state"`
	}
	grants := make([]id.Grant, len(d.grants))
	for i, g := range d.grants {
		grants[i] = g.ID
	}
	wait, cancel := context.WithTimeout(ctx, wt.WaitGive)
	defer cancel()
	found, err := wt.Store.Await(wait, v, grants)
	if err != nil {
		return answer{}, err
	}
	states := []state{}
	for _, g := range found {
		states = append(states, state{g.ID, g.State})
	}
	to, pushed, err := wt.Return(ctx, d.request.ID, len(d.grants) > 0)
	if err != nil { // the decision stands all the same, and the business learns of it by polling
		wt.Log.Error("returning to a client", "error", err)
	}
	if !pushed {
		to = d.request.ReturnURL
	}
	return ok(map[string]any{"grants": states, "return_url": to})
}

// judge holds a decision against the request that it answers, which is verified
// again, and against the policy.
func (wt *wallet) judge(ctx context.Context, v id.Vault, document string) (decided, error) {
	decision, err := consent.ParseDecision([]byte(document))
	if err != nil {
		return decided{}, err
	}
	kept, err := wt.Store.Request(ctx, v, decision.Request)
	if err != nil {
		return decided{}, err
	}
	now := wt.Clock()
	switch kept.Status(now) {
	case consentdb.StatusAnswered:
		return decided{}, consentdb.ErrAnswered
	case consentdb.StatusExpired:
		return decided{}, consentdb.ErrExpired
	}
	by, err := wt.Store.Business(ctx, kept.Business)
	if err != nil {
		return decided{}, err
	}
	q, err := consent.OpenRequest(ctx, wt.Signatures, kept.JWS, wt.rules(by))
	if err != nil {
		return decided{}, err
	}
	if err := q.Cosigned(ctx, wt.Signatures, kept.Cosignatures); err != nil {
		return decided{}, err
	}
	if err := decision.Answers(q, now); err != nil {
		return decided{}, err
	}
	d := decided{request: q, decision: decision, document: document}
	for _, given := range decision.Give {
		g, err := grantOf(v, q, decision, given)
		if err != nil {
			return decided{}, err
		}
		by := by
		if g.Onward() { // each is judged as whom it is
			if by, err = wt.Store.Business(ctx, g.Business); err != nil {
				return decided{}, err
			}
		}
		ruling := wt.Policy.Decide(consent.Question{Action: consent.ActionGive, Business: by, Grant: g, Now: now})
		if err := consent.Denied(ruling); err != nil {
			return decided{}, err
		}
		d.grants = append(d.grants, g)
	}
	return d, nil
}

// grantOf is the grant that one given purpose becomes.
func grantOf(v id.Vault, q consent.Request, d consent.Decision, given consent.Given) (consent.Grant, error) {
	asked, _ := q.Purpose(given.Purpose) // Answers found it
	entry, err := given.GrantEntry()
	if err != nil {
		return consent.Grant{}, err
	}
	weekly := asked.WeeklyCap
	if len(given.Channels) == 0 {
		weekly = 0
	}
	g := consent.Grant{
		ID: given.Grant, Vault: v, Request: q.ID, Business: q.Iss, Purpose: asked.Purpose, PurposeID: asked.ID,
		Attributes: given.Attributes, Channels: given.Channels, WeeklyCap: weekly,
		Start: entry.Start, End: entry.End, State: consent.StateAnchoring, Minor: d.Minor, Handle: entry.HandleKey, Entry: given.Entry,
		Jurisdictions: q.Countries(), Destinations: q.Destinations(asked), Condition: asked.Condition,
	}
	if p, ok := asked.Partner(given.Partner); ok {
		first, _ := d.First(given.Purpose) // Answers found it
		g.Business, g.OnwardOf, g.Destinations = p.DID, first.Grant, p.Destinations()
	}
	return g, nil
}

// readGive reads what comes with each purpose given: one for each, for no other.
func (wt *wallet) readGive(ctx context.Context, d decided, give []giveJSON) ([]consentdb.Given, error) {
	if len(give) != len(d.grants) {
		return nil, &consent.Refusal{Code: consent.Malformed, At: "give"}
	}
	var out []consentdb.Given
	for i, g := range d.grants {
		n := slices.IndexFunc(give, func(j giveJSON) bool { return j.Grant == g.ID })
		if n < 0 {
			return nil, &consent.Refusal{Code: consent.Malformed, At: "give.grant"}
		}
		given, err := wt.readOne(ctx, d, d.decision.Give[i], g, give[n])
		if err != nil {
			return nil, err
		}
		out = append(out, given)
	}
	return out, nil
}

func (wt *wallet) readOne(ctx context.Context, d decided, said consent.Given, g consent.Grant, came giveJSON) (consentdb.Given, error) {
	entry, err := said.GrantEntry()
	if err != nil {
		return consentdb.Given{}, err
	}
	if err := wt.signed(entry, entry.WalletKey, "give.entry"); err != nil {
		return consentdb.Given{}, err
	}
	receipt, err := wt.Signatures.VerifyReceipt(ctx, came.Receipt)
	if err != nil {
		return consentdb.Given{}, err
	}
	if err := receipt.Matches(d.request, said, wt.Catalogue); err != nil {
		return consentdb.Given{}, err
	}
	if err := receipt.Under(g.OnwardOf); err != nil {
		return consentdb.Given{}, err
	}
	ahead, err := wt.ahead(came.Withdraw, entry, "give.withdraw")
	if err != nil {
		return consentdb.Given{}, err
	}
	if !isLetter(came.Letter) {
		return consentdb.Given{}, &consent.Refusal{Code: consent.Malformed, At: "give.letter", Cause: errors.New("want a compact JWE")}
	}
	shares, err := readShares(g, came.Shares)
	if err != nil {
		return consentdb.Given{}, err
	}
	g.Receipt, g.Letter = came.Receipt, came.Letter
	return consentdb.Given{Grant: g, Withdraw: ahead, Shares: shares}, nil
}

// readShares wants a share for each attribute that is given, and for no other.
func readShares(g consent.Grant, came []shareJSON) ([]consent.Share, error) {
	seen := map[string]bool{}
	var out []consent.Share
	for _, s := range came {
		switch {
		case !g.Covers(s.Attribute):
			return nil, &consent.Refusal{Code: consent.WiderThanRequest, At: "give.shares"}
		case seen[s.Attribute]:
			return nil, &consent.Refusal{Code: consent.Duplicate, At: "give.shares"}
		case s.Document.IsZero() || s.Version < 1 || len(s.EncryptedKey) != encryptedKeySize:
			return nil, &consent.Refusal{Code: consent.Malformed, At: "give.shares"}
		}
		seen[s.Attribute] = true
		out = append(out, consent.Share{Grant: g.ID, Document: s.Document, Version: s.Version, Attribute: s.Attribute, EncryptedKey: s.EncryptedKey})
	}
	if len(out) != len(g.Attributes) {
		return nil, &consent.Refusal{Code: consent.MissingRequired, At: "give.shares"}
	}
	return out, nil
}

// withdrawal reads a withdrawal of the grant that the entry made, signed by the same
// wallet key.
func (wt *wallet) withdrawal(bytes []byte, entry anchor.Grant, at string) (anchor.Withdraw, error) {
	w, err := parse[anchor.Withdraw](bytes, at)
	if err != nil {
		return w, err
	}
	if w.HandleKey != entry.HandleKey {
		return w, &consent.Refusal{Code: consent.BadEntry, At: at, Cause: errors.New("it is of another grant")}
	}
	return w, wt.signed(w, entry.WalletKey, at)
}

// ahead reads a withdrawal that is signed with the grant: valid from the first moment,
// whatever happens to the wallet.
func (wt *wallet) ahead(bytes []byte, entry anchor.Grant, at string) (anchor.Withdraw, error) {
	w, err := wt.withdrawal(bytes, entry, at)
	if err == nil && w.Epoch != entry.Start {
		err = &consent.Refusal{Code: consent.BadEntry, At: at}
	}
	return w, err
}

// withdrawalNow reads a withdrawal of this moment.
func (wt *wallet) withdrawalNow(bytes []byte, entry anchor.Grant, at string) (anchor.Withdraw, error) {
	w, err := wt.withdrawal(bytes, entry, at)
	if err == nil && (w.Epoch < entry.Start || w.Epoch > anchor.EpochAt(wt.Clock())+1) {
		err = &consent.Refusal{Code: consent.BadEntry, At: at}
	}
	return w, err
}
