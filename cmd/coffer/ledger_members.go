package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
)

// errSplit says that members show different logs; what they show is printed.
var errSplit = errors.New("the members do not show one log; keep what they said with: coffer ledger watch")

func newLedgerMembers(now func() time.Time) *cobra.Command {
	cmd := &cobra.Command{
		Use: "members", Args: want(0, 0),
		Short: "Ask every member of a ledger how far it is, and whether all show the same log",
		Long: `Reads the member register from one member and asks each of them, at the address in the
register, for its signed checkpoint and the newest header. Side by side stand height,
size and root; logs of different sizes are compared by a consistency proof. Headers are
verified under the validators in the file of --validators, or else the ledger's first as
that member names them, and those who came after them by their consent.

Ends with status 1 if two members show different logs. A member that does not answer is
shown as such and is no violation. Alarms are what the member tells of itself: see
coffer ledger status.`,
		Example: `  coffer ledger members --ledger http://127.0.0.1:9000
  coffer ledger members --ledger http://127.0.0.1:9000 --follow`,
		RunE: func(cmd *cobra.Command, args []string) error {
			origin, _ := cmd.Flags().GetString("ledger")
			client, err := ledgerClient(origin)
			if err != nil {
				return err
			}
			path, _ := cmd.Flags().GetString("validators")
			every, _ := cmd.Flags().GetDuration("every")
			follow, _ := cmd.Flags().GetBool("follow")
			if every <= 0 {
				return usage("--every %s: want a duration such as 1s", every)
			}
			var proofs *anchor.Verifier
			for {
				var split bool
				if proofs == nil {
					proofs, err = followed(cmd, client, path, origin)
				}
				if proofs != nil {
					split, err = showMembers(cmd.Context(), cmd.OutOrStdout(), client, proofs, now, follow)
				}
				switch {
				case split:
					return errSplit
				case err != nil && (!follow || !errors.Is(err, anchor.ErrUnavailable)):
					return err
				case err != nil:
					fmt.Fprintf(cmd.OutOrStdout(), "no answer  %v\n", err)
				case !follow:
					return nil
				}
				select {
				case <-time.After(every):
				case <-cmd.Context().Done():
					return nil
				}
			}
		},
	}
	ledgerFlag(cmd)
	cmd.Flags().String("validators", "", "trust the validators in this `file` (coffer ledger validators), and those they made way for")
	cmd.Flags().Bool("follow", false, "draw the table again and again, until interrupted")
	cmd.Flags().Duration("every", time.Second, "with --follow, ask again after this `time`")
	return cmd
}

// followed verifies headers of all validators that the ledger had, from those in the file
// on; without one, from those of the first register.
func followed(cmd *cobra.Command, first *anchorhttp.Client, path, origin string) (*anchor.Verifier, error) {
	var set anchor.ValidatorSet
	var err error
	if path != "" {
		set, err = validatorSet(cmd, path, origin)
	} else if set, err = first.Validators(cmd.Context()); err == nil {
		var registers []anchor.Register
		if registers, err = first.Registers(cmd.Context()); err == nil && len(registers) > 0 {
			set = registers[0].Validators(set.Chain)
		}
	}
	if err != nil {
		return nil, err
	}
	steps, err := succession(cmd, set, origin)
	if err != nil {
		return nil, err
	}
	v := anchor.NewVerifier(set)
	if err := v.Follow(steps...); err != nil {
		return nil, err
	}
	return v, nil
}

// standing is what one member shows.
type standing struct {
	member anchor.Member
	client *anchorhttp.Client
	head   anchor.Head // size and root of its checkpoint, height and time of its header
	alarms []anchor.Alarm
	err    error
}

// showMembers draws the table and reports whether two members show different logs.
func showMembers(ctx context.Context, w io.Writer, first *anchorhttp.Client, proofs *anchor.Verifier, now func() time.Time, again bool) (split bool, err error) {
	registers, err := first.Registers(ctx)
	if err != nil {
		return false, err
	}
	register := registers[len(registers)-1]
	all := make([]standing, len(register.Members))
	var wg sync.WaitGroup
	for i, m := range register.Members {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
			defer cancel()
			all[i] = ask(ctx, m, proofs)
		})
	}
	wg.Wait()
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"member", "role", "height", "size", "root", "age", ""})
	for i := range all {
		agrees, err := agree(ctx, all, i)
		if err != nil {
			return false, err
		}
		split = split || !agrees
		t.AppendRow(row(all[i], agrees, now()))
	}
	if again {
		fmt.Fprint(w, "\x1b[H\x1b[2J") // home, and clear
	}
	set := proofs.Newest()
	fmt.Fprintf(w, "%s, register %d, %d validators\n%s\n", set.Chain, register.Number, len(set.Validators), t.Render())
	return split, nil
}

func row(s standing, agrees bool, now time.Time) table.Row {
	if s.err != nil {
		return table.Row{s.member.Name, s.member.Role, "", "", "", "", alarmed(s.err.Error(), s.alarms)}
	}
	remark := "the same log"
	if !agrees {
		remark = "ANOTHER LOG"
	} else if s.member.Observer {
		remark += ", observer"
	}
	return table.Row{s.member.Name, s.member.Role, s.head.Height, s.head.Size, fmt.Sprintf("%x", s.head.Root[:8]), now.Sub(s.head.Time).Round(time.Second), alarmed(remark, s.alarms)}
}

// alarmed adds to a remark which alarms a member itself tells of.
func alarmed(remark string, alarms []anchor.Alarm) string {
	for _, a := range alarms {
		remark += ", alarm: " + string(a.Kind)
	}
	return remark
}

// ask verifies what a member shows: its checkpoint by its registered key, its header by
// those who validated at its height: it shows itself whether they have changed.
func ask(ctx context.Context, m anchor.Member, proofs *anchor.Verifier) standing {
	s := standing{member: m, client: &anchorhttp.Client{Origin: m.URL}}
	if c, err := s.client.Status(ctx); err == nil {
		s.alarms = c.Alarms // else it does not answer, which the next question shows, or is too old to tell
	}
	note, err := s.client.Checkpoint(ctx)
	if err != nil {
		s.err = errors.New("does not answer")
		return s
	}
	checkpoint, err := anchor.OpenCheckpoint(note, m.Checkpoint)
	if err != nil {
		s.err = fmt.Errorf("its checkpoint: %w", err)
		return s
	}
	signed, err := s.client.SignedHeader(ctx)
	if err == nil {
		s.head, err = proofs.Header(signed)
	}
	if anchor.OtherValidators(err) {
		var steps []anchor.Step
		if steps, err = s.client.Steps(ctx, proofs.Newest().Hash()); err == nil {
			err = proofs.Follow(steps...)
		}
		if err == nil {
			s.head, err = proofs.Header(signed)
		}
	}
	if err != nil {
		s.err = fmt.Errorf("its header: %w", err)
		return s
	}
	s.head.Size, s.head.Root = checkpoint.Size, checkpoint.Root
	return s
}

// agree reports whether member i's log and that of the member with the largest are one.
func agree(ctx context.Context, all []standing, i int) (bool, error) {
	largest := i
	for k, s := range all {
		if s.err == nil && (all[largest].err != nil || s.head.Size > all[largest].head.Size) {
			largest = k
		}
	}
	a, b := all[i], all[largest]
	if a.err != nil || i == largest {
		return true, nil
	}
	p, err := b.client.Consistency(ctx, a.head.Size, b.head.Size)
	switch {
	case errors.Is(err, anchor.ErrUnavailable):
		return true, nil // it went away in between: the next look says
	case err != nil:
		return false, err
	}
	return p.Verify(a.head.Root, b.head.Root) == nil, nil
}
