package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
	"coffer/anchor/anchorwatch"
)

func newLedgerWatch(now func() time.Time) *cobra.Command {
	cmd := &cobra.Command{
		Use: "watch --state FILE", Args: want(0, 0),
		Short: "Follow what a member publishes, and keep evidence if it lies",
		Long: `Asks a member again and again for its newest checkpoint and signed header, and
checks that the member's key and more than two thirds of the validators signed
them, that both are of one log, and that the log only grew since the last look.
Each look is a line. When members join or leave, it follows if those before agreed.

What was seen is in the state file; keep it, and a member cannot show another past
even after months. With a new state file, the validators and the member's key are
those that --validators and --key name, or else those that the member tells now.

Ends with status 1 at any violation and leaves the evidence beside the state file:
the signed words of the member that contradict each other. A member that does not
answer is no violation; with --once it is status 1, too, without evidence.`,
		Example: `  coffer ledger watch --ledger https://coffer.example --state member.json
  coffer ledger watch --ledger https://coffer.example --state member.json --once`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := need(cmd, "state"); err != nil {
				return err
			}
			flags := cmd.Flags()
			origin, _ := flags.GetString("ledger")
			every, _ := flags.GetDuration("every")
			if every <= 0 {
				return usage("--every %s: want a duration such as 10s", every)
			}
			client, err := ledgerClient(origin)
			if err != nil {
				return err
			}
			w := watcher{client: client, now: now, out: cmd.OutOrStdout()}
			w.path, _ = flags.GetString("state")
			w.key, _ = flags.GetString("key")
			if path, _ := flags.GetString("validators"); path != "" {
				if w.set, err = validatorSet(cmd, path, origin); err != nil {
					return err
				}
			}
			if err := w.begin(); err != nil {
				return err
			}
			if once, _ := flags.GetBool("once"); once {
				return w.look(cmd.Context())
			}
			return w.follow(cmd.Context(), every)
		},
	}
	ledgerFlag(cmd)
	cmd.Flags().String("state", "", "the `file` that remembers what was seen; made at the first look")
	cmd.Flags().String("validators", "", "trust the validators in this `file` (coffer ledger validators)")
	cmd.Flags().String("key", "", "the member's checkpoint `key`, as in name+hash+base64")
	cmd.Flags().Duration("every", 10*time.Second, "look again after this `time`")
	cmd.Flags().Bool("once", false, "look once and end")
	return cmd
}

type watcher struct {
	client *anchorhttp.Client
	path   string
	set    anchor.ValidatorSet // what --validators names, if it does
	key    string              // what --key names, if it does
	now    func() time.Time
	out    io.Writer

	state *anchorwatch.State // nil before the first look
}

// begin reads the state, if there is one.
func (w *watcher) begin() error {
	state, err := anchorwatch.ReadState(w.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(w.set.Validators) > 0 && (w.set.Chain != state.Validators.Chain || w.set.Hash() != state.Trusted().Hash()) {
		return fmt.Errorf("the state %s was begun with other validators than --validators names; begin with another state file", w.path)
	}
	if w.key != "" && w.key != state.Key {
		return fmt.Errorf("the state %s was begun with another key than --key names; begin with another state file", w.path)
	}
	w.state = &state
	return nil
}

// follow looks until something is wrong or ctx ends.
func (w *watcher) follow(ctx context.Context, every time.Duration) error {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		if err := w.look(ctx); err != nil && !errors.Is(err, anchor.ErrUnavailable) {
			return err
		} else if err != nil && ctx.Err() == nil {
			w.say("no answer  %v", err)
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// look takes one look, and says what it saw once that is durable.
func (w *watcher) look(ctx context.Context) error {
	var state anchorwatch.State
	var step anchorwatch.Step
	var err error
	if first := w.state == nil; first {
		state, step, err = anchorwatch.Begin(ctx, w.client, w.set, w.key)
	} else {
		state, step, err = w.state.Look(ctx, w.client)
	}
	var violation *anchorwatch.Violation
	if errors.As(err, &violation) {
		w.say("VIOLATION  %v", violation)
		path, err := violation.Keep(w.path, w.client.Origin, w.now())
		if err != nil {
			return err
		}
		fmt.Fprintf(w.out, "evidence in %s\n", path)
		return errFindings
	}
	if err != nil {
		return err
	}
	if err := state.Keep(w.path); err != nil {
		return err
	}
	if w.state == nil {
		fmt.Fprintf(w.out, "watching %s\nvalidators %x\nkey %s\n", state.Validators.Chain, state.Validators.Hash(), state.Key)
	}
	if w.state != nil && w.state.Validators.Hash() != state.Validators.Hash() {
		w.say("other validators, to whom those before agreed: %d, %x", len(state.Validators.Validators), state.Validators.Hash())
	}
	w.state = &state
	w.say("ok  size %d (+%d)  height %d  root %x", step.Checkpoint, step.Grown, step.Height, step.Root)
	return nil
}

func (w *watcher) say(format string, args ...any) {
	fmt.Fprintf(w.out, "%s  %s\n", w.now().UTC().Format(time.RFC3339), fmt.Sprintf(format, args...))
}
