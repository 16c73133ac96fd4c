package anchorhttp

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"coffer/anchor"
)

var b64 = base64.RawURLEncoding.Strict()

// maxAnswer bounds what a member can make a client read.
const maxAnswer = 64 << 20

// Client asks one member. It is safe for concurrent use.
type Client struct {
	Origin string       // of the member, as in https://ledger.example
	HTTP   *http.Client // nil means http.DefaultClient
}

// Validators is the set that the member says signs the ledger. Who verifies
// with it trusts the member: compare it with what other members say.
func (c *Client) Validators(ctx context.Context) (anchor.ValidatorSet, error) {
	var set anchor.ValidatorSet
	err := c.get(ctx, "validators", "/validators", &set)
	return set, err
}

// Head is the newest state of the log, as the member tells it.
func (c *Client) Head(ctx context.Context) (anchor.Head, error) {
	var j headJSON
	if err := c.get(ctx, "head", "/head", &j); err != nil {
		return anchor.Head{}, err
	}
	return anchor.Head{Size: j.Size, Root: j.Root, Height: j.Height, Time: time.Unix(j.Time, 0).UTC()}, nil
}

// Prove fetches a proof of the entry with this leaf. It is of that entry, but
// nothing is shown before its Verify. ErrNotFound if the member has none.
func (c *Client) Prove(ctx context.Context, leaf anchor.Leaf) (anchor.Proof, error) {
	var p anchor.Proof
	if err := c.get(ctx, "proof", "/proofs/"+leaf.String(), &p); err != nil {
		return anchor.Proof{}, err
	}
	if anchor.HashLeaf(p.Entry) != leaf {
		return anchor.Proof{}, errors.New("reading the ledger's proof: it is of another entry")
	}
	return p, nil
}

// Consistency fetches a proof that the log grew from one size to another. It is
// of those sizes, but nothing is shown before its Verify. ErrNotFound if the
// member's log never had them.
func (c *Client) Consistency(ctx context.Context, from, to uint64) (anchor.Consistency, error) {
	var p anchor.Consistency
	if err := c.get(ctx, "consistency proof", fmt.Sprintf("/consistency?from=%d&to=%d", from, to), &p); err != nil {
		return anchor.Consistency{}, err
	}
	if p.From != from || p.To != to {
		return anchor.Consistency{}, errors.New("reading the ledger's consistency proof: it is of other sizes")
	}
	return p, nil
}

// Entries lists what the member has under a handle, in log order; none is no
// error. Each entry is about the handle, but only proofs show that it is on the
// ledger, and only a complete log shows that none is missing.
func (c *Client) Entries(ctx context.Context, h anchor.Handle) ([]anchor.Indexed, error) {
	var j handleJSON
	err := c.get(ctx, "entries", "/handles/"+h.String(), &j)
	if errors.Is(err, anchor.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make([]anchor.Indexed, len(j.Entries))
	for i, e := range j.Entries {
		entry, err := anchor.ParseEntry(e.Entry)
		if err != nil {
			return nil, fmt.Errorf("reading the ledger's entries: %w", err)
		}
		if entry.Handle() != h || i > 0 && e.Index <= out[i-1].Index {
			return nil, errors.New("reading the ledger's entries: they are not those of the handle in log order")
		}
		out[i] = anchor.Indexed{Index: e.Index, Entry: entry}
	}
	return out, nil
}

// CheckpointKey is the key that the member says signs its checkpoints. Keep the
// first one, or take it from the member some other way.
func (c *Client) CheckpointKey(ctx context.Context) (string, error) {
	b, err := c.fetch(ctx, "checkpoint key", "/checkpoint-key")
	return strings.TrimSuffix(string(b), "\n"), err
}

// Checkpoint is the member's newest signed note, not opened yet.
func (c *Client) Checkpoint(ctx context.Context) ([]byte, error) {
	return c.fetch(ctx, "checkpoint", "/checkpoint")
}

// SignedHeader is the newest one, not verified yet: see anchor.VerifyHeader.
func (c *Client) SignedHeader(ctx context.Context) ([]byte, error) {
	var j signedHeaderJSON
	err := c.get(ctx, "header", "/header", &j)
	return j.SignedHeader, err
}

func (c *Client) get(ctx context.Context, what, path string, to any) error {
	body, err := c.fetch(ctx, what, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, to); err != nil {
		return fmt.Errorf("reading the ledger's %s: %w", what, err)
	}
	return nil
}

func (c *Client) fetch(ctx context.Context, what, path string) ([]byte, error) {
	return c.ask(ctx, what, http.MethodGet, path, nil)
}

// ask is fetch with a method and a JSON body.
func (c *Client) ask(ctx context.Context, what, method, path string, asked []byte) ([]byte, error) {
	fail := func(err error) ([]byte, error) { return nil, fmt.Errorf("reading the ledger's %s: %w", what, err) }
	r, err := http.NewRequestWithContext(ctx, method, c.Origin+prefix+path, bytes.NewReader(asked))
	if err != nil {
		return fail(err)
	}
	if asked != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(r)
	if err != nil {
		return fail(fmt.Errorf("%w: %w", anchor.ErrUnavailable, err))
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusNotFound:
		return fail(c.notFound(answer))
	case answer.StatusCode == http.StatusGone:
		return fail(anchor.ErrGone)
	case answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests:
		return fail(fmt.Errorf("%w: it answers %s", anchor.ErrUnavailable, answer.Status))
	case answer.StatusCode != http.StatusOK:
		return fail(fmt.Errorf("it answers %s", answer.Status))
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return fail(fmt.Errorf("%w: %w", anchor.ErrUnavailable, err))
	}
	if len(body) > maxAnswer {
		return fail(fmt.Errorf("the answer is longer than %d bytes", maxAnswer))
	}
	return body, nil
}

// notFound tells a ledger that has no such thing from a server that is no
// member: only the first says so in a problem.
func (c *Client) notFound(answer *http.Response) error {
	var p struct {
		Type string `json:"type"`
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if err != nil || json.Unmarshal(body, &p) != nil || p.Type != "urn:coffer:problem:not-found" {
		return fmt.Errorf("%s serves no ledger; check the origin", c.Origin)
	}
	return anchor.ErrNotFound
}
