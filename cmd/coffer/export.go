package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coffer/anchor"
	"coffer/consent/agent"
	"coffer/consent/audit"
	"coffer/vault/seal"
)

func newExport() *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "export", GroupID: "check",
		Short: "Look into a shopper's export, offline",
		Long: `A wallet exports a whole vault into one file, sealed under 24 words that it shows once.
Who has file and words has everything of that shopper: this is for shoppers, and for
whom they ask.`,
	})
	cmd.AddCommand(newExportShow())
	return cmd
}

func newExportShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show FILE", Args: want(1, 1),
		Short: "Open an export, say what is in it and what is damaged, verify its receipts",
		Long: `Opens an export with its 24 words and reads all of it: what is there, of which vault,
and which parts are damaged; the others can be used. With --validators every receipt is
verified against the ledger's validator set, too. No network is used.

The words come from --words, or are typed, with spaces or line breaks between them, and
ended with Ctrl-D. What they open is written nowhere, except with --out: then every
section goes to a file of that folder, unsealed, to be deleted when it is not needed.

Exit status: 0 all of it was read and every receipt holds, 1 not, 2 usage.`,
		Example: `  coffer export show coffer-export.bin
  coffer export show coffer-export.bin --words words.txt --validators validators.json
  coffer export show coffer-export.bin --words words.txt --out opened`,
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			info, err := file.Stat()
			if err != nil {
				return err
			}
			entropy, err := exportWords(cmd)
			if err != nil {
				return err
			}
			e, err := seal.OpenExport(file, info.Size(), entropy)
			switch {
			case errors.Is(err, seal.ErrNotExport):
				return errors.New("the file is no export of a wallet, or both of its ends are damaged")
			case errors.Is(err, seal.ErrOpen):
				return errors.New("the words are not those of this file; they were shown when it was made")
			case err != nil:
				return err
			}
			s := shownExport{cmd: cmd, export: e}
			if path, _ := cmd.Flags().GetString("validators"); path != "" {
				set, err := validatorSet(cmd, path, "")
				if err != nil {
					return err
				}
				if s.steps, err = succession(cmd, set, ""); err != nil {
					return err
				}
				s.set = &set
			}
			if s.folder, _ = cmd.Flags().GetString("out"); s.folder != "" {
				if err := os.MkdirAll(s.folder, 0o700); err != nil {
					return err
				}
			}
			return s.show()
		},
	}
	cmd.Flags().String("words", "", "the 24 words, a `file`; without it they are read from standard input")
	cmd.Flags().String("validators", "", "verify receipts against the ledger's validator set, a `file` (see: coffer ledger validators)")
	successionFlag(cmd)
	cmd.Flags().String("out", "", "write what is in it, unsealed, to this `folder`")
	return cmd
}

// exportWords are read, never taken from the command line, which others see.
func exportWords(cmd *cobra.Command) ([32]byte, error) {
	path, _ := cmd.Flags().GetString("words")
	if path == "" {
		fmt.Fprintln(cmd.ErrOrStderr(), "the 24 words of the export, ended with Ctrl-D:")
		path = "-"
	}
	in, err := open(cmd, path)
	if err != nil {
		return [32]byte{}, err
	}
	defer in.Close()
	typed, err := io.ReadAll(io.LimitReader(in, 4096))
	if err != nil {
		return [32]byte{}, err
	}
	return seal.ParseWords(string(typed))
}

// shownExport goes through an export from its first section to its last.
type shownExport struct {
	cmd    *cobra.Command
	export *seal.Export
	set    *anchor.ValidatorSet // nil: receipts are not verified
	steps  []anchor.Step
	folder string // "": nothing is written

	bad bool
}

// sectionNames are how sections are spoken of.
var sectionNames = map[string]string{
	"documents": "documents", "grants": "grants", "receipts": "receipts", "accesses": "access log",
	"rights": "rights requests", "messages": "messages", "attachment": "attached file",
}

func (s *shownExport) show() error {
	c := s.export.Contents
	s.line("An export of vault %s at %s, made on %s.", c.Vault, clean(c.Operator), momentOf(time.Unix(c.Made, 0)))
	if s.export.FromCopy {
		s.bad = true
		s.line("The beginning of the file is damaged; the copy at its end was read.")
	}
	for i, section := range c.Sections {
		damaged, err := s.section(i, section)
		if err != nil {
			return err
		}
		for _, place := range damaged {
			s.bad = true
			s.line("         part %d of %d is damaged or missing", place+1, section.Parts())
		}
	}
	if s.bad {
		s.line("\nNot all of it holds. What is not named as damaged was read.")
		return errFindings
	}
	s.line("\nAll of it was read.")
	return nil
}

func (s *shownExport) line(format string, args ...any) {
	fmt.Fprintf(s.cmd.OutOrStdout(), format+"\n", args...)
}

func (s *shownExport) section(i int, section seal.Section) (damaged []int64, err error) {
	name := sectionNames[section.Name]
	if name == "" {
		name = "section of another kind, " + clean(section.Name)
	}
	out, err := s.file(i, section)
	if err != nil {
		return nil, err
	}
	defer out.Close() // a second time does nothing
	if section.Name == "attachment" {
		if damaged, err = s.export.File(i, out); err != nil {
			return nil, err
		}
		s.line("%s  %s, %d bytes, of document %s", mark(damaged), name, section.Length, section.Document)
		return damaged, out.Close()
	}
	var lines int
	kinds := map[string]int{}
	var verdicts []string
	damaged, err = s.export.Lines(i, func(line []byte) error {
		lines++
		switch section.Name {
		case "documents":
			var d struct {
				Plaintext struct{ Kind string }
			}
			if json.Unmarshal(line, &d) == nil {
				kinds[d.Plaintext.Kind]++
			}
		case "receipts":
			if said := s.verify(line); said != "" {
				verdicts = append(verdicts, said)
			}
		}
		_, err := out.Write(append(line, '\n'))
		return err
	})
	if err != nil {
		return nil, err
	}
	s.line("%s  %s, %d", mark(damaged), name, lines)
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		s.line("         %d × %s", kinds[kind], clean(kind))
	}
	for _, said := range verdicts {
		s.line("         %s", said)
	}
	return damaged, out.Close()
}

func mark(damaged []int64) string {
	if len(damaged) > 0 {
		return "DAMAGED"
	}
	return "ok     "
}

// verify says of one receipt whether it holds; nothing when that was not asked.
func (s *shownExport) verify(bundle []byte) string {
	if s.set == nil {
		return ""
	}
	v, err := audit.Verify(s.cmd.Context(), bundle, *s.set, agent.New(agent.Options{}), s.steps...)
	switch {
	case err != nil:
		s.bad = true
		return "FAILED   a receipt that cannot be read"
	case audit.Sound(v.Checks):
		return "holds    " + strings.TrimSpace(sentence(*v.Receipt))
	}
	s.bad = true
	for _, c := range v.Checks {
		if c.Outcome == audit.Failed {
			return "FAILED   a receipt: " + c.Name + "; " + clean(c.Detail)
		}
	}
	return "FAILED   a receipt"
}

// file is where a section goes.
func (s *shownExport) file(i int, section seal.Section) (io.WriteCloser, error) {
	if s.folder == "" {
		return nowhere{}, nil
	}
	name := fmt.Sprintf("%02d-%s.ndjson", i+1, sectionNames[section.Name])
	if section.Name == "attachment" {
		name = "attachment-" + section.Document // an id, so it names no other folder
	}
	name = strings.ReplaceAll(name, " ", "-")
	return os.OpenFile(filepath.Join(s.folder, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
}

type nowhere struct{}

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) Close() error                { return nil }
