package argid_test

import (
	"slices"
	"testing"

	"github.com/spf13/cobra"

	"coffer/internal/argid"
)

func TestIDsThatLookLikeFlags(t *testing.T) {
	const one, two = "-MdUSQ9gXLxfM_t6D7Im_g", "--rZkJ0Yx8mC2cQyV7q3Vw"
	for name, c := range map[string]struct {
		args, want, flags []string
		json              bool
	}{
		"first":           {[]string{one, "name"}, []string{one, "name"}, nil, false},
		"behind a flag":   {[]string{"--json", one, "name"}, []string{one, "name"}, nil, true},
		"in front of one": {[]string{two, "name", "--json"}, []string{two, "name"}, nil, true},
		"value of a flag": {[]string{"--grant", one, "--all", two, "--all", "x", "y"}, []string{"y"}, []string{one, two, "x"}, false},
		"no ids":          {[]string{"--json", "a-b"}, []string{"a-b"}, nil, true},
	} {
		var got, flags []string
		var json bool
		root := &cobra.Command{Use: "root", PersistentPreRun: argid.Show, SilenceErrors: true, SilenceUsage: true}
		sub := &cobra.Command{Use: "sub", Args: cobra.ArbitraryArgs, Run: func(cmd *cobra.Command, args []string) {
			got = args
			json, _ = cmd.Flags().GetBool("json")
			if g, _ := cmd.Flags().GetString("grant"); g != "" {
				flags = append(flags, g)
			}
			all, _ := cmd.Flags().GetStringArray("all")
			flags = append(flags, all...)
		}}
		sub.Flags().Bool("json", false, "")
		sub.Flags().String("grant", "", "")
		sub.Flags().StringArray("all", nil, "")
		root.AddCommand(sub)
		root.SetArgs(argid.Hide(append([]string{"sub"}, c.args...)))
		if err := root.Execute(); err != nil || !slices.Equal(got, c.want) || !slices.Equal(flags, c.flags) || json != c.json {
			t.Errorf("%s: %q, flags %q, json %v: %v", name, got, flags, json, err)
		}
	}
	// A flag of somebody's is no id.
	if got := argid.Hide([]string{"--validators", "-v"}); !slices.Equal(got, []string{"--validators", "-v"}) {
		t.Errorf("%q", got)
	}
}
