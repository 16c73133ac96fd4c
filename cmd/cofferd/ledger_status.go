package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/gorilla/mux"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"coffer/anchor/bft"
)

// answerStatus adds the route of the member's socket that tells where it stands.
func answerStatus(r *mux.Router, node *bft.Node) {
	r.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) {
		s, err := node.Status(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s) // whoever asked has left
	}).Methods(http.MethodGet)
}

// errAlarm ends the command with status 1, so that a probe needs no parser.
var errAlarm = errors.New("the member needs attention")

func newLedgerStatus() *cobra.Command {
	var folder string
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show where this member stands: its height beside the others', and what is wrong",
		Long: `Asks the running daemon. Ends with status 1 if something is wrong, and says what to do:
a member that does not grow while others do is no use to anyone who asks it for proofs.`,
		Example: `  cofferd ledger status --data shop-a
  cofferd ledger status --data shop-a --json`,
		RunE: func(c *cobra.Command, _ []string) error {
			r, err := http.NewRequestWithContext(c.Context(), http.MethodGet, "http://member/status", nil)
			if err != nil {
				return err
			}
			res, err := atMember(folder).Do(r)
			if err != nil {
				return fmt.Errorf("asking the daemon: %w", err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
			if err != nil || res.StatusCode != http.StatusOK {
				return fmt.Errorf("asking the daemon: it answers %s: %s", res.Status, body)
			}
			var s bft.Status
			if err := json.Unmarshal(body, &s); err != nil {
				return fmt.Errorf("asking the daemon: %w", err)
			}
			if asJSON {
				fmt.Fprintf(c.OutOrStdout(), "%s", body)
			} else {
				showStatus(c.OutOrStdout(), s)
			}
			if s.Alarm != "" {
				return errAlarm
			}
			return nil
		},
	}
	c.Flags().StringVar(&folder, "data", "member-data", "the member's folder, whose daemon runs")
	c.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	return c
}

func showStatus(w io.Writer, s bft.Status) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendRow(table.Row{"height", fmt.Sprintf("%d, of %s", s.Height, s.Time.Format("2006-01-02 15:04:05 MST"))})
	t.AppendRow(table.Row{"others are at", s.Ahead})
	t.AppendRow(table.Row{"entries", s.Size})
	t.AppendRow(table.Row{"connected", fmt.Sprintf("%d of %d other members", s.Peers, s.Others)})
	t.AppendRow(table.Row{"oldest block kept", s.Base})
	t.AppendRow(table.Row{"newest snapshot", s.Snapshot})
	t.AppendRow(table.Row{"alarms since the start", s.Alarms})
	t.Render()
	if s.Beginning {
		fmt.Fprintln(w, "it begins from a snapshot of the others")
	}
	if s.Alarm != "" {
		fmt.Fprintf(w, "alarm: %s\n", s.Alarm)
	}
}

func newLedgerRejoin() *cobra.Command {
	var folder string
	c := &cobra.Command{
		Use:   "rejoin",
		Short: "Forget this member's copy of the ledger, to begin anew from the others'",
		Long: `For a member that was away for longer than the others keep blocks, or whose copy is
damaged. Its keys, and what its validator has signed, stay. It asks the others first
whether they have a snapshot to begin from, and changes nothing if too few answer. The
next start takes it in.`,
		Example: `  cofferd ledger rejoin --data shop-a`,
		RunE: func(c *cobra.Command, _ []string) error {
			chain, config, err := ledgerConfigOf(folder)
			if err != nil {
				return err
			}
			unlock, err := lock(folder)
			if err != nil {
				return err
			}
			defer unlock()
			height, err := bft.Forget(c.Context(), config.into(bft.Options{Home: ledgerPath(folder), Chain: chain}))
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "forgotten; the others have a snapshot of height %d. Start the daemon again to take it in, then: cofferd ledger status --data %s\n", height, folder)
			return nil
		},
	}
	c.Flags().StringVar(&folder, "data", "member-data", "the member's folder, whose daemon does not run")
	return c
}
