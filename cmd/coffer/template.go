package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coffer/consent"
	"coffer/consent/business"
)

func newTemplate() *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "template", GroupID: "business",
		Short: "Register what many shoppers are asked, and see who must be asked again",
		Long: `A template is what you ask many shoppers in the same words: who you are (from the
profile) and the purposes. It has versions 1, 2, …; a version never changes, and a
request that names one repeats it word for word.

When you register a new version you are told at once what differs, and whether any
of it is material: more attributes, longer, to others, another purpose. Grants under
older versions stay as they were given. What is not material (a new wording, a new
address, asking less) needs nothing more. What is material those grants do not
cover: ask these shoppers again. Each decides; who refuses keeps the old grant.

  coffer template register order --purposes purposes.json   # version 1
  coffer request --template order                           # asks one shopper by it
  edit purposes.json
  coffer template register order --purposes purposes.json   # version 2, and what it means
  coffer request again order                                # asks all who are behind`,
	})
	cmd.AddCommand(newTemplateRegister(), newTemplateList(), newTemplateShow(), newTemplateDiff(), newTemplateBehind())
	return cmd
}

func newTemplateRegister() *cobra.Command {
	cmd := &cobra.Command{
		Use: "register NAME --purposes FILE", Args: want(1, 1),
		Short: "Sign and register the next version",
		Long: `NAME is 1 to 32 of a-z 0-9 -. The file is that of coffer request --purposes; the
rest comes from the profile. Nothing is registered if the latest version says the
same. Differences with a + are material: they need the shoppers' consent anew.`,
		Example: `  coffer template register order --purposes purposes.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := need(cmd, "purposes"); err != nil {
				return err
			}
			path, _ := cmd.Flags().GetString("purposes")
			purposes, err := business.ReadPurposes(path)
			if err != nil {
				return err
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			got, err := b.RegisterTemplate(cmd.Context(), args[0], purposes)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "%s version %d is registered\n", args[0], got.Version)
			printDifferences(out, got.Differences)
			switch {
			case got.Behind > 0:
				fmt.Fprintf(out, "%d of %d grants under older versions do not cover this; run: coffer request again %s\n", got.Behind, got.Older, args[0])
			case got.Older > 0:
				fmt.Fprintf(out, "%d grants under older versions need nothing more\n", got.Older)
			}
			return nil
		},
	}
	dataFlag(cmd)
	cmd.Flags().String("purposes", "", "what to ask, a JSON `file`")
	return cmd
}

func newTemplateList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Args: want(0, 0),
		Short:   "List the templates with their latest versions",
		Example: `  coffer template list`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			all, err := b.Templates(cmd.Context())
			if err != nil {
				return err
			}
			var names []string
			for name := range all {
				names = append(names, name)
			}
			slices.Sort(names)
			for _, name := range names {
				fmt.Fprintf(cmd.OutOrStdout(), "%-32s  version %d\n", name, all[name])
			}
			if len(names) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "no template is registered")
			}
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}

func newTemplateShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME [VERSION]", Args: want(1, 2),
		Short: "Show the versions of a template, or one version as it was signed",
		Example: `  coffer template show order
  coffer template show order 2`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			out := cmd.OutOrStdout()
			if len(args) == 1 {
				all, err := b.Template(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				for _, v := range all {
					fmt.Fprintf(out, "version %d  of %s  %s\n", v.Version, v.Issued.Time().Local().Format(time.DateTime), v.Hash)
					printDifferences(out, v.Differences)
				}
				return nil
			}
			version, err := versionNumber(args[1])
			if err != nil {
				return err
			}
			t, err := b.TemplateText(cmd.Context(), args[0], version)
			if err != nil {
				return err
			}
			text, err := json.MarshalIndent(t, "", "  ")
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s\n", text)
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}

func newTemplateDiff() *cobra.Command {
	cmd := &cobra.Command{
		Use: "diff NAME [FROM [TO]]", Args: want(1, 3),
		Short: "Show what two versions say differently",
		Long: `Without FROM and TO the latest version is compared with the one before; without TO
with the latest. The exit status is 1 if any difference is material.`,
		Example: `  coffer template diff order
  coffer template diff order 1 3`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			to := 0
			if len(args) == 3 {
				if to, err = versionNumber(args[2]); err != nil {
					return err
				}
			}
			next, err := b.TemplateText(cmd.Context(), args[0], to)
			if err != nil {
				return err
			}
			from := next.Version - 1
			if len(args) > 1 {
				if from, err = versionNumber(args[1]); err != nil {
					return err
				}
			}
			if from == 0 {
				return errors.New("there is one version only, so nothing to compare it with")
			}
			old, err := b.TemplateText(cmd.Context(), args[0], from)
			if err != nil {
				return err
			}
			all := consent.Differences(old.Asks(), next.Asks())
			fmt.Fprintf(cmd.OutOrStdout(), "version %d to %d\n", old.Version, next.Version)
			printDifferences(cmd.OutOrStdout(), all)
			if consent.IsMaterial(all) {
				return errFindings
			}
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}

func newTemplateBehind() *cobra.Command {
	cmd := &cobra.Command{
		Use: "behind NAME", Args: want(1, 1),
		Short: "List grants that the latest version asks materially more of",
		Long: `Each line is a grant, its purpose, and the version under which it was given. The
last words say whether its shopper was asked by the latest version: not yet, open
(asked and not answered), expired (asked, and let it pass), or refused. Whoever
refused keeps the old grant, and is not asked again by this version.`,
		Example: `  coffer template behind order`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			all, err := b.Behind(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			for _, g := range all {
				asked := "not asked yet"
				if g.Asked != nil {
					asked = strings.Replace(string(g.Asked.State), string(business.RequestAnswered), "refused", 1) + "  request " + g.Asked.Request.String()
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %-20s  version %d  %s\n", g.Grant, g.Purpose, g.Version, asked)
			}
			if len(all) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "no grant is behind")
			}
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}

func newRequestAgain() *cobra.Command {
	cmd := &cobra.Command{
		Use: "again NAME", Args: want(1, 1),
		Short: "Ask all shoppers whose grants are behind the latest version of a template",
		Long: `Each shopper is asked once, and only for the purposes that are behind. Nobody needs
a link: the request waits in the shopper's wallet, which shows first what differs.
Until it is answered, and if it is refused, what was given stands. Asking twice
asks nobody twice; who let the request expire is asked again.`,
		Example: `  coffer request again order
  coffer request again order --open 168h --dry-run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			out := cmd.OutOrStdout()
			if dry, _ := cmd.Flags().GetBool("dry-run"); dry {
				return countBehind(cmd, b, args[0])
			}
			ask := business.Ask{}
			ask.Open, _ = cmd.Flags().GetDuration("open")
			all, err := b.AskAgain(cmd.Context(), args[0], ask)
			for _, a := range all {
				word := ""
				if a.Reference != "" {
					word = "  " + a.Reference
				}
				fmt.Fprintf(out, "request %s  %d grants%s\n", a.ID, len(a.Grants), word)
			}
			if err != nil {
				return fmt.Errorf("after %d: %w", len(all), err)
			}
			fmt.Fprintf(out, "asked %d; see what becomes of it with: coffer template behind %s\n", len(all), args[0])
			return nil
		},
	}
	dataFlag(cmd)
	cmd.Flags().Duration("open", consent.MaxOpen, "how long the shoppers may take, at most 168h")
	cmd.Flags().Bool("dry-run", false, "ask nobody: say how many would be asked")
	return cmd
}

func countBehind(cmd *cobra.Command, b *business.Business, name string) error {
	all, err := b.Behind(cmd.Context(), name)
	if err != nil {
		return err
	}
	requests, grants := map[string]bool{}, 0
	for _, g := range all {
		if g.Asked == nil || g.Asked.State == business.RequestExpired {
			requests[g.Request.String()] = true
			grants++
		}
	}
	fmt.Fprintf(cmd.OutOrStdout(), "would ask %d, about %d grants\n", len(requests), grants)
	return nil
}

func versionNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > consent.MaxTemplateVersion {
		return 0, usage("VERSION: want a number from 1")
	}
	return n, nil
}

// printDifferences writes a line for each; + stands before what is material.
func printDifferences(out io.Writer, all []consent.Difference) {
	for _, d := range all {
		mark := " "
		if d.Material {
			mark = "+"
		}
		change := d.Before + " → " + d.After
		switch {
		case d.Before == "":
			change = d.After
		case d.After == "" || d.Before == d.After:
			change = d.Before
		}
		fmt.Fprintf(out, "  %s %-24s %s: %s\n", mark, d.Kind, d.At, short(change))
	}
}

// short keeps a line a line.
func short(s string) string {
	s = strings.ReplaceAll(s, "\n", " ")
	if r := []rune(s); len(r) > 120 {
		return string(r[:119]) + "…"
	}
	return s
}
