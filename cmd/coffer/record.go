package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
)

func newRecord() *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "record", GroupID: "business",
		Short: "Issue records to shoppers, hand them over, take them back",
		Long: `A record is what you attest to a shopper: a loyalty card, a warranty, a certificate of
authenticity. Issue it for the shopper of a grant and deposit it; the shopper accepts or
declines it, keeps it sealed, and shows it to whom they choose.

Records can be taken back, unless you issue them as final: they name a list that you
publish under your own address. Without the list nobody takes such a record.`,
	})
	cmd.AddCommand(newRecordIssue(), newRecordDeposit(), newRecordList(), newRecordRevoke(), newRecordStatus(), newRecordCheck(), newRecordShown())
	return cmd
}

func newRecordIssue() *cobra.Command {
	var t business.RecordTerms
	var claims []string
	var form string
	var last time.Duration
	cmd := &cobra.Command{
		Use: "issue GRANT --type IRI --claim NAME=VALUE", Args: want(1, 1),
		Short: "Sign a record for the shopper of a grant",
		Long: `Signs a record and writes it to the standard output. As sd-jwt, each claim can be shown
on its own, and only by this shopper; as jwt-vc it is shown whole. A value that is JSON is
taken as such, any other as text. What the record says is not kept.`,
		Example: `  coffer record issue 5r1ZkJ0Yx8mC2cQyV7q3Vw --type https://shop.example/records/warranty \
      --claim product="Meridian Low" --claim serial=ML-2231 --for 17520h > warranty.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := grantArgument(args[0])
			if err != nil {
				return err
			}
			if t.Claims, err = readClaims(claims); err != nil {
				return err
			}
			if t.Type == "" || last < 0 {
				return usage("want --type with the IRI of what you attest, and --for of no less than nothing")
			}
			if t.Form = business.RecordForm(form); t.Form != business.RecordInParts && t.Form != business.RecordWhole {
				return usage("want --form %s or %s", business.RecordInParts, business.RecordWhole)
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			if last > 0 {
				t.Until = clock(cmd)().Add(last)
			}
			issued, record, err := b.IssueRecord(cmd.Context(), g, t)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "issued record %s\n", issued.ID)
			fmt.Fprintln(cmd.OutOrStdout(), record)
			return nil
		},
	}
	dataFlag(cmd)
	cmd.Flags().StringVar(&t.Type, "type", "", "IRI of what is attested")
	cmd.Flags().StringArrayVar(&claims, "claim", nil, "what it says, as name=value; once for each")
	cmd.Flags().StringVar(&form, "form", string(business.RecordInParts), "sd-jwt or jwt-vc")
	cmd.Flags().DurationVar(&last, "for", 0, "how long it counts (0: for good)")
	cmd.Flags().BoolVar(&t.Final, "final", false, "it cannot be taken back")
	return cmd
}

func readClaims(all []string) (map[string]any, error) {
	claims := map[string]any{}
	for _, claim := range all {
		name, value, ok := strings.Cut(claim, "=")
		if _, twice := claims[name]; !ok || name == "" || twice {
			return nil, usage("want each --claim once, as name=value")
		}
		var plain any
		if json.Unmarshal([]byte(value), &plain) != nil {
			plain = value
		}
		claims[name] = plain
	}
	if len(claims) == 0 {
		return nil, usage("want at least one --claim: a record that says nothing is none")
	}
	return claims, nil
}

func newRecordDeposit() *cobra.Command {
	cmd := &cobra.Command{
		Use: "deposit GRANT FILE", Args: want(2, 2),
		Short: "Hand the shopper of a grant a record",
		Long: `Seals the record for the shopper alone and leaves it with the operator (FILE - is the
standard input). It may be another issuer's. coffer events says when the shopper accepted
or declined it.`,
		Example: `  coffer record deposit 5r1ZkJ0Yx8mC2cQyV7q3Vw warranty.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := grantArgument(args[0])
			if err != nil {
				return err
			}
			in := cmd.InOrStdin()
			if args[1] != "-" {
				f, err := os.Open(args[1])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			text, err := io.ReadAll(io.LimitReader(in, consent.MaxRecord+2))
			if err != nil {
				return err
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			d, err := b.Deposit(cmd.Context(), g, strings.TrimSpace(string(text)))
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "deposit %s: %s\n", d.ID, d.State)
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}

func newRecordList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Args: want(0, 0),
		Short:   "List the records that you issued, the newest first",
		Example: `  coffer record list --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			all, err := b.Records()
			if err != nil {
				return err
			}
			slices.SortFunc(all, func(x, y business.Issued) int {
				if d := int(y.Issued) - int(x.Issued); d != 0 {
					return d
				}
				return strings.Compare(x.ID, y.ID)
			})
			if asJSON {
				lines := json.NewEncoder(cmd.OutOrStdout())
				for _, r := range all {
					if err := lines.Encode(r); err != nil {
						return err
					}
				}
				return nil
			}
			if len(all) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "you issued none; run: coffer record issue")
				return nil
			}
			t := table.NewWriter()
			t.SetOutputMirror(cmd.OutOrStdout())
			t.SetStyle(table.StyleLight)
			t.AppendHeader(table.Row{"record", "type", "grant", "issued (UTC)", "state"})
			now := consent.UnixAt(clock(cmd)())
			for _, r := range all {
				t.AppendRow(table.Row{r.ID, r.Type, r.Grant, r.Issued.Time().UTC().Format("2006-01-02 15:04"), recordState(r, now)})
			}
			t.Render()
			return nil
		},
	}
	dataFlag(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

func recordState(r business.Issued, now consent.Unix) string {
	switch {
	case r.Revoked != 0:
		return "revoked"
	case r.Until != 0 && now >= r.Until:
		return "expired"
	case r.Index == nil:
		return "final"
	}
	return "stands"
}

func newRecordCheck() *cobra.Command {
	var nonce string
	cmd := &cobra.Command{
		Use: "check FILE", Args: want(1, 1),
		Short: "Verify a record that somebody showed you",
		Long: `Verifies who signed it, that it counts now, and that it was not taken back, and prints
what it says (FILE - is the standard input). With --nonce it must be presented to you, for
that request, by the holder whom it names: a copy is not enough then.`,
		Example: `  coffer record check warranty.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			in := cmd.InOrStdin()
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			text, err := io.ReadAll(io.LimitReader(in, consent.MaxRecord+2))
			if err != nil {
				return err
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			r, err := b.CheckRecord(cmd.Context(), strings.TrimSpace(string(text)), nonce)
			if err != nil {
				return fmt.Errorf("checking the record: %w", err)
			}
			writeRecord(cmd.OutOrStdout(), r, nonce != "")
			return nil
		},
	}
	dataFlag(cmd)
	cmd.Flags().StringVar(&nonce, "nonce", "", "of the request that it answers")
	return cmd
}

func newRecordShown() *cobra.Command {
	cmd := &cobra.Command{
		Use: "shown GRANT ATTRIBUTE", Args: want(2, 2),
		Short: "Collect and verify the record that a shopper shows you under a grant",
		Long: `Collects the attribute under the grant and verifies the record that came: who signed it,
that it counts now and was not taken back, that its holder presents it to you for your own
request, and that it is what you asked for. Whether you believe who signed it is for you
to say.`,
		Example: `  coffer record shown 5r1ZkJ0Yx8mC2cQyV7q3Vw warranty`,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := id.Parse[id.Grant](args[0])
			if err != nil {
				return usage("GRANT: %w", err)
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			got, err := b.Collect(cmd.Context(), g, args[1])
			if err != nil {
				return explained(err)
			}
			r, err := b.CheckShown(cmd.Context(), got.Grant, got.Values[0])
			if err != nil {
				return fmt.Errorf("checking the record: %w", err)
			}
			writeRecord(cmd.OutOrStdout(), r, true)
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}

// writeRecord prints what a verified record says; asked: its holder had to present it.
func writeRecord(out io.Writer, r consent.Record, asked bool) {
	fmt.Fprintf(out, "signed by %s\ntype %s\n", r.Issuer, r.Types[len(r.Types)-1])
	if r.Until == 0 {
		fmt.Fprintln(out, "counts for good")
	} else {
		fmt.Fprintf(out, "counts until %s\n", r.Until.Time().UTC().Format(time.RFC3339))
	}
	if len(r.Statuses) > 0 {
		fmt.Fprintln(out, "not taken back, by its issuer's list")
	}
	switch {
	case r.Holder != nil && !asked:
		fmt.Fprintln(out, "who shows it was not asked: it names its holder (--nonce)")
	case r.Holder != nil:
		fmt.Fprintln(out, "presented by its holder")
	default:
		fmt.Fprintln(out, "whoever has it can show it")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Claims)) {
		fmt.Fprintf(out, "  %s: %s\n", name, r.Claims[name])
	}
}

func newRecordRevoke() *cobra.Command {
	cmd := &cobra.Command{
		Use: "revoke RECORD", Args: want(1, 1),
		Short: "Take a record back, for good",
		Long: `Marks the record in your status list. Nobody learns of it before you publish the list
again: coffer record status, or serve it with coffer.Business.StatusList.`,
		Example: `  coffer record revoke mZ0cYx8mC2cQyV7q3Vw5rA && coffer record status --out /srv/www/records/status`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			if err := b.RevokeRecord(args[0]); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "revoked; publish the list at %s\n", b.StatusURL())
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}

func newRecordStatus() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: "status", Args: want(0, 0),
		Short: "Sign the status list, to be published",
		Long: `Writes the signed list (W3C Bitstring Status List) that says which records were taken
back. It counts for a week: publish it again every few days, and after each revocation.`,
		Example: `  coffer record status --out /srv/www/records/status`,
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			list, err := b.StatusList()
			if err != nil {
				return err
			}
			if out == "" {
				fmt.Fprintln(cmd.OutOrStdout(), list)
				return nil
			}
			if err := os.WriteFile(out, []byte(list), 0o644); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "serve %s at %s\n", out, b.StatusURL())
			return nil
		},
	}
	dataFlag(cmd)
	cmd.Flags().StringVar(&out, "out", "", "file to write instead of the standard output")
	return cmd
}
