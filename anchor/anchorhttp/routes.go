// Package anchorhttp reads the ledger over HTTP: routes of a member, and the
// client of whoever wants proofs. Nobody appends here; entries come through an
// operator.
//
//	GET /ledger/v1/validators            the validator set
//	GET /ledger/v1/head                  size, root, height and time
//	GET /ledger/v1/proofs/{leaf}         a proof of the entry
//	GET /ledger/v1/handles/{handle}      a grant and all entries under its handle
//	GET /ledger/v1/handles/{handle}/complete  all of them, and proof that they are all
//	POST /ledger/v1/proofs               one proof of several entries: {"v":1,"leaves":[…]}
//	GET /ledger/v1/register              the member registers, the one in force last
//	GET /ledger/v1/motions               what members are voting on
//	GET /ledger/v1/succession?from=      from a validator set, by its hash, to the newest
//	GET /ledger/v1/foundation[?height=]  what a member that has nothing begins on
//	GET /ledger/v1/consistency?from=&to= a proof that the log only grew
//	GET /ledger/v1/header                the newest signed header
//	GET /ledger/v1/status                how the member is, by its own account
//
// The log itself is published as c2sp.org/tlog-tiles says, for tools of others:
//
//	GET /ledger/v1/checkpoint                 its size and root, a signed note
//	GET /ledger/v1/checkpoint-key             the key that signs it
//	GET /ledger/v1/tile/<L>/<N>[.p/<W>]       hashes
//	GET /ledger/v1/tile/entries/<N>[.p/<W>]   entries
//
// # Trust
//
// Anyone may ask: an answer is about random keys. Who asks for a handle tells
// the member that it knows the handle. The client believes nothing it is told:
// proofs are for verifying against a validator set that was obtained elsewhere,
// and each entry is parsed. A lying member can withhold and can show an old head;
// one that shows two logs leaves checkpoints that prove it.
package anchorhttp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"coffer/anchor"
	"coffer/internal/httpjson"
)

// patience is how long a route waits for the ledger.
const patience = 10 * time.Second

const prefix = "/ledger/v1"

// Routes adds the ledger's routes, whose paths begin with /ledger/v1, to a root
// router.
func Routes(r *mux.Router, l anchor.Ledger) {
	get := routes(r)
	get("/validators", func(ctx context.Context, _ arguments) (any, error) { return l.Validators(ctx) })
	get("/head", func(ctx context.Context, _ arguments) (any, error) {
		h, err := l.Head(ctx)
		return headJSON{1, l.Chain(), h.Size, h.Root, h.Height, h.Time.Unix()}, err
	})
	get("/header", func(ctx context.Context, _ arguments) (any, error) {
		b, err := l.SignedHeader(ctx)
		return signedHeaderJSON{1, b}, err
	})
	get("/consistency", func(ctx context.Context, args arguments) (any, error) {
		from, err1 := strconv.ParseUint(args.query.Get("from"), 10, 53)
		to, err2 := strconv.ParseUint(args.query.Get("to"), 10, 53)
		if err1 != nil || err2 != nil || from > to {
			return nil, invalid("from and to are numbers of entries, the smaller first")
		}
		return l.Consistency(ctx, from, to)
	})
	get("/proofs/{leaf}", func(ctx context.Context, args arguments) (any, error) {
		var leaf anchor.Leaf
		if err := leaf.UnmarshalText([]byte(args.path["leaf"])); err != nil {
			return nil, invalid("a leaf is 32 bytes of base64url")
		}
		return l.Prove(ctx, leaf)
	})
	get("/handles/{handle}", func(ctx context.Context, args arguments) (any, error) {
		var h anchor.Handle
		if err := h.UnmarshalText([]byte(args.path["handle"])); err != nil {
			return nil, invalid("a handle is 32 bytes of base64url")
		}
		return readHandle(ctx, l, h)
	})
	get("/handles/{handle}/complete", func(ctx context.Context, args arguments) (any, error) {
		var h anchor.Handle
		if err := h.UnmarshalText([]byte(args.path["handle"])); err != nil {
			return nil, invalid("a handle is 32 bytes of base64url")
		}
		return l.Complete(ctx, h)
	})
	r.HandleFunc(prefix+"/proofs", func(w http.ResponseWriter, r *http.Request) { proveAll(w, r, l) }).Methods(http.MethodPost)
	publish(r, l)
}

// routes adds routes that read.
func routes(r *mux.Router) func(path string, answer func(context.Context, arguments) (any, error)) {
	return func(path string, answer func(context.Context, arguments) (any, error)) {
		r.HandleFunc(prefix+path, func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), patience)
			defer cancel()
			v, err := answer(ctx, arguments{mux.Vars(r), r.URL.Query()})
			if err != nil {
				httpjson.Refuse(w, problem(err))
				return
			}
			httpjson.Write(w, http.StatusOK, v)
		}).Methods(http.MethodGet)
	}
}

// maxLeaves bounds what one request asks to be proved.
const maxLeaves = 4096

func proveAll(w http.ResponseWriter, r *http.Request, l anchor.Ledger) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	var asked leavesJSON
	if err := httpjson.ReadMax(w, r, &asked, 64*maxLeaves); err != nil {
		httpjson.Refuse(w, invalid("want {\"v\":1,\"leaves\":[…]} with leaves of 32 bytes in base64url"))
		return
	}
	if asked.V != 1 || len(asked.Leaves) == 0 || len(asked.Leaves) > maxLeaves {
		httpjson.Refuse(w, invalid(fmt.Sprintf("want version 1 and 1 to %d leaves", maxLeaves)))
		return
	}
	p, err := l.ProveAll(ctx, asked.Leaves)
	if err != nil {
		httpjson.Refuse(w, problem(err))
		return
	}
	httpjson.Write(w, http.StatusOK, p)
}

// readHandle reads the entries first, so that the grant's state is never older
// than they are.
func readHandle(ctx context.Context, l anchor.Ledger, h anchor.Handle) (any, error) {
	entries, err := l.Entries(ctx, h)
	if err != nil {
		return nil, err
	}
	g, err := l.Grant(ctx, h)
	if err != nil {
		return nil, err
	}
	j := handleJSON{V: 1, Handle: h, Grant: grantJSON{g.Start, g.End, g.Wallet, g.Withdrawn}, Entries: make([]entryJSON, len(entries))}
	for i, e := range entries {
		j.Entries[i] = entryJSON{e.Index, rawBytes(e.Entry.Bytes())}
	}
	return j, nil
}

// arguments are what a request names.
type arguments struct {
	path  map[string]string
	query url.Values
}

func invalid(detail string) httpjson.Problem {
	return httpjson.Problem{Code: "invalid", Title: "Invalid request", Status: http.StatusBadRequest, Detail: detail}
}

// problem is the one table of errors. What is not in it is ours.
func problem(err error) httpjson.Problem {
	var p httpjson.Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, anchor.ErrNotFound):
		return httpjson.Problem{Code: "not-found", Title: "Not on the ledger", Status: http.StatusNotFound}
	case errors.Is(err, anchor.ErrGone):
		return httpjson.Problem{Code: "entry-gone", Title: "The entry's bytes are gone", Status: http.StatusGone, Detail: "this member keeps entries for a stated time, then only their leaves; ask a member that keeps all, or use your own copy"}
	case errors.Is(err, anchor.ErrUnavailable):
		return httpjson.Problem{Code: "ledger-unavailable", Title: "The ledger does not answer", Status: http.StatusServiceUnavailable, Detail: "try again in a moment"}
	}
	return httpjson.Internal
}

// The documents. Commitment lends its text form to the 32 bytes of a root.

type headJSON struct {
	V      int               `json:"v"`
	Chain  anchor.Chain      `json:"chain_id"`
	Size   uint64            `json:"size"`
	Root   anchor.Commitment `json:"root"`
	Height int64             `json:"height"`
	Time   int64             `json:"time"`
}

type signedHeaderJSON struct {
	V            int      `json:"v"`
	SignedHeader rawBytes `json:"signed_header"`
}

type handleJSON struct {
	V       int           `json:"v"`
	Handle  anchor.Handle `json:"handle"`
	Grant   grantJSON     `json:"grant"`
	Entries []entryJSON   `json:"entries"`
}

type grantJSON struct {
	Start     anchor.Epoch     `json:"start"`
	End       anchor.Epoch     `json:"end"`
	Wallet    anchor.WalletKey `json:"wallet"`
	Withdrawn bool             `json:"withdrawn"`
}

type entryJSON struct {
	Index uint64   `json:"index"`
	Entry rawBytes `json:"entry"`
}

// rawBytes are written as base64url.
type rawBytes []byte

func (e rawBytes) MarshalJSON() ([]byte, error) { return json.Marshal(b64.EncodeToString(e)) }

func (e *rawBytes) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	var err error
	if *e, err = b64.DecodeString(s); err != nil {
		return fmt.Errorf("parsing base64url: %w", err)
	}
	return nil
}
