package consenthttp

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"net/http"

	"github.com/gorilla/mux"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

// walletGrant is a grant as its shopper sees it.
type walletGrant struct {
	Grant      id.Grant      `json:"grant"`
	Request    id.Request    `json:"request"`
	Business   party         `json:"business"`
	Purpose    string        `json:"purpose"`
	PurposeID  string        `json:"purpose_id"`
	Attributes []string      `json:"attributes"`
	Channels   []string      `json:"channels"`
	Start      uint32        `json:"start"`
	End        uint32        `json:"end"`
	State      consent.State `json:"state"`
	Given      consent.Unix  `json:"given"`
	Withdrawn  consent.Unix  `json:"withdrawn"`
	Anchored   bool          `json:"anchored"`
	Entry      consent.Bytes `json:"entry"`
	Receipt    string        `json:"receipt"`

	Countersignature  string `json:"countersignature"`   // of the business; "" before it has collected
	WithdrawalReceipt string `json:"withdrawal_receipt"` // of what paused or ended it last; "" before, and when none came

	Change      consent.ChangeKind `json:"change"`      // what paused or replaced it, or ""
	Successor   string             `json:"successor"`   // the grant that took its place, or ""
	Predecessor string             `json:"predecessor"` // the grant whose place it took, or ""
	Receipts    []string           `json:"receipts"`    // all of its own, in order: the first is receipt

	OnwardOf *id.Grant `json:"onward_of,omitempty"` // of a partner's: the grant that it is under

	Standing *standingJSON `json:"standing,omitempty"` // of its condition, if it has one; the receipt says which
}

func (wt *wallet) grants(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	found, err := wt.Store.Grants(r.Context(), v)
	if err != nil {
		return answer{}, err
	}
	countersigned, err := wt.Store.Countersignatures(r.Context(), v)
	if err != nil {
		return answer{}, err
	}
	before := map[id.Grant]id.Grant{}
	for _, g := range found {
		before[g.Successor] = g.ID
	}
	conditions, err := wt.Store.Conditions(r.Context(), v, wt.Clock())
	if err != nil {
		return answer{}, err
	}
	names, out := wt.names(), []walletGrant{}
	for _, g := range found {
		by, err := names.of(r.Context(), g.Business)
		if err != nil {
			return answer{}, err
		}
		one := walletGrant{
			Grant: g.ID, Request: g.Request, Business: by, Purpose: g.Purpose, PurposeID: g.PurposeID,
			Attributes: list(g.Attributes), Channels: list(g.Channels), Start: uint32(g.Start), End: uint32(g.End),
			State: g.State, Given: g.Given, Withdrawn: g.Withdrawn, Anchored: g.Anchored, Entry: g.Entry, Receipt: g.Receipt,
			Countersignature: countersigned[g.ID], WithdrawalReceipt: closing(g),
			Change: g.Change, Successor: optional(g.Successor), Predecessor: optional(before[g.ID]), Receipts: g.Receipts(),
		}
		if g.Onward() {
			one.OnwardOf = &g.OnwardOf
		}
		if shown, ok := conditions[g.ID]; ok {
			one.Standing = standingOf(shown)
		}
		out = append(out, one)
	}
	return ok(map[string]any{"grants": out})
}

// closing is the newest receipt of what paused or ended a grant.
func closing(g consentdb.Grant) string {
	all := g.Receipts()
	if len(all) == 1 {
		return ""
	}
	return all[len(all)-1]
}

// optional names an id, or nothing.
func optional[I ~[16]byte](i I) string {
	if i == (I{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(i[:])
}

// own finds the grant that the route names, if it is this vault's.
func (wt *wallet) own(r *http.Request, v id.Vault) (consentdb.Grant, anchor.Grant, error) {
	name, err := pathID[id.Grant](mux.Vars(r)["id"])
	if err != nil {
		return consentdb.Grant{}, anchor.Grant{}, err
	}
	g, err := wt.Store.Grant(r.Context(), v, name)
	if err != nil {
		return consentdb.Grant{}, anchor.Grant{}, err
	}
	entry, err := consent.Given{Entry: g.Entry}.GrantEntry()
	return g, entry, err
}

func (wt *wallet) grantProof(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	_, entry, err := wt.own(r, v)
	if err != nil {
		return answer{}, err
	}
	return wt.prove(r.Context(), entry.Leaf())
}

func (wt *wallet) withdrawalProof(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	g, _, err := wt.own(r, v)
	if err != nil {
		return answer{}, err
	}
	if len(g.WithdrawEntry) == 0 {
		return answer{}, consent.ErrNotFound
	}
	return wt.prove(r.Context(), anchor.HashLeaf(g.WithdrawEntry))
}

func (wt *wallet) prove(ctx context.Context, leaf anchor.Leaf) (answer, error) {
	p, err := wt.Ledger.Prove(ctx, leaf)
	if err != nil {
		return answer{}, err
	}
	return ok(p)
}

// withdraw works at once, with the ledger down too.
func (wt *wallet) withdraw(w http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	var body struct {
		Entry    consent.Bytes    `json:"entry"`
		Receipt  string           `json:"receipt"`
		Partners []withdrawalJSON `json:"partners"` // of the grants under it; may be left out
	}
	if err := httpjson.ReadMax(w, r, &body, (1+consent.MaxPartners)*(smallBody+2*consent.MaxReceipt)); err != nil {
		return answer{}, err
	}
	g, _, err := wt.own(r, v)
	if err != nil {
		return answer{}, err
	}
	if g.State != consent.StateWithdrawn {
		end, err := wt.readWithdrawal(r.Context(), g, withdrawalJSON{g.ID, body.Entry, body.Receipt}, "entry")
		if err != nil {
			return answer{}, err
		}
		if end.Partners, err = wt.readOnward(r.Context(), g, body.Partners); err != nil {
			return answer{}, err
		}
		if err := wt.Store.Withdraw(r.Context(), end); err != nil {
			return answer{}, err
		}
	}
	wait, cancel := context.WithTimeout(r.Context(), wt.WaitWithdraw)
	defer cancel()
	found, err := wt.Store.Await(wait, v, []id.Grant{g.ID})
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"state": found[0].State, "anchored": found[0].WithdrawAnchored})
}

// ends holds the receipt of a withdrawal against the grant's own, or that of its pause.
func (wt *wallet) ends(ctx context.Context, g consentdb.Grant, jwt string) error {
	given, err := wt.Signatures.VerifyReceipt(ctx, standing(g))
	if err != nil {
		return err
	}
	receipt, err := wt.Signatures.VerifyReceipt(ctx, jwt)
	if err != nil {
		return err
	}
	return receipt.Ends(given)
}

const accessPage = 100

type walletAccess struct {
	Grant    id.Grant        `json:"grant"`
	Business party           `json:"business"`
	Row      string          `json:"row"`
	Head     consent.LogHead `json:"head"`
}

func (wt *wallet) accesses(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	query := r.URL.Query()
	var grant id.Grant
	if text := query.Get("grant"); text != "" {
		var err error
		if grant, err = pathID[id.Grant](text); err != nil {
			return answer{}, err
		}
	}
	after, err := parseCursor(query.Get("after"))
	if err != nil {
		return answer{}, err
	}
	found, err := wt.Store.Accesses(r.Context(), v, grant, after, accessPage)
	if err != nil {
		return answer{}, err
	}
	names, out, next := wt.names(), []walletAccess{}, ""
	for _, a := range found {
		by, err := names.of(r.Context(), a.Business)
		if err != nil {
			return answer{}, err
		}
		out = append(out, walletAccess{a.Grant, by, a.Row, a.Head})
	}
	if len(found) == accessPage {
		next = cursorAt(found[accessPage-1])
	}
	return ok(map[string]any{"accesses": out, "next": next})
}

// cursorAt names a place in the access log: time 8 ‖ grant 16 ‖ number 8.
func cursorAt(a consentdb.Access) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(a.At))
	b = append(b, a.Grant[:]...)
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(b, uint64(a.Seq)))
}

func parseCursor(text string) (c consentdb.AccessCursor, err error) {
	if text == "" {
		return c, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != 32 {
		return c, &consent.Refusal{Code: consent.Malformed, At: "after"}
	}
	return consentdb.AccessCursor{
		At:    consent.Unix(binary.BigEndian.Uint64(b)),
		Grant: id.Grant(b[8:24]),
		Seq:   int64(binary.BigEndian.Uint64(b[24:])),
	}, nil
}
