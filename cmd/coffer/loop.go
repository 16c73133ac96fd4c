package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
)

func newStatement() *cobra.Command {
	cmd := &cobra.Command{
		Use: "statement GRANT", GroupID: "business", Args: want(1, 1),
		Short: "State what was deleted after a grant's end",
		Long: `Signs that everything the grant named is deleted, but for what --keep names, and
hands it to the operator, where the shopper reads it. Delete first: the statement is
a promise with your name under it, and the first one stands. It is due thirty days
after the grant ended; see: coffer overdue.`,
		Example: `  coffer statement 5r1ZkJ0Yx8mC2cQyV7q3Vw --text 'All of it is gone.'
  coffer statement 5r1ZkJ0Yx8mC2cQyV7q3Vw \
    --keep name=https://w3id.org/dpv/legal/eu/gdpr#A6-1-c,2036-12-31 --text 'The invoice stays.'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := id.Parse[id.Grant](args[0])
			if err != nil {
				return usage("GRANT: %w", err)
			}
			var s business.Statement
			s.Text, _ = cmd.Flags().GetString("text")
			keep, _ := cmd.Flags().GetStringArray("keep")
			for _, text := range keep {
				k, err := parseKept(text)
				if err != nil {
					return err
				}
				s.Kept = append(s.Kept, k)
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			if err := b.StateDeletion(cmd.Context(), g, s); err != nil {
				return explained(err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), "the statement is with the operator; the shopper can read it")
			return nil
		},
	}
	dataFlag(cmd)
	cmd.Flags().String("text", "", "a `text` to the shopper; never put a value in it, the operator can read it")
	cmd.Flags().StringArray("keep", nil, "what is kept: `attribute=basis,until` (the IRI of a legal basis, a date); may be repeated")
	return cmd
}

func parseKept(text string) (k consent.Kept, err error) {
	name, rest, ok := strings.Cut(text, "=")
	i := strings.LastIndex(rest, ",")
	if !ok || i < 0 {
		return k, usage("--keep %s: want attribute=basis,until", name)
	}
	until, err := time.Parse(time.DateOnly, rest[i+1:])
	if err != nil {
		return k, usage("--keep %s: want a date such as 2036-12-31 at the end", name)
	}
	return consent.Kept{Attribute: name, Basis: rest[:i], Until: consent.UnixAt(until)}, nil
}

func newOverdue() *cobra.Command {
	cmd := &cobra.Command{
		Use: "overdue", GroupID: "business", Args: want(0, 0),
		Short: "List what is owed to shoppers, and until when",
		Long: `Lists, from the folder and without asking the operator, the grants that ended and for
which the business has not said all that it owes: an acknowledgement within three
days, which coffer events makes by itself, and a deletion statement within thirty;
and the rights requests without an answer, each with the day by whose end it is due.
The exit status is 1 while something is overdue.`,
		Example: `  coffer overdue
  coffer overdue --all`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			loops, err := b.Loops()
			if err != nil {
				return err
			}
			cases, err := b.Rights()
			if err != nil {
				return err
			}
			all, _ := cmd.Flags().GetBool("all")
			return listDuties(cmd.OutOrStdout(), loops, cases, clock(cmd)(), all)
		},
	}
	dataFlag(cmd)
	cmd.Flags().Bool("all", false, "also list what is settled")
	return cmd
}

// listDuties lists what is owed, and what is settled too if all is asked for.
func listDuties(out io.Writer, loops []business.Loop, cases []business.RightsCase, now time.Time, all bool) error {
	late, t := 0, table.NewWriter()
	t.SetOutputMirror(out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"grant or rights request", "about", "since", "acknowledged", "settled", "due", "overdue"})
	day := func(u consent.Unix) string {
		if u == 0 {
			return ""
		}
		return u.Time().Format(time.DateOnly)
	}
	for _, l := range loops {
		overdue := l.Overdue(now)
		if overdue != consent.NotLate {
			late++
		}
		if all || l.Due() != 0 {
			t.AppendRow(table.Row{l.Grant, l.Event, day(l.Notified), day(l.Acknowledged), day(l.Stated), day(l.Due()), overdue})
		}
	}
	for _, c := range cases {
		if !c.Stands() || !all && !c.Open() {
			continue
		}
		due, overdue := "", ""
		if c.Open() {
			due = c.Due().Format(time.DateOnly)
			if c.State(now) == consent.StateRightsOverdue {
				overdue = "answer"
				late++
			}
		}
		t.AppendRow(table.Row{c.ID, c.Request.Right, day(c.Times.Sent), day(c.Times.Acknowledged), day(c.Times.Answered), due, overdue})
	}
	if t.Length() == 0 {
		fmt.Fprintln(out, "nothing is owed")
		return nil
	}
	t.Render()
	if late > 0 {
		return errFindings
	}
	return nil
}

func newWebhook() *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "webhook", GroupID: "business",
		Short: "Say where the operator tells of events, and see what did not arrive",
		Long: `The operator posts each event to the webhook, signed as Standard Webhooks; the secret
is kept in the folder (webhook.json). What cannot be delivered for three days is given
up and listed. Events hold ids and never a value, and coffer events gets every one of
them all the same.`,
	})
	set := &cobra.Command{
		Use: "set URL", Args: want(1, 1),
		Short:   "Have events delivered to an https address",
		Example: `  coffer webhook set https://shop.example/hooks/coffer`,
		RunE:    func(cmd *cobra.Command, args []string) error { return setWebhook(cmd, args[0]) },
	}
	remove := &cobra.Command{
		Use: "remove", Args: want(0, 0),
		Short:   "Have events delivered nowhere any more",
		Example: `  coffer webhook remove`,
		RunE:    func(cmd *cobra.Command, args []string) error { return setWebhook(cmd, "") },
	}
	dead := &cobra.Command{
		Use: "dead", Args: want(0, 0),
		Short:   "List events that were given up",
		Example: `  coffer webhook dead`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			all, err := b.DeadEvents(cmd.Context())
			if err != nil {
				return err
			}
			for _, d := range all {
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %-10s given up %s after %d attempts: %s\n", d.ID, d.Type, d.GivenUp.Time().Local().Format(time.DateTime), d.Attempts, d.Failure)
			}
			return nil
		},
	}
	retry := &cobra.Command{
		Use: "retry [EVENT]...", Args: want(0, -1),
		Short: "Have events that were given up delivered again: those named, or all",
		Example: `  coffer webhook retry
  coffer webhook retry 12 13`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			n, err := b.RetryEvents(cmd.Context(), args...)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d events are delivered again\n", n)
			return nil
		},
	}
	for _, c := range []*cobra.Command{set, remove, dead, retry} {
		dataFlag(c)
		cmd.AddCommand(c)
	}
	return cmd
}

func setWebhook(cmd *cobra.Command, url string) error {
	b, err := openBusiness(cmd)
	if err != nil {
		return err
	}
	defer b.Close()
	return b.SetWebhook(cmd.Context(), url)
}
