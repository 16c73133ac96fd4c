package bft

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	cs "github.com/cometbft/cometbft/consensus"
	cstypes "github.com/cometbft/cometbft/consensus/types"
	nm "github.com/cometbft/cometbft/node"
	cmttypes "github.com/cometbft/cometbft/types"

	"coffer/anchor"
)

const (
	// standstillAfter is how long a block may be under way before the node asks who is missing.
	standstillAfter = 5 * time.Second
	// clockTolerance is how far a clock may be off before it is an alarm. Entries bear an
	// hour off; but a clock that drifts is found before it is one.
	clockTolerance = 10 * time.Second
	// glance is how often the node looks at itself.
	glance = 500 * time.Millisecond
)

// attention is what the node notices about itself and the other members while it runs.
type attention struct {
	mu     sync.Mutex
	alarms map[anchor.AlarmKind]anchor.Alarm
	raised uint64        // how many there were
	failed chan struct{} // closed when the node cannot go on
	cause  error         // why; set before failed is closed
}

func newAttention() *attention {
	return &attention{alarms: map[anchor.AlarmKind]anchor.Alarm{}, failed: make(chan struct{})}
}

// consensusOf reaches the part of a node that decides blocks.
func consensusOf(node *nm.Node) (*cs.State, error) {
	parts, err := node.ConfigureRPC() // configures nothing: it lists the parts
	if err != nil {
		return nil, err
	}
	state, ok := parts.ConsensusState.(*cs.State)
	if !ok {
		return nil, fmt.Errorf("its consensus is a %T", parts.ConsensusState)
	}
	return state, nil
}

// raise notes what is wrong now, or with no detail that nothing is, and logs a change.
func (a *attention) raise(log *slog.Logger, kind anchor.AlarmKind, at time.Time, detail string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	was, stood := a.alarms[kind]
	switch {
	case detail == "" && stood:
		delete(a.alarms, kind)
		log.Info("the ledger goes on", "alarm", kind, "stood", at.Sub(was.Since).Round(time.Second))
	case detail != "" && !stood:
		a.alarms[kind] = anchor.Alarm{Kind: kind, Since: at, Detail: detail}
		a.raised++
		log.Error("the ledger: "+detail, "alarm", kind)
	case detail != "":
		was.Detail = detail
		a.alarms[kind] = was
	}
}

// standing is an alarm's text, empty if it does not stand.
func (a *attention) standing(kind anchor.AlarmKind) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.alarms[kind].Detail
}

// all are the texts of the alarms that stand, and how many were raised since the start.
func (a *attention) all() (texts []string, raised uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, kind := range slices.Sorted(maps.Keys(a.alarms)) {
		texts = append(texts, a.alarms[kind].Detail)
	}
	return texts, a.raised
}

// Condition is how this node is. It answers when the ledger does not.
func (n *Node) Condition() anchor.Condition {
	n.app.mu.RLock()
	c := anchor.Condition{Height: n.app.head.Height, Time: n.app.head.Time}
	n.app.mu.RUnlock()
	n.attention.mu.Lock()
	defer n.attention.mu.Unlock()
	for _, alarm := range n.attention.alarms {
		c.Alarms = append(c.Alarms, alarm)
	}
	if why, since := n.alarm.stood(); why != "" && len(c.Alarms) == 0 { // else the same is said better
		c.Alarms = append(c.Alarms, anchor.Alarm{Kind: anchor.AlarmBehind, Since: since, Detail: why})
	}
	slices.SortFunc(c.Alarms, func(a, b anchor.Alarm) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	return c
}

// Wait returns when ctx ends, or with the reason when the node cannot go on: its disk is
// full or broken, or its state is not what the others agreed on. It must then be closed;
// the next start replays what is missing.
func (n *Node) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-n.attention.failed:
		return n.attention.cause
	}
}

// attend looks at the node until ctx ends.
func (n *Node) attend(ctx context.Context, consensus *cs.State, clock func() time.Time) {
	ended := make(chan struct{})
	go func() { // not waited for: a node that is closed before it took part never ends this
		consensus.Wait()
		close(ended)
	}()
	tick := time.NewTicker(glance)
	defer tick.Stop()
	var block, height int64 // the block under way, and the last that was looked at
	var since time.Time
	var wrong string // whose clock, by the block looked at before
	for {
		select {
		case <-ctx.Done():
			return
		case <-ended:
			if ctx.Err() == nil {
				n.fail(clock())
			}
			return
		case <-tick.C:
		}
		state := consensus.GetRoundState()
		now := time.Now() // durations do not come from a clock that may be set
		if state.Height != block || state.Step <= cstypes.RoundStepNewRound {
			block, since = state.Height, now
		}
		detail := ""
		if now.Sub(since) > standstillAfter {
			detail = n.standstill(state)
		}
		n.attention.raise(n.logger, anchor.AlarmStandstill, clock(), detail)
		n.app.mu.RLock()
		newest := n.app.head.Height
		n.app.mu.RUnlock()
		if newest > height {
			height = newest
			// One block is not enough: who was held up signs later than the others.
			before := wrong
			if wrong = n.wrongClock(newest, clock()); wrong == "" || before != "" {
				n.attention.raise(n.logger, anchor.AlarmClock, clock(), wrong)
			}
		}
	}
}

// fail ends everything that waits for the node, with the reason.
func (n *Node) fail(at time.Time) {
	n.app.mu.RLock()
	cause := n.app.broken
	n.app.mu.RUnlock()
	if cause == nil {
		cause = fmt.Errorf("%w: it stopped: %s", anchor.ErrUnavailable, n.life.why())
		n.app.halt(cause)
	}
	cause = fmt.Errorf("%w; if its disk is full, make room: then start it again, and it catches up; if it stops again, restore the folder from one backup or join anew", cause)
	n.attention.raise(n.logger, anchor.AlarmStopped, at, "this member's node stopped; its log says why")
	n.attention.cause = cause
	close(n.attention.failed)
}

// standstill says whose votes are missing, if the members that vote cannot decide a
// block without them.
func (n *Node) standstill(state *cstypes.RoundState) string {
	// Somebody may have voted in the first half of a round and not in the second.
	due := state.Votes.Prevotes(state.Round)
	if due.HasTwoThirdsAny() {
		due = state.Votes.Precommits(state.Round)
	}
	var missing []string
	var power int64
	for i, v := range state.Validators.Validators {
		if due.GetByIndex(int32(i)) == nil {
			missing, power = append(missing, n.nameOf(v)), power+v.VotingPower
		}
	}
	if power*3 < state.Validators.TotalVotingPower() {
		return ""
	}
	return fmt.Sprintf("it stands still at block %d: %d of %d members vote, and more than two thirds must; nothing is lost, and what waits is decided when they are back: start %s, or look at the network between their nodes and this one",
		state.Height, state.Validators.Size()-len(missing), state.Validators.Size(), strings.Join(missing, ", "))
}

// nameOf is a validator's name in the register.
func (n *Node) nameOf(v *cmttypes.Validator) string {
	if m, ok := n.app.voter(v.Address); ok {
		return m.Name
	}
	return v.Address.String()
}

// wrongClock says whose clock is not that of the others, as far as the newest block
// shows. A block's time is the median of its voters' clocks, so it is behind every good
// clock that reads it; and each voter signed its own time. A voter whose clock is behind
// signs the block's time instead: only itself can tell.
func (n *Node) wrongClock(height int64, now time.Time) string {
	meta := n.app.blocks.LoadBlockMeta(height)
	if meta == nil {
		return ""
	}
	var wrong []string
	if by := meta.Header.Time.Sub(now); by > clockTolerance {
		wrong = append(wrong, fmt.Sprintf("this member's clock is %s behind the other members'", by.Round(time.Second)))
	}
	commit := n.app.blocks.LoadSeenCommit(height)
	set, err := n.dbs.state.LoadValidators(height)
	if commit == nil || err != nil || len(commit.Signatures) != set.Size() {
		return said(wrong)
	}
	for i, v := range set.Validators {
		var others []time.Time
		for k, s := range commit.Signatures {
			if k != i && s.BlockIDFlag == cmttypes.BlockIDFlagCommit {
				others = append(others, s.Timestamp)
			}
		}
		if commit.Signatures[i].BlockIDFlag != cmttypes.BlockIDFlagCommit || len(others) < 2 {
			continue
		}
		slices.SortFunc(others, time.Time.Compare)
		by := commit.Signatures[i].Timestamp.Sub(others[len(others)/2])
		if by <= clockTolerance {
			continue
		}
		whose := n.nameOf(v) + "'s clock"
		if bytes.Equal(v.Address, n.address) {
			whose = "this member's clock"
		}
		wrong = append(wrong, fmt.Sprintf("%s is %s ahead of the other members'", whose, by.Round(time.Second)))
	}
	return said(wrong)
}

func said(wrong []string) string {
	if len(wrong) == 0 {
		return ""
	}
	return strings.Join(wrong, "; ") + ": set it by NTP; entries with another hour than the ledger's are refused, and with a third of the clocks wrong the ledger's own time is"
}

// explained adds to a passing error why the ledger does not answer, as far as is known.
func (n *Node) explained(err error) error {
	if why := n.attention.standing(anchor.AlarmStandstill); why != "" && errors.Is(err, anchor.ErrUnavailable) {
		return fmt.Errorf("%w: %s", err, why)
	}
	return err
}
