package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"coffer/consent"
	"coffer/consent/business"
)

func newPartner() *cobra.Command {
	cmd := &cobra.Command{
		Use: "partner --attributes NAMES --country CODE", GroupID: "business", Args: want(0, 0),
		Short: "Show this business as another one's request names it",
		Long: `The business that asks puts this into "partners" of a purpose. An onward partner
gets the attributes too, for itself, and the shopper may leave it out; a joint one
asks together with the business, and co-signs the request (coffer cosign). What is
given to a partner is a grant of its own: it learns of it by coffer events, and
collects under its own permits.`,
		Example: `  coffer partner --attributes name,postal-address --country NL
  coffer partner --role joint --attributes email --country DE`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := need(cmd, "attributes", "country"); err != nil {
				return err
			}
			role, _ := cmd.Flags().GetString("role")
			if role != string(consent.Onward) && role != string(consent.Joint) {
				return usage("--role: want onward or joint")
			}
			names, _ := cmd.Flags().GetString("attributes")
			country, _ := cmd.Flags().GetString("country")
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			text, err := json.MarshalIndent(b.AsPartner(consent.PartnerRole(role), country, strings.Split(names, ",")...), "", "  ")
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n", text)
			return nil
		},
	}
	dataFlag(cmd)
	f := cmd.Flags()
	f.String("role", string(consent.Onward), "`onward` or joint")
	f.String("attributes", "", "what it is to get, `names` with commas between")
	f.String("country", "", "where it processes, an ISO 3166 `code`")
	return cmd
}

func newCosign() *cobra.Command {
	cmd := &cobra.Command{
		Use: "cosign FILE", GroupID: "business", Args: want(1, 1),
		Short: "Co-sign a request that another business asks jointly with this one",
		Long: `FILE is what coffer request --draft wrote. The request is checked (who signed it,
what it asks in this business's name, that the letters will open), shown, and
co-signed; the co-signature is put into FILE. Whoever co-signs a request answers
for it with the business that asks (GDPR article 26). When every joint partner has
co-signed, the first business sends it: coffer request --send FILE.`,
		Example: `  coffer cosign request.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := business.ReadDraft(args[0])
			if err != nil {
				return err
			}
			b, err := openBusiness(cmd)
			if err != nil {
				return err
			}
			defer b.Close()
			d, q, err := b.Cosign(cmd.Context(), d)
			if err != nil {
				return err
			}
			if err := d.Write(args[0]); err != nil {
				return err
			}
			printJoint(cmd.OutOrStdout(), q, b.DID())
			fmt.Fprintf(cmd.OutOrStdout(), "co-signed: %d of %d\n", len(d.Cosignatures), len(q.Joint()))
			return nil
		},
	}
	dataFlag(cmd)
	return cmd
}

// printJoint shows what a request asks in a partner's name.
func printJoint(out io.Writer, q consent.Request, partner consent.DID) {
	fmt.Fprintf(out, "%s asks, in request %s:\n", q.Controller.Name, q.ID)
	for _, a := range q.For(partner) {
		whole, _ := q.Purpose(a.ID)
		p, _ := whole.Partner(partner)
		fmt.Fprintf(out, "  %-20s %s: %s, %d days, kept %s\n    %s\n", a.ID, p.Role, strings.Join(p.Attributes, ", "), a.Days, a.Retention, whole.Text[q.Language])
	}
}
