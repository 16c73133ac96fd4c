package anchorwatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/transparency-dev/merkle/compact"

	"coffer/anchor"
)

// Own is the log that a member keeps itself, and the register of members with it.
type Own interface {
	Registers(ctx context.Context) ([]anchor.Register, error)
	Validators(ctx context.Context) (anchor.ValidatorSet, error)
	Succession(ctx context.Context, from [32]byte) ([]anchor.Step, error)
	CheckpointKey() string
	SignedHeader(ctx context.Context) ([]byte, error)
	Consistency(ctx context.Context, from, to uint64) (anchor.Consistency, error)
	Subtrees(ctx context.Context, level uint, from uint64, n int) ([][32]byte, error)
}

// Other is what another member publishes, such as an anchorhttp.Client.
type Other interface {
	Checkpoint(ctx context.Context) ([]byte, error)
	Consistency(ctx context.Context, from, to uint64) (anchor.Consistency, error)
}

// Council holds what the other members of a ledger publish against one's own log. An
// honest member's checkpoint is always of a log that the validators signed, and so either
// how one's own log begins, or what one's own log is about to become.
type Council struct {
	Own   Own
	Reach func(anchor.Member) Other
	Kept  Folder // of evidence
	Log   *slog.Logger
	Clock func() time.Time

	mu      sync.Mutex
	proofs  *anchor.Verifier // of the validators since the first look
	members []anchor.Seen
	ahead   map[anchor.MemberKey]told // checkpoints that one's own log has not come to yet
	alarms  []anchor.Alarm            // one for each evidence that is kept
	splits  uint64
}

// told is a checkpoint that a member signed.
type told struct {
	anchor.Checkpoint
	note     string
	unproven bool // how one's own log grows to it the member did not show
}

// errUndecided is a look that shows nothing yet.
var errUndecided = errors.New("the next look decides")

// answerWithin is how long a member may take to answer.
const answerWithin = 3 * time.Second

// Run looks at all members again and again until ctx ends.
func (c *Council) Run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := c.Look(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, anchor.ErrUnavailable) {
			c.Log.Error("comparing the other members' checkpoints", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Seen is what was seen last: of each member, and what stands as evidence until its file
// is taken out of the folder.
func (c *Council) Seen() (members []anchor.Seen, alarms []anchor.Alarm) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.members), slices.Clone(c.alarms)
}

// Splits is how often a member was seen to show another log, since the start.
func (c *Council) Splits() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.splits
}

// Look looks at every other member once.
func (c *Council) Look(ctx context.Context) error {
	registers, err := c.Own.Registers(ctx)
	if errors.Is(err, anchor.ErrNotFound) || err == nil && len(registers) == 0 {
		return nil // a ledger of the first version names no members
	}
	if err != nil {
		return err
	}
	var others []anchor.Member
	for _, m := range registers[len(registers)-1].Members {
		if m.Checkpoint != c.Own.CheckpointKey() {
			others = append(others, m)
		}
	}
	seen := make([]anchor.Seen, len(others))
	var wg sync.WaitGroup
	for i, m := range others {
		wg.Go(func() { seen[i] = c.look(ctx, m) })
	}
	wg.Wait()
	alarms, err := c.Kept.alarms()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members, c.alarms = seen, alarms
	return err
}

// look compares one member, and keeps evidence of what should not be.
func (c *Council) look(ctx context.Context, m anchor.Member) anchor.Seen {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	seen := anchor.Seen{Member: m.Key, Name: m.Name, Sight: anchor.SightSilent}
	before := c.before(m.Key)
	seen.At, seen.Size = before.At, before.Size
	other := c.Reach(m)
	note, err := other.Checkpoint(ctx)
	if err != nil {
		return seen
	}
	seen.At = c.Clock()
	said, err := openCheckpoint(note, m)
	if err != nil {
		// Bytes that nobody signed prove nothing: there is no evidence to keep.
		seen.Sight = anchor.SightAnother
		if before.Sight != anchor.SightAnother {
			c.Log.Error("a member's checkpoint is not signed by its registered key; ask it, and do not rely on its log meanwhile", "member", m.Name, "error", err)
		}
		return seen
	}
	seen.Size, seen.Sight = said.Size, anchor.SightSame
	found, err := c.compare(ctx, m, other, said)
	switch {
	case err != nil: // nothing is shown; one's own log or the member went away in between
		if seen.Sight = before.Sight; before.Sight == "" {
			seen.Sight = anchor.SightSilent
		}
	case found != nil:
		seen.Sight = anchor.SightAnother
		c.alarm(m, found, before.Sight != anchor.SightAnother)
	}
	return seen
}

func (c *Council) before(k anchor.MemberKey) anchor.Seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.IndexFunc(c.members, func(s anchor.Seen) bool { return s.Member == k }); i >= 0 {
		return c.members[i]
	}
	return anchor.Seen{}
}

// openCheckpoint is the checkpoint in a note that the member signed.
func openCheckpoint(note []byte, m anchor.Member) (told, error) {
	c, err := anchor.OpenCheckpoint(note, m.Checkpoint)
	if err == nil && !strings.HasPrefix(m.Checkpoint, c.Origin+"+") {
		err = fmt.Errorf("it is of %q", c.Origin)
	}
	return told{Checkpoint: c, note: string(note)}, err
}

// alarm keeps evidence and says so, loudly when it is new.
func (c *Council) alarm(m anchor.Member, e *evidence, fresh bool) {
	e.V, e.Violation, e.Time, e.Member, e.Name = 1, Split, c.Clock().Unix(), m.Key, m.Name
	name, err := c.Kept.keep(e)
	if !fresh {
		return
	}
	c.mu.Lock()
	c.splits++
	c.mu.Unlock()
	c.Log.Error("a member shows another log than the one that the validators signed", "member", m.Name, "detail", e.Detail, "evidence", name)
	if err != nil {
		c.Log.Error("keeping the evidence; copy the log line above", "error", err)
	}
}

// compare gives evidence if what a member signed is not of one's own log.
func (c *Council) compare(ctx context.Context, m anchor.Member, other Other, said told) (*evidence, error) {
	own, err := c.standing(ctx)
	if err != nil {
		return nil, err
	}
	if earlier, ok := c.due(m.Key, own.tree.size); ok {
		if e, err := c.begins(ctx, own, earlier); e != nil || err != nil {
			return e, err
		}
	}
	if said.Size <= own.tree.size {
		return c.begins(ctx, own, said)
	}
	// The member is ahead: it must show that this log grows to its, and one's own log
	// must come to the same root later.
	proof, err := other.Consistency(ctx, own.tree.size, said.Size)
	if errors.Is(err, anchor.ErrUnavailable) {
		return nil, err
	}
	said.unproven = err != nil || proof.Verify(own.tree.root, said.Root) != nil
	c.mu.Lock()
	defer c.mu.Unlock()
	waits, ok := c.ahead[m.Key]
	switch {
	case said.unproven && ok && waits.unproven:
		return &evidence{Detail: fmt.Sprintf("it does not show how the %d entries that the validators signed grow to the %d of its checkpoint", own.tree.size, said.Size),
			Told: &toldJSON{said.note}, Own: own.json(nil, nil)}, nil
	case said.unproven: // when one's own log comes there it shows more than a proof that fails
		c.ahead[m.Key] = said
		return nil, errUndecided
	case !ok:
		c.ahead[m.Key] = said
	}
	return nil, nil
}

// due is a checkpoint that was ahead of one's own log and is not any more.
func (c *Council) due(k anchor.MemberKey, size uint64) (told, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ahead == nil {
		c.ahead = map[anchor.MemberKey]told{}
	}
	said, ok := c.ahead[k]
	if !ok || said.Size > size {
		return told{}, false
	}
	delete(c.ahead, k)
	return said, true
}

// begins gives evidence unless one's own log begins with what was said.
func (c *Council) begins(ctx context.Context, own ownLog, said told) (*evidence, error) {
	root, err := c.rootAt(ctx, said.Size)
	if err != nil || root == said.Root {
		return nil, err
	}
	proof, err := c.Own.Consistency(ctx, said.Size, own.tree.size)
	if err != nil {
		return nil, err
	}
	return &evidence{Detail: fmt.Sprintf("its signed log of %d entries has the root %x; that of the validators began with %x", said.Size, said.Root, root),
		Told: &toldJSON{said.note}, Own: own.json(&root, &proof)}, nil
}

// ownLog is what the validators signed last.
type ownLog struct {
	tree   tree
	set    anchor.ValidatorSet
	signed []byte
}

// standing is shown by those who signed at that height, however the validators changed
// since the first look: it becomes evidence, which others verify.
func (c *Council) standing(ctx context.Context) (o ownLog, err error) {
	proofs, err := c.verifier(ctx)
	if err != nil {
		return o, err
	}
	if o.signed, err = c.Own.SignedHeader(ctx); err != nil {
		return o, err
	}
	head, err := proofs.Header(o.signed)
	if anchor.OtherValidators(err) {
		var steps []anchor.Step
		if steps, err = c.Own.Succession(ctx, proofs.Newest().Hash()); err == nil {
			err = proofs.Follow(steps...)
		}
		if err == nil {
			head, err = proofs.Header(o.signed)
		}
	}
	o.tree, o.set = tree{size: head.Size, root: head.Root}, proofs.At(o.signed)
	return o, err
}

// verifier begins with those who sign one's own log when it is first asked for.
func (c *Council) verifier(ctx context.Context) (*anchor.Verifier, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proofs == nil {
		set, err := c.Own.Validators(ctx)
		if err != nil {
			return nil, err
		}
		c.proofs = anchor.NewVerifier(set)
	}
	return c.proofs, nil
}

// rootAt is the root that one's own log had at a size.
func (c *Council) rootAt(ctx context.Context, size uint64) (root [32]byte, err error) {
	if size == 0 {
		return anchor.EmptyRoot(), nil
	}
	ids := compact.RangeNodes(0, size, nil)
	for i := len(ids) - 1; i >= 0; i-- {
		node, err := c.Own.Subtrees(ctx, ids[i].Level, ids[i].Index, 1)
		if err != nil {
			return root, err
		}
		if i == len(ids)-1 {
			root = node[0]
		} else {
			root = anchor.HashChildren(node[0], root)
		}
	}
	return root, nil
}
