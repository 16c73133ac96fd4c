package consenthttp

import (
	"context"
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

// changed is a change that holds against the grant and the policy.
type changed struct {
	consent.Change
	old     consentdb.Grant
	entry   anchor.Grant // of the old one
	request consent.Request
}

func (wt *wallet) startChange(w http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	var body struct {
		Change string `json:"change"`
	}
	if err := httpjson.ReadMax(w, r, &body, 2*consent.MaxChange); err != nil {
		return answer{}, err
	}
	if _, err := wt.judgeChange(r, v, body.Change); err != nil {
		return answer{}, err
	}
	challenge := consent.ChangeChallenge([]byte(body.Change))
	options, ceremony, err := wt.Confirm.Start(r.Context(), v, challenge[:])
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"public_key": options, "ceremony": ceremony})
}

// changeJSON is a change with all that comes with it.
type changeJSON struct {
	Change     string          `json:"change"`
	Withdraw   consent.Bytes   `json:"withdraw"` // null for a paused grant
	Receipt    string          `json:"receipt"`
	Letter     *string         `json:"letter"` // null for a pause, as is ahead
	Ahead      consent.Bytes   `json:"ahead"`
	Shares     []shareJSON     `json:"shares"`
	Ceremony   string          `json:"ceremony"`
	Credential json.RawMessage `json:"credential"`
	Documents  struct {
		Puts []consentdb.Document `json:"puts"`
	} `json:"documents"`
	Partners []withdrawalJSON `json:"partners"` // of the grants under the old one, which end with it; may be left out
}

// change works at once, with the ledger down too: from then on the old grant gives
// nothing. Its successor takes effect when it is anchored.
func (wt *wallet) change(w http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	var body changeJSON
	if err := httpjson.ReadMax(w, r, &body, decisionBody); err != nil {
		return answer{}, err
	}
	c, err := wt.judgeChange(r, v, body.Change)
	if err != nil {
		return answer{}, err
	}
	kept := consentdb.Change{Vault: v, Grant: c.old.ID, Kind: c.Kind, Documents: body.Documents.Puts, At: wt.Clock()}
	if kept.Withdraw, err = wt.ending(c, body.Withdraw); err != nil {
		return answer{}, err
	}
	if kept.Partners, err = wt.readOnward(r.Context(), c.old, body.Partners); err != nil {
		return answer{}, err
	}
	if err := wt.records(r.Context(), c, body.Receipt); err != nil {
		return answer{}, err
	}
	if c.Next == nil {
		if body.Letter != nil || body.Ahead != nil || len(body.Shares) > 0 {
			return answer{}, &consent.Refusal{Code: consent.Malformed, At: "letter"}
		}
		kept.Pause = body.Receipt
	} else if kept.Next, err = wt.readSuccessor(c, body); err != nil {
		return answer{}, err
	}
	// Last, since it uses the ceremony up. Taking away must not be harder than
	// withdrawing: the session is enough for it.
	if c.Confirmed() {
		challenge := consent.ChangeChallenge([]byte(body.Change))
		if err := wt.Confirm.Finish(r.Context(), v, body.Ceremony, challenge[:], body.Credential); err != nil {
			return answer{}, err
		}
	}
	if err := wt.Store.Change(r.Context(), kept); err != nil {
		return answer{}, err
	}
	stands, patience := c.old.ID, wt.WaitWithdraw
	if c.Next != nil {
		stands, patience = c.Next.Grant, wt.WaitGive
	}
	wait, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	found, err := wt.Store.Await(wait, v, []id.Grant{stands})
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"grant": stands, "state": found[0].State})
}

// judgeChange holds a change against the grant that the route names, the request that
// it answered, and, if it gives something again, the policy.
func (wt *wallet) judgeChange(r *http.Request, v id.Vault, document string) (changed, error) {
	g, entry, err := wt.own(r, v)
	if err != nil {
		return changed{}, err
	}
	c := changed{old: g, entry: entry}
	if c.Change, err = consent.ParseChange([]byte(document)); err != nil {
		return changed{}, err
	}
	kept, err := wt.Store.Request(r.Context(), v, g.Request)
	if err != nil {
		return changed{}, err
	}
	// Not by its signature again: it was verified when it came, and a did:web whose
	// host is away must keep nobody from taking something back.
	if c.request, err = consent.ReadRequest(kept.JWS); err != nil {
		return changed{}, err
	}
	now := wt.Clock()
	if err := c.Changes(g.Grant, c.request, now); err != nil {
		return changed{}, err
	}
	if !c.Confirmed() {
		return c, nil
	}
	by, err := wt.Store.Business(r.Context(), g.Business)
	if err != nil {
		return changed{}, err
	}
	next, err := c.successor()
	if err != nil {
		return changed{}, err
	}
	return c, consent.Denied(wt.Policy.Decide(consent.Question{Action: consent.ActionGive, Business: by, Grant: next, Now: now}))
}

// successor is the grant that takes the old one's place, without papers.
func (c changed) successor() (consent.Grant, error) {
	asked, _ := c.request.Purpose(c.old.PurposeID) // Changes found it
	entry, err := c.Next.GrantEntry()
	if err != nil {
		return consent.Grant{}, err
	}
	g := c.old.Grant
	next := consent.Grant{
		ID: c.Next.Grant, Vault: g.Vault, Request: g.Request, Business: g.Business, Purpose: g.Purpose, PurposeID: g.PurposeID,
		Attributes: c.Next.Attributes, Channels: c.Next.Channels, Start: entry.Start, End: c.Next.Until, State: consent.StateAnchoring,
		Minor: g.Minor, Handle: entry.HandleKey, Entry: c.Next.Entry,
		Jurisdictions: c.request.Countries(), Destinations: c.request.Destinations(asked),
	}
	if len(next.Channels) > 0 {
		next.WeeklyCap = asked.WeeklyCap
	}
	return next, nil
}

// ending reads the entry that ends the old grant. A paused one has ended on the ledger.
func (wt *wallet) ending(c changed, entry consent.Bytes) (anchor.Withdraw, error) {
	if c.Kind == consent.ChangeResumed {
		if entry != nil {
			return anchor.Withdraw{}, &consent.Refusal{Code: consent.BadEntry, At: "withdraw", Cause: errors.New("the grant is off the ledger already")}
		}
		return anchor.Withdraw{}, nil
	}
	return wt.withdrawalNow(entry, c.entry, "withdraw")
}

// records holds the receipt that came with a change against all that it speaks of.
func (wt *wallet) records(ctx context.Context, c changed, jwt string) error {
	before, err := wt.Signatures.VerifyReceipt(ctx, standing(c.old))
	if err != nil {
		return err
	}
	receipt, err := wt.Signatures.VerifyReceipt(ctx, jwt)
	if err != nil {
		return err
	}
	return receipt.Records(c.Change, before, c.request, nil)
}

// standing is the receipt that the next one must name: of a paused grant that of its
// pause, of any other the one that began it.
func standing(g consentdb.Grant) string {
	for _, l := range g.Later {
		if l.Event == consent.EventPaused {
			return l.Receipt
		}
	}
	return g.Receipt
}

// readSuccessor reads what comes with a successor.
func (wt *wallet) readSuccessor(c changed, body changeJSON) (*consentdb.Given, error) {
	g, err := c.successor()
	if err != nil {
		return nil, err
	}
	entry, err := c.Next.GrantEntry()
	if err != nil {
		return nil, err
	}
	if err := wt.signed(entry, entry.WalletKey, "change.next.entry"); err != nil {
		return nil, err
	}
	ahead, err := wt.ahead(body.Ahead, entry, "ahead")
	if err != nil {
		return nil, err
	}
	if body.Letter == nil || !isLetter(*body.Letter) {
		return nil, &consent.Refusal{Code: consent.Malformed, At: "letter", Cause: errors.New("want a compact JWE")}
	}
	shares, err := readShares(g, body.Shares)
	if err != nil {
		return nil, err
	}
	g.Receipt, g.Letter = body.Receipt, *body.Letter
	return &consentdb.Given{Grant: g, Withdraw: ahead, Shares: shares}, nil
}

func isLetter(jwe string) bool {
	return strings.Count(jwe, ".") == 4 && len(jwe) <= 2*consent.MaxReceipt
}

// expired keeps the receipt that a wallet makes when it finds that a grant's time is
// over.
func (wt *wallet) expired(w http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	var body struct {
		Receipt string `json:"receipt"`
	}
	if err := httpjson.ReadMax(w, r, &body, 2*consent.MaxReceipt); err != nil {
		return answer{}, err
	}
	g, _, err := wt.own(r, v)
	if err != nil {
		return answer{}, err
	}
	now := wt.Clock()
	if err := consent.Check(g.Grant, now, consent.Need{Business: g.Business}); !errors.Is(err, consent.GrantExpired) {
		if err == nil || errors.Is(err, consent.Paused) {
			err = &consent.Refusal{Code: consent.WrongReceipt, At: "receipt", Cause: errors.New("the grant is not expired")}
		}
		return answer{}, err
	}
	before, err := wt.Signatures.VerifyReceipt(r.Context(), standing(g))
	if err != nil {
		return answer{}, err
	}
	receipt, err := wt.Signatures.VerifyReceipt(r.Context(), body.Receipt)
	if err == nil {
		err = receipt.Closes(before, consent.EventExpired)
	}
	if err != nil {
		return answer{}, err
	}
	if at := receipt.Events[0].Time; at < consent.UnixAt(g.End.Time()) || at > consent.UnixAt(now.Add(consent.Skew)) {
		return answer{}, &consent.Refusal{Code: consent.WrongReceipt, At: "receipt.events[0].event_time"}
	}
	return answer{status: http.StatusNoContent}, wt.Store.PutExpiry(r.Context(), v, g.ID, body.Receipt, now)
}

// reminders are the grants that end soon.
func (wt *wallet) reminders(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	soon, err := wt.Store.Ending(r.Context(), v, wt.Clock())
	if err != nil {
		return answer{}, err
	}
	type reminder struct {
		Grant id.Grant `json:"grant"`
		End   uint32   `json:"end"`
	}
	out := []reminder{}
	for _, g := range soon {
		out = append(out, reminder{g.ID, uint32(g.End)})
	}
	return ok(map[string]any{"reminders": out})
}
