package consenthttp

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"github.com/gorilla/mux"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

const (
	maxPermits    = 256
	maxAttributes = 64
)

// attributeForm keeps what a business writes into a shopper's log to names.
var attributeForm = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

func (b *business) permit(w http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	var body struct {
		Permits []struct {
			Grant id.Grant      `json:"grant"`
			Entry consent.Bytes `json:"entry"`
		} `json:"permits"`
		Wait bool `json:"wait"` // until the hour that they are for
	}
	if err := httpjson.ReadMax(w, r, &body, permitsBody); err != nil {
		return answer{}, err
	}
	if len(body.Permits) == 0 || len(body.Permits) > maxPermits {
		return answer{}, &consent.Refusal{Code: consent.Malformed, At: "permits"}
	}
	var permits []consentdb.Permit
	for _, p := range body.Permits {
		if err := b.within(r.Context(), p.Grant); err != nil {
			return answer{}, err
		}
		entry, err := parse[anchor.Permit](p.Entry, "permits.entry")
		if err != nil {
			return answer{}, err
		}
		if err := b.signed(entry, anchor.WalletKey{}, "permits.entry"); err != nil {
			return answer{}, err
		}
		permits = append(permits, consentdb.Permit{Grant: p.Grant, Kind: consent.PermitCollect, Entry: entry})
	}
	if body.Wait {
		taken, due, err := b.Store.TakeWaiting(r.Context(), by.DID, permits, b.Clock())
		if err != nil {
			return answer{}, err
		}
		return ok(map[string]any{"permits": postedOf(taken), "due": consent.UnixAt(due)})
	}
	taken, err := b.Store.TakePermits(r.Context(), by.DID, permits, b.Clock())
	if err != nil {
		return answer{}, err
	}
	if err := b.anchor(r.Context(), taken); err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"permits": postedOf(taken)})
}

type posted struct {
	Grant id.Grant    `json:"grant"`
	Leaf  anchor.Leaf `json:"leaf"`
}

func postedOf(taken []consentdb.Permit) []posted {
	out := make([]posted, len(taken))
	for i, p := range taken {
		out[i] = posted{p.Grant, p.Entry.Leaf()}
	}
	return out
}

// anchor appends permits and marks those that the ledger took. The first that it
// refused is the error; the others stand all the same. While the ledger does not
// answer they are kept: the business posts them again, or the outbox's sweep finds
// out what became of them.
func (b *business) anchor(ctx context.Context, permits []consentdb.Permit) error {
	var refused error
	for len(permits) > 0 {
		entries := make([]anchor.Entry, len(permits))
		for i, p := range permits {
			entries[i] = p.Entry
		}
		err := b.Ledger.Append(ctx, entries...)
		if err == nil {
			break
		}
		r, ok := errors.AsType[*anchor.Refusal](err)
		i := -1
		if ok {
			i = slices.IndexFunc(permits, func(p consentdb.Permit) bool { return p.Entry.Leaf() == r.Entry })
		}
		if i < 0 {
			return err
		}
		if refused == nil {
			refused = err
		}
		if err := b.Store.DropPermits(ctx, permits[i:i+1]); err != nil {
			return err
		}
		permits = slices.Delete(slices.Clone(permits), i, i+1)
	}
	if err := b.Store.AnchorPermits(ctx, permits); err != nil {
		return err
	}
	return refused
}

func (b *business) collect(w http.ResponseWriter, r *http.Request, by consent.DID) (answer, error) {
	grant, err := pathID[id.Grant](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	var body struct {
		Attributes []string `json:"attributes"`
	}
	if err := httpjson.ReadMax(w, r, &body, smallBody); err != nil {
		return answer{}, err
	}
	if err := checkNames(body.Attributes); err != nil {
		return answer{}, err
	}
	if err := b.within(r.Context(), grant); err != nil {
		return answer{}, err
	}
	now := b.Clock()
	c, err := b.Store.Collect(r.Context(), consentdb.Attempt{
		Business: by, Grant: grant, Attributes: body.Attributes, At: now, Judge: b.judge(now),
	})
	if err != nil {
		return answer{}, err
	}
	return ok(writeCollection(c))
}

// writeCollection writes what json.Marshal would, but copies each release as it is:
// encoding/json would go over the ciphertext twice.
func writeCollection(c consentdb.Collection) written {
	size := 256
	for _, r := range c.Releases {
		size += len(r.Sealed) + 128
	}
	b := append(make([]byte, 0, size), `{"releases":[`...)
	for i, r := range c.Releases {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(append(b, `{"attribute":`...), r.Attribute), `,"sealed":`...)
		b = append(append(b, r.Sealed...), '}')
	}
	b = append(b, `],"refused":[`...)
	for i, f := range c.Refused {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(append(b, `{"attribute":`...), f.Attribute), `,"problem":`...)
		b = append(strconv.AppendQuote(b, string(f.Denial.Reason)), '}')
	}
	return append(append(append(b, `],"log":"`...), c.Log.String()...), "\"}\n"...)
}

func checkNames(attributes []string) error {
	if len(attributes) > maxAttributes {
		return &consent.Refusal{Code: consent.Malformed, At: "attributes"}
	}
	seen := map[string]bool{}
	for _, name := range attributes {
		if !attributeForm.MatchString(name) {
			return &consent.Refusal{Code: consent.Malformed, At: "attributes"}
		}
		if seen[name] {
			return &consent.Refusal{Code: consent.Duplicate, At: "attributes"}
		}
		seen[name] = true
	}
	return nil
}
