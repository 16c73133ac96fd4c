// Package argid lets an id that begins with a hyphen, as one in 64 does, stand on a
// command line, where flags begin with one.
//
// # Trust
//
// It believes whoever types.
package argid

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"coffer/internal/id"
)

// mark cannot come from a command line.
const mark = "\x00"

// Hide marks such ids, so that they are not taken for flags. Show has to follow.
func Hide(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if _, err := id.Parse[id.Grant](a); err == nil && a[0] == '-' {
			a = mark + a
		}
		out[i] = a
	}
	return out
}

// Show takes the marks away again, from the arguments and from the values of flags. It is
// for a root command's PersistentPreRun.
func Show(cmd *cobra.Command, args []string) {
	for i, a := range args {
		args[i] = strings.TrimPrefix(a, mark)
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if list, ok := f.Value.(pflag.SliceValue); ok {
			all := list.GetSlice()
			for i, v := range all {
				all[i] = strings.TrimPrefix(v, mark)
			}
			_ = list.Replace(all) // as they were, but for the marks
		} else if v := f.Value.String(); strings.HasPrefix(v, mark) {
			_ = f.Value.Set(v[len(mark):])
		}
	})
}
