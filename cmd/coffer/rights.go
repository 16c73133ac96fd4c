package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
)

func newRights() *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "rights", GroupID: "business",
		Short: "See what rights shoppers demand, and answer in time",
		Long: `A shopper may demand access, rectification, erasure, restriction, portability or
object (GDPR art. 15 to 21), or to know, delete, correct or opt out (CCPA). The
request is signed by whoever stands behind the grants it names; you learn no name.

The clock runs from the day on which it was sent: one month under the GDPR and two
more if you say why before the first is over, 45 and 45 days under the CCPA, 15
business days for an opt-out. Every reply is signed and only the shopper reads it.`,
	})
	cmd.AddCommand(newRightsList(), newRightsShow(), newRightsAcknowledge(), newRightsExtend(), newRightsAnswer())
	return cmd
}

func newRightsList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Args: want(0, 0),
		Short: "List rights requests, the one due soonest first",
		Long: `Fetches what is new, opens and verifies it, and lists all with the day by whose
end each is due (UTC). The exit status is 1 while one is overdue.`,
		Example: `  coffer rights list`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			if offline, _ := cmd.Flags().GetBool("offline"); !offline {
				if err := b.SyncRights(cmd.Context()); err != nil {
					return err
				}
			}
			all, err := b.Rights()
			if err != nil {
				return err
			}
			return listRights(cmd.OutOrStdout(), all, clock(cmd)())
		},
	}
	dataFlag(cmd)
	cmd.Flags().Bool("offline", false, "ask the operator nothing: list what is in the folder")
	return cmd
}

func listRights(out io.Writer, all []business.RightsCase, now time.Time) error {
	overdue := 0
	for _, c := range all {
		if !c.Stands() {
			fmt.Fprintf(out, "%s  does not stand: %s\n", c.ID, c.Refused)
			continue
		}
		state, due := string(c.State(now)), "due "+c.Due().Format(time.DateOnly)
		switch {
		case c.Erased:
			state, due = "erased", ""
		case !c.Open():
			due = "on " + c.Times.Answered.Time().Format(time.DateOnly)
		case c.State(now) == consent.StateRightsOverdue:
			overdue++
		default:
			due += fmt.Sprintf(", %d days left", c.Request.DaysLeft(c.Times, now))
		}
		fmt.Fprintf(out, "%s  %-4s  %-13s  %-12s  %s\n", c.ID, c.Request.Regime, c.Request.Right, state, due)
	}
	if len(all) == 0 {
		fmt.Fprintln(out, "nobody has demanded anything")
	}
	if overdue > 0 {
		return errFindings
	}
	return nil
}

func newRightsShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show RIGHTS", Args: want(1, 1),
		Short:   "Show one rights request in the shopper's words",
		Example: `  coffer rights show 5r1ZkJ0Yx8mC2cQyV7q3Vw`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withRights(cmd, args[0], func(_ context.Context, b *business.Business, name id.Rights) (business.RightsCase, error) {
				return b.RightsCase(name)
			})
		},
	}
	dataFlag(cmd)
	return cmd
}

func newRightsAcknowledge() *cobra.Command {
	cmd := &cobra.Command{
		Use: "acknowledge RIGHTS", Args: want(1, 1),
		Short: "Tell the shopper that you have it",
		Long: `Signs that you have the rights request. It stops no clock; the CCPA wants it
within ten business days.`,
		Example: `  coffer rights acknowledge 5r1ZkJ0Yx8mC2cQyV7q3Vw`,
		RunE:    replyRights(consent.RightsAcknowledged),
	}
	dataFlag(cmd)
	cmd.Flags().String("text", "", "a `text` for the shopper")
	return cmd
}

func newRightsExtend() *cobra.Command {
	cmd := &cobra.Command{
		Use: "extend RIGHTS --text TEXT", Args: want(1, 1),
		Short: "Take the longer time that the law gives, and say why",
		Long: `Works once, before the first due day is over, and never for an opt-out. Without a
reason it would not count, so a text is needed.`,
		Example: `  coffer rights extend 5r1ZkJ0Yx8mC2cQyV7q3Vw --text 'Seven years of orders are to be gathered.'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := need(cmd, "text"); err != nil {
				return err
			}
			return replyRights(consent.RightsExtended)(cmd, args)
		},
	}
	dataFlag(cmd)
	cmd.Flags().String("text", "", "the reason, a `text` for the shopper")
	return cmd
}

func newRightsAnswer() *cobra.Command {
	cmd := &cobra.Command{
		Use: "answer RIGHTS --outcome OUTCOME", Args: want(1, 1),
		Short: "Answer: done, partly or refused",
		Long: `The answer is final. Unless all is done it says why, and what the shopper can do:
complain to the supervisory authority, go to court (GDPR art. 12(4)).`,
		Example: `  coffer rights answer 5r1ZkJ0Yx8mC2cQyV7q3Vw --outcome done
  coffer rights answer 5r1ZkJ0Yx8mC2cQyV7q3Vw --outcome partly --text 'The invoice stays until 2035, as tax law wants.'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := need(cmd, "outcome"); err != nil {
				return err
			}
			outcome, _ := cmd.Flags().GetString("outcome")
			switch consent.RightsOutcome(outcome) {
			case consent.OutcomeDone, consent.OutcomePartly, consent.OutcomeRefused:
			default:
				return usage("--outcome is %q: want done, partly or refused", outcome)
			}
			if text, _ := cmd.Flags().GetString("text"); text == "" && outcome != string(consent.OutcomeDone) {
				return usage("--text is missing: an answer that is not done says why")
			}
			return replyRights(consent.RightsAnswered)(cmd, args)
		},
	}
	dataFlag(cmd)
	cmd.Flags().String("outcome", "", "`done`, partly or refused")
	cmd.Flags().String("text", "", "the answer, a `text` for the shopper")
	return cmd
}

// replyRights is a command that takes one step.
func replyRights(step consent.RightsStep) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		text, _ := cmd.Flags().GetString("text")
		outcome := ""
		if step == consent.RightsAnswered {
			outcome, _ = cmd.Flags().GetString("outcome")
		}
		return withRights(cmd, args[0], func(ctx context.Context, b *business.Business, name id.Rights) (business.RightsCase, error) {
			if _, err := b.RightsCase(name); errors.Is(err, business.ErrNotFound) { // not fetched yet
				if err := b.SyncRights(ctx); err != nil {
					return business.RightsCase{}, err
				}
			}
			return b.ReplyRights(ctx, name, step, consent.RightsOutcome(outcome), text)
		})
	}
}

// withRights does something with one rights request and shows what it is then.
func withRights(cmd *cobra.Command, arg string, do func(context.Context, *business.Business, id.Rights) (business.RightsCase, error)) error {
	name, err := id.Parse[id.Rights](arg)
	if err != nil {
		return usage("RIGHTS: %w", err)
	}
	b, err := openBusiness(cmd)
	if err != nil {
		return err
	}
	defer b.Close()
	c, err := do(cmd.Context(), b, name)
	if err != nil {
		return err
	}
	showRights(cmd.OutOrStdout(), c, clock(cmd)())
	return nil
}

func showRights(out io.Writer, c business.RightsCase, now time.Time) {
	if !c.Stands() {
		fmt.Fprintf(out, "%s does not stand: %s\n", c.ID, c.Refused)
		return
	}
	q := c.Request
	fmt.Fprintf(out, "%s under the %s, %s\n", q.Right, strings.ToUpper(string(q.Regime)), c.State(now))
	fmt.Fprintf(out, "sent %s, due by the end of %s (UTC)\n", c.Times.Sent.Time().Format(time.DateOnly), c.Due().Format(time.DateOnly))
	for _, g := range q.Grants {
		fmt.Fprintf(out, "about grant %s\n", g)
	}
	if len(q.Attributes) > 0 {
		fmt.Fprintf(out, "about %s\n", strings.Join(q.Attributes, ", "))
	}
	if q.Text != "" {
		fmt.Fprintf(out, "\n%s\n", q.Text)
	}
	for _, s := range []struct {
		what string
		at   consent.Unix
	}{{"acknowledged", c.Times.Acknowledged}, {"extended", c.Times.Extended}, {"answered", c.Times.Answered}} {
		if s.at > 0 {
			fmt.Fprintf(out, "%s %s\n", s.what, s.at.Time().Format(time.DateOnly))
		}
	}
}
