package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"coffer/consent"
	"coffer/policies"
)

// loadPolicies are the shipped rules with those of the operator, from the data folder.
func loadPolicies(folder string) (*policies.Engine, error) {
	own, err := policies.ReadFiles(os.DirFS(policyPath(folder)))
	if err != nil {
		return nil, err
	}
	rules, err := policies.New(own...)
	if err != nil {
		return nil, fmt.Errorf("loading the policies, with those of %s: %w", policyPath(folder), err)
	}
	return rules, nil
}

// newPolicy is the rules from the outside: what they are, what they say, and what
// a change would change. It reads files and works beside a running daemon.
func newPolicy() *cobra.Command {
	var folder string
	c := &cobra.Command{
		Use:   "policy",
		Short: "List, test, explain and replay the rules",
		Long: `The rules that Coffer ships always hold. An operator forbids more with Cedar files in
the folder policies/ of the data folder (*.cedar); they are read when the daemon starts.
Decision tables beside them (*.txt) say what all rules together must say.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q: there are list, test, explain and replay", args[0])}
			}
			return c.Help()
		},
	}
	c.PersistentFlags().StringVar(&folder, "data", defaultFolder, "data folder; without one, the shipped rules alone")
	load := func(c *cobra.Command) (*policies.Engine, error) {
		if c.Flags().Changed("data") {
			if _, err := readConfig(folder); err != nil {
				return nil, err
			}
		}
		return loadPolicies(folder)
	}
	list := &cobra.Command{
		Use:   "list",
		Short: "List the rules in force, with where they stand",
		RunE: func(c *cobra.Command, _ []string) error {
			rules, err := load(c)
			if err != nil {
				return err
			}
			t := newTable(c.OutOrStdout(), "id", "", "title", "from")
			for _, r := range rules.Rules() {
				t.AppendRow(table.Row{r.ID, effect(r), r.Title, fmt.Sprintf("%s:%d", r.File, r.Line)})
			}
			t.Render()
			fmt.Fprintf(c.OutOrStdout(), "version %s\n", rules.Version())
			return nil
		},
	}
	test := &cobra.Command{
		Use:   "test [FILE…]",
		Short: "Hold the rules against decision tables",
		Long: `Without a file: the shipped table against the shipped rules, then the operator's tables
(policies/*.txt in the data folder) against all rules. With files: these against all rules.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, files []string) error {
			rules, err := load(c)
			if err != nil {
				return err
			}
			return testPolicies(c.OutOrStdout(), rules, folder, files)
		},
	}
	explain := &cobra.Command{
		Use:   "explain RULE | ACTION [KEY=VALUE…]",
		Short: "Show a rule, or what the rules say to a question",
		Example: `  cofferd policy explain M02-weekly-cap
  cofferd policy explain message sent=7 minor=true`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("want the id of a rule, or an action with key=value for what differs from the plain case")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			rules, err := load(c)
			if err != nil {
				return err
			}
			return explainPolicy(c.OutOrStdout(), rules, args)
		},
	}
	c.AddCommand(list, test, explain, newReplay(&folder))
	noArguments(list)
	return c
}

func newTable(w io.Writer, columns ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row(columns))
	return t
}

func effect(r policies.Rule) string {
	if r.Forbids {
		return "forbid"
	}
	return "permit"
}

func testPolicies(w io.Writer, rules *policies.Engine, folder string, files []string) error {
	cases, failed := 0, 0
	try := func(name string, text []byte, rules *policies.Engine) error {
		parsed, err := policies.ParseTable(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		failures := rules.Try(parsed)
		cases, failed = cases+len(parsed), failed+len(failures)
		fmt.Fprintf(w, "%s: %d of %d cases hold\n", name, len(parsed)-len(failures), len(parsed))
		if len(failures) == 0 {
			return nil
		}
		t := newTable(w, "line", "question", "wants", "the rules say")
		for _, f := range failures {
			wanted := "*"
			if f.Case.Rules != nil {
				wanted = strings.Join(f.Case.Rules, "\n")
			}
			t.AppendRow(table.Row{f.Case.Line, strings.Join(f.Case.Words, "\n"), answer(f.Case.Allow) + wanted, said(f.Ruling)})
			t.AppendSeparator()
		}
		t.Render()
		return nil
	}
	if len(files) == 0 {
		shipped, err := policies.New()
		if err != nil {
			return err
		}
		if err := try("the shipped table", policies.ShippedTable(), shipped); err != nil {
			return err
		}
		if files, err = filepath.Glob(filepath.Join(policyPath(folder), "*.txt")); err != nil {
			return err
		}
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("reading a decision table: %w", err)
		}
		if err := try(name, text, rules); err != nil {
			return err
		}
	}
	switch {
	case failed > 0:
		return fmt.Errorf("%d of %d cases fail: change the rules or the tables until they say the same", failed, cases)
	case cases == 0:
		return errors.New("the tables have no cases; a line is as in: deny * collect state=withdrawn")
	}
	return nil
}

func answer(allow bool) string {
	if allow {
		return "allow\n"
	}
	return "deny\n"
}

// said is a ruling in a cell: the answer, then a line for each rule.
func said(r consent.Ruling) string {
	var all []string
	for _, reason := range r.Reasons {
		all = append(all, reason.ID)
	}
	return answer(r.Allow) + strings.Join(all, "\n")
}

func explainPolicy(w io.Writer, rules *policies.Engine, args []string) error {
	for _, r := range rules.Rules() {
		if r.ID == args[0] {
			fmt.Fprintf(w, "%s (%s, line %d)\n\n%s\n", r.Title, r.File, r.Line, r.Text)
			return nil
		}
	}
	switch consent.Action(args[0]) {
	case consent.ActionGive, consent.ActionCollect, consent.ActionMessage:
	default:
		return fmt.Errorf("%q is neither the id of a rule nor give, collect or message; see: cofferd policy list", args[0])
	}
	q, err := policies.ParseQuestion(args)
	if err != nil {
		return usageError{err}
	}
	ruling := rules.Decide(q)
	fmt.Fprint(w, answer(ruling.Allow))
	for _, reason := range ruling.Reasons {
		fmt.Fprintf(w, "  %s  %s\n", reason.ID, reason.Title)
	}
	return nil
}
