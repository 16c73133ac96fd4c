package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"coffer/consent/business"
	"coffer/internal/id"
)

func newRequest() *cobra.Command {
	cmd := &cobra.Command{
		Use: "request --purposes FILE | --template NAME", GroupID: "business", Args: want(0, 0),
		Short: "Ask one shopper: sign a request and show its link and QR code",
		Long: `One request is for one shopper's one decision. The file says what to ask, each
purpose on its own (an unknown or a missing key is an error):

` + indented(examplePurposes) + `

With --template the words come from a template's latest version (coffer template
--help); --only chooses some of its purposes. coffer request again NAME asks all
whose grants are behind it.

Purposes that contact the shopper have "channels": ["wallet"] and a weekly cap.
A purpose may name "partners" that get some of its attributes too, each as coffer
partner shows it; joint ones co-sign the request.
Ask for little: what a purpose may ask at all is limited by the operator.`,
		Example: `  coffer example purposes > purposes.json
  coffer request --purposes purposes.json
  coffer request --purposes purposes.json --wait --reference order-1001
  coffer request --template order --only delivery

  # with a joint partner
  coffer request --purposes purposes.json --draft request.json
  coffer cosign request.json --data partner-data
  coffer request --send request.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if drafted, _ := cmd.Flags().GetString("send"); drafted != "" {
				return sendDraft(cmd, drafted)
			}
			ask, err := readAsk(cmd)
			if err != nil {
				return err
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			ask.Open, _ = cmd.Flags().GetDuration("open")
			ask.ReturnURL, _ = cmd.Flags().GetString("return-url")
			ask.Reference, _ = cmd.Flags().GetString("reference")
			if file, _ := cmd.Flags().GetString("draft"); file != "" {
				d, err := b.Draft(cmd.Context(), ask)
				if err != nil {
					return err
				}
				if err := d.Write(file); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "signed, not sent; each joint partner runs: coffer cosign %s\nthen: coffer request --send %s\n", file, file)
				return nil
			}
			asked, err := b.Request(cmd.Context(), ask)
			if err != nil {
				return err
			}
			return printAsked(cmd, b, asked)
		},
	}
	dataFlag(cmd)
	f := cmd.Flags()
	f.String("purposes", "", "what to ask, a JSON `file`")
	f.String("template", "", "ask what the latest version of this template `name` says")
	f.StringSlice("only", nil, "of a template: ask these `purposes` only")
	f.Duration("open", 24*time.Hour, "how long the shopper may take, at most 168h")
	f.String("return-url", "", "where the wallet leads back to, under the profile's `url`")
	f.String("reference", "", "your own `word` for it, such as an order number; never sent")
	f.Bool("no-qr", false, "show the link only")
	f.Bool("wait", false, "wait for the answer")
	f.String("draft", "", "sign into this `file` and send nothing: joint partners co-sign it first")
	f.String("send", "", "send what was signed into this `file`")
	cmd.AddCommand(newRequestAgain())
	return cmd
}

func sendDraft(cmd *cobra.Command, file string) error {
	d, err := business.ReadDraft(file)
	if err != nil {
		return err
	}
	b, err := openBusiness(cmd)
	if err != nil {
		return err
	}
	defer b.Close()
	asked, err := b.SendDraft(cmd.Context(), d)
	if err != nil {
		return err
	}
	return printAsked(cmd, b, asked)
}

// printAsked shows the link of a request, and waits if that is wanted.
func printAsked(cmd *cobra.Command, b *business.Business, asked business.Asked) error {
	out := cmd.OutOrStdout()
	if plain, _ := cmd.Flags().GetBool("no-qr"); !plain {
		code, err := terminalQR(asked.Link)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n", code)
	}
	fmt.Fprintf(out, "%s\nrequest %s, open until %s\n", asked.Link, asked.ID, asked.Expires.Time().Local().Format(time.DateTime))
	if wait, _ := cmd.Flags().GetBool("wait"); wait {
		return waitFor(cmd.Context(), out, b, asked.ID)
	}
	return nil
}

// readAsk reads what to ask: a file of purposes, or a template.
func readAsk(cmd *cobra.Command) (ask business.Ask, err error) {
	path, _ := cmd.Flags().GetString("purposes")
	ask.Template, _ = cmd.Flags().GetString("template")
	if cmd.Flags().Changed("only") {
		ask.Only, _ = cmd.Flags().GetStringSlice("only")
	}
	switch {
	case path != "" && ask.Template != "":
		return ask, usage("give --purposes or --template, not both")
	case ask.Template == "" && ask.Only != nil:
		return ask, usage("--only goes with --template")
	case ask.Template != "":
		return ask, nil
	}
	if err := need(cmd, "purposes"); err != nil {
		return ask, err
	}
	ask.Purposes, err = business.ReadPurposes(path)
	return ask, err
}

func newStatus() *cobra.Command {
	cmd := &cobra.Command{
		Use: "status REQUEST", GroupID: "business", Args: want(1, 1),
		Short:   "Show what became of a request",
		Example: `  coffer status 5r1ZkJ0Yx8mC2cQyV7q3Vw`,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := id.Parse[id.Request](args[0])
			if err != nil {
				return usage("REQUEST: %w", err)
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			status, err := b.Status(cmd.Context(), r)
			if err != nil {
				return err
			}
			printStatus(cmd.OutOrStdout(), status)
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}

// waitFor waits until the shopper has decided.
func waitFor(ctx context.Context, out io.Writer, b *business.Business, r id.Request) error {
	fmt.Fprintln(out, "waiting for the answer; Ctrl-C stops waiting, the request stays open")
	status, err := b.Wait(ctx, r)
	if err != nil {
		return err
	}
	printStatus(out, status)
	return nil
}

func printStatus(out io.Writer, s business.Status) {
	fmt.Fprintf(out, "request %s is %s\n", s.ID, s.State)
	for _, p := range s.Purposes {
		if p.Given {
			fmt.Fprintf(out, "  %-20s given    grant %s\n", p.ID, p.Grant)
			for _, to := range p.Partners {
				if to.Given {
					fmt.Fprintf(out, "    %-18s given    grant %s\n", to.DID, to.Grant)
				} else {
					fmt.Fprintf(out, "    %-18s left out\n", to.DID)
				}
			}
		} else {
			fmt.Fprintf(out, "  %-20s refused\n", p.ID)
		}
	}
}
