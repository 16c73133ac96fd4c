package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"coffer/policies"
)

func newReplay(folder *string) *cobra.Command {
	var with string
	c := &cobra.Command{
		Use:   "replay [LOG] --with DIR",
		Short: "List what changed rules would decide otherwise",
		Long: `Asks every question of a log of decisions again under the rules of a folder, and lists
what would differ. Without LOG it is the log of the data folder, also of a daemon that is
running; LOG - is the standard input. The folder holds an operator's rules as
they would stand in policies/; a floor.cedar, coffer.cedar or catalogue.json there takes
the place of the shipped one, to try a change of those. The status is 1 when something
differs.`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 || with == "" {
				return usageError{errors.New("want the folder with the changed rules and at most one log, as in: cofferd policy replay --data /var/lib/coffer --with new-rules")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if info, err := os.Stat(with); err != nil || !info.IsDir() {
				return fmt.Errorf("%s is no folder; --with wants the folder that holds the changed rules", with)
			}
			rules, err := policies.LoadFolder(os.DirFS(with))
			if err != nil {
				return fmt.Errorf("loading the rules of %s: %w", with, err)
			}
			log := c.InOrStdin()
			switch {
			case len(args) == 0:
				whole, done, err := readDecisions(decisionPath(*folder))
				if err != nil {
					return err
				}
				defer done()
				log = whole
			case args[0] != "-":
				f, err := os.Open(args[0])
				if err != nil {
					return fmt.Errorf("reading the log: %w", err)
				}
				defer f.Close()
				log = f
			}
			return replay(c.OutOrStdout(), rules, log)
		},
	}
	c.Flags().StringVar(&with, "with", "", "folder with the changed rules")
	return c
}

// alike is what differences are gathered by: a log has millions of lines, and a change
// has few consequences.
type alike struct{ action, purpose, was, now string }

type gathered struct{ count, first int }

func replay(w io.Writer, rules *policies.Engine, log io.Reader) error {
	groups := map[alike]gathered{}
	found, err := rules.Replay(log, func(d policies.Difference) {
		q := d.Judgement.Question
		key := alike{string(q.Action), q.Grant.Purpose, said(d.Judgement.Ruling), said(d.Now)}
		g := groups[key]
		g.count++
		if g.first == 0 {
			g.first = d.Line
		}
		groups[key] = g
	})
	if err != nil {
		return err
	}
	if len(groups) > 0 {
		t := newTable(w, "times", "first line", "action", "purpose", "was", "would be")
		for _, key := range slices.SortedFunc(maps.Keys(groups), func(a, b alike) int { return cmp.Compare(groups[a].first, groups[b].first) }) {
			_, term, _ := strings.Cut(key.purpose, "#")
			t.AppendRow(table.Row{groups[key].count, groups[key].first, key.action, term, key.was, key.now})
			t.AppendSeparator()
		}
		t.Render()
	}
	fmt.Fprintf(w, "%d decisions: %d would be denied that were allowed, %d allowed that were denied, %d decided by other rules\n",
		found.Judgements, found.Denied, found.Allowed, found.Otherwise)
	if n := found.Differ(); n > 0 {
		return fmt.Errorf("%d of %d decisions would differ", n, found.Judgements)
	}
	return nil
}
