package anchorhttp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"coffer/anchor"
)

type leavesJSON struct {
	V      int           `json:"v"`
	Leaves []anchor.Leaf `json:"leaves"`
}

type registersJSON struct {
	V         int               `json:"v"`
	Registers []anchor.Register `json:"registers"`
}

type motionsJSON struct {
	V       int                           `json:"v"`
	Motions map[anchor.Leaf]anchor.Motion `json:"motions"`
}

type successionJSON struct {
	V     int                  `json:"v"`
	From  *anchor.ValidatorSet `json:"from,omitempty"` // for who kept only its hash; left out if there is no step
	Steps []anchor.Step        `json:"steps"`
}

// Members adds the routes about who runs the ledger. Nobody votes here: a ballot comes
// from the member's own machine.
func Members(r *mux.Router, m anchor.Membership) {
	get := routes(r)
	get("/register", func(ctx context.Context, _ arguments) (any, error) {
		all, err := m.Registers(ctx)
		return registersJSON{1, all}, err
	})
	get("/motions", func(ctx context.Context, _ arguments) (any, error) {
		motions, err := m.Motions(ctx)
		return motionsJSON{1, motions}, err
	})
	get("/foundation", func(ctx context.Context, args arguments) (any, error) {
		height := int64(0)
		if args.query.Has("height") {
			n, err := strconv.ParseUint(args.query.Get("height"), 10, 53)
			if err != nil || n == 0 {
				return nil, invalid("height is the number of a block")
			}
			height = int64(n)
		}
		return m.Foundation(ctx, height)
	})
	get("/succession", func(ctx context.Context, args arguments) (any, error) {
		var from anchor.Leaf
		if err := from.UnmarshalText([]byte(args.query.Get("from"))); err != nil {
			return nil, invalid("from is the hash of a validator set, 32 bytes of base64url")
		}
		steps, err := m.Succession(ctx, from)
		if err != nil || len(steps) == 0 {
			return successionJSON{V: 1, Steps: []anchor.Step{}}, err
		}
		set, err := setOf(ctx, m, steps[0].Next.Chain, from)
		return successionJSON{1, set, steps}, err
	})
}

// setOf finds a validator set by its hash among those of the registers; nil if it is none
// of theirs.
func setOf(ctx context.Context, m anchor.Membership, chain anchor.Chain, hash [32]byte) (*anchor.ValidatorSet, error) {
	registers, err := m.Registers(ctx)
	if errors.Is(err, anchor.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	for _, r := range registers {
		if set := r.Validators(chain); set.Hash() == hash {
			return &set, nil
		}
	}
	return nil, nil
}

// Foundation is what a member that has nothing could begin on, not verified yet: the
// newest, or that of a height. ErrNotFound if the member offers none.
func (c *Client) Foundation(ctx context.Context, height int64) (anchor.Foundation, error) {
	path := "/foundation"
	if height != 0 {
		path = fmt.Sprintf("/foundation?height=%d", height)
	}
	var f anchor.Foundation
	err := c.get(ctx, "foundation", path, &f)
	return f, err
}

// Registers are the member registers as this member tells them, the one in force last.
// A proof of completeness carries the hash of the one in force.
func (c *Client) Registers(ctx context.Context) ([]anchor.Register, error) {
	var j registersJSON
	if err := c.get(ctx, "register", "/register", &j); err != nil {
		return nil, err
	}
	for i, r := range j.Registers {
		if _, err := anchor.ParseRegister(r.Bytes()); err != nil {
			return nil, fmt.Errorf("reading the ledger's register %d: %w", i, err)
		}
	}
	return j.Registers, nil
}

// Motions are what members are voting on, as this member tells.
func (c *Client) Motions(ctx context.Context) (map[anchor.Leaf]anchor.Motion, error) {
	var j motionsJSON
	err := c.get(ctx, "motions", "/motions", &j)
	return j.Motions, err
}

// Succession leads from a set that the caller trusts to the newest one, and verifies it
// on the way.
func (c *Client) Succession(ctx context.Context, trusted anchor.ValidatorSet) (anchor.ValidatorSet, error) {
	steps, err := c.Steps(ctx, trusted.Hash())
	if err != nil {
		return trusted, err
	}
	newest, err := trusted.Succeed(steps)
	if err != nil {
		return trusted, fmt.Errorf("reading the ledger's succession: %w", err)
	}
	return newest, nil
}

// Steps are the changes since the set with this hash, not verified yet: see
// anchor.Verifier.Follow. ErrNotFound if the member says that the ledger never had it.
func (c *Client) Steps(ctx context.Context, from [32]byte) ([]anchor.Step, error) {
	var j successionJSON
	err := c.get(ctx, "succession", "/succession?from="+anchor.Leaf(from).String(), &j)
	return j.Steps, err
}

// Complete reads all entries of a handle and the proof that they are all, not verified
// yet: see anchor.Completeness.
func (c *Client) Complete(ctx context.Context, h anchor.Handle) (anchor.Completeness, error) {
	var p anchor.Completeness
	if err := c.get(ctx, "completeness proof", "/handles/"+h.String()+"/complete", &p); err != nil {
		return p, err
	}
	if p.Handle != h {
		return p, fmt.Errorf("reading the ledger's completeness proof: it is of another handle")
	}
	return p, nil
}

// ProveAll reads one proof of several entries, not verified yet: see anchor.MultiProof.
func (c *Client) ProveAll(ctx context.Context, leaves []anchor.Leaf) (anchor.MultiProof, error) {
	var p anchor.MultiProof
	body, err := json.Marshal(leavesJSON{1, leaves})
	if err == nil {
		body, err = c.ask(ctx, "multi-proof", http.MethodPost, "/proofs", body)
	}
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return p, fmt.Errorf("reading the ledger's multi-proof: %w", err)
	}
	asked := map[anchor.Leaf]bool{}
	for _, leaf := range leaves {
		asked[leaf] = true
	}
	for _, e := range p.Entries {
		delete(asked, e.Entry.Leaf())
	}
	if len(asked) > 0 {
		return p, fmt.Errorf("reading the ledger's multi-proof: %d entries are not in it", len(asked))
	}
	return p, nil
}
