package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// withConsents opens the consents of a data folder beside a daemon that may be running
// on it.
func withConsents(ctx context.Context, folder string, f func(*consentdb.Store) error) error {
	config, err := readConfig(folder)
	if err != nil {
		return err
	}
	db, err := sqldb.Open(ctx, databaseOf(folder, config))
	if err != nil {
		return err
	}
	ring, err := openKeyring(ctx, keyringOf(folder, config), db, slog.New(slog.DiscardHandler))
	if err != nil {
		return errors.Join(err, db.Close())
	}
	return errors.Join(f(consentdb.New(db, keeper{}, ring)), ring.Close(), db.Close())
}

// mostListed bounds a list that a person reads.
const mostListed = 1000

func newOverdue() *cobra.Command {
	var folder string
	c := &cobra.Command{
		Use:   "overdue",
		Short: "List businesses that owe an acknowledgement, a deletion statement or an answer",
		Long: `When a grant ends its business is told. It acknowledges within three days, and says
within thirty what it deleted. A rights request is answered within the time of its law,
which the operator cannot read: those without an answer are listed after 33 days, and
after 95 if the business took longer. This lists what is late, the oldest first of
each kind, and since when. It works while the daemon runs. Exit status 0 whether or not
there are any.`,
		Example: `  cofferd overdue --data /var/lib/coffer`,
		RunE: func(c *cobra.Command, _ []string) error {
			return withConsents(c.Context(), folder, func(s *consentdb.Store) error {
				now := time.Now()
				late, err := s.Overdue(c.Context(), now, mostListed)
				if err != nil {
					return err
				}
				unanswered, err := s.Unanswered(c.Context(), now, mostListed)
				if err != nil {
					return err
				}
				if len(late)+len(unanswered) == 0 {
					fmt.Fprintln(c.OutOrStdout(), "nothing is overdue")
					return nil
				}
				t := newTable(c.OutOrStdout(), "overdue", "since", "about", "grant or rights request", "business")
				for _, l := range late {
					what, since := l.Overdue(now), l.AcknowledgeBy()
					if what == consent.LateStatement {
						since = l.StateBy()
					}
					t.AppendRow(table.Row{what, since.Time().Format(time.DateTime), l.Event, l.Grant, l.Business})
				}
				for _, u := range unanswered {
					t.AppendRow(table.Row{"answer", "sent " + u.Sent.Time().Format(time.DateTime), "rights", u.ID, u.Business})
				}
				t.Render()
				if max(len(late), len(unanswered)) == mostListed {
					fmt.Fprintf(c.OutOrStdout(), "the oldest %d of each kind are shown\n", mostListed)
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&folder, "data", defaultFolder, "data folder")
	return c
}

func newDeliveries(folder *string) *cobra.Command {
	c := &cobra.Command{
		Use:   "deliveries",
		Short: "Show how the webhooks of businesses stand",
		Long: `Shows for each webhook how many events wait for it, how many were given up after
three days of trying, and how often it failed since it last worked. The business sees
and retries what was given up by itself; it can still fetch every event.`,
		RunE: func(c *cobra.Command, _ []string) error {
			return withConsents(c.Context(), *folder, func(s *consentdb.Store) error {
				all, err := s.Queues(c.Context())
				if err != nil {
					return err
				}
				if len(all) == 0 {
					fmt.Fprintln(c.OutOrStdout(), "no business has a webhook")
					return nil
				}
				t := newTable(c.OutOrStdout(), "waiting", "oldest", "given up", "failures", "url", "business")
				for _, q := range all {
					oldest := ""
					if q.Oldest != 0 {
						oldest = q.Oldest.Time().Format(time.DateTime)
					}
					t.AppendRow(table.Row{q.Waiting, oldest, q.Dead, q.Failures, q.URL, q.Business})
				}
				t.Render()
				return nil
			})
		},
	}
	noArguments(c)
	return c
}

func newGrant() *cobra.Command {
	var folder, reason string
	c := &cobra.Command{
		Use:   "grant",
		Short: "End a grant by order",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q: there is terminate", args[0])}
			}
			return c.Help()
		},
	}
	end := &cobra.Command{
		Use:   "terminate GRANT --reason TEXT",
		Short: "End one grant by an order to the operator",
		Long: `For the order of a court or an authority, or of a shopper who lost every way in. The
grant gives nothing any more as soon as this returns; its shares are deleted, its
business is told, and the withdrawal that the wallet signed when it gave goes to the
ledger within minutes. The shopper reads the reason. There is no way back but a new
grant. This works while the daemon runs.`,
		Example: `  cofferd grant terminate 5r1ZkJ0Yx8mC2cQyV7q3Vw --reason 'Order 7 of the data protection authority'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("want the id of one grant")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			g, err := id.Parse[id.Grant](args[0])
			if err != nil {
				return usageError{fmt.Errorf("GRANT: %w", err)}
			}
			if strings.TrimSpace(reason) == "" || len(reason) > 500 {
				return usageError{errors.New("--reason: say why, in at most 500 bytes; the shopper reads it")}
			}
			return withConsents(c.Context(), folder, func(s *consentdb.Store) error {
				err := s.EndByOrder(c.Context(), g, reason, time.Now())
				switch {
				case errors.Is(err, consent.ErrNotFound):
					return errors.New("there is no such grant here; if its vault was erased, it ended with it")
				case consent.DenialOf(err) != nil:
					return fmt.Errorf("the grant is over already: it is %w", consent.DenialOf(err))
				case err != nil:
					return err
				}
				fmt.Fprintln(c.OutOrStdout(), "the grant is terminated")
				return nil
			})
		},
	}
	c.PersistentFlags().StringVar(&folder, "data", defaultFolder, "data folder")
	end.Flags().StringVar(&reason, "reason", "", "why, as the shopper will read it")
	c.AddCommand(end)
	return c
}
