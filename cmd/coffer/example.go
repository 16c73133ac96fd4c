package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// exampleProfile and examplePurposes are what the help shows, and what coffer example
// writes.
const exampleProfile = `{
  "v": 1,
  "operator": "http://localhost:8080",
  "name": "Corner Shop",
  "address": "Lindenallee 4, 10115 Berlin, Germany",
  "contact": "privacy@corner-shop.example",
  "dpo": "dpo@corner-shop.example",
  "authority": "Berliner Beauftragte für Datenschutz",
  "privacy_notice": "https://corner-shop.example/privacy",
  "url": "https://corner-shop.example",
  "jurisdictions": ["DE"],
  "language": "en",
  "notice_version": "1",
  "purposes": ["https://w3id.org/dpv#DeliveryOfGoods"]
}`

const examplePurposes = `{"v": 1, "purposes": [{
  "id": "delivery",
  "purpose": "https://w3id.org/dpv#DeliveryOfGoods",
  "text": {"en": "We hand your order to Parcel Co with your name and address."},
  "required": ["name", "postal-address"], "optional": ["phone"],
  "days": 31, "retention": "P90D",
  "recipients": [{"name": "Parcel Co", "country": "DE"}],
  "lawful_basis": "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a",
  "channels": [], "weekly_cap": 0
}]}`

// indented is a file as the help shows it.
func indented(file string) string { return "  " + strings.ReplaceAll(file, "\n", "\n  ") }

func newExample() *cobra.Command {
	cmd := group(&cobra.Command{
		Use: "example", GroupID: "business",
		Short: "Write a file to begin with: a profile, or what to ask",
	})
	for _, c := range []struct{ use, short, file string }{
		{"profile", "Write a profile, for coffer key new", exampleProfile},
		{"purposes", "Write what to ask, for coffer request", examplePurposes},
	} {
		cmd.AddCommand(&cobra.Command{
			Use: c.use, Args: want(0, 0), Short: c.short,
			Example: fmt.Sprintf("  coffer example %s > %s.json", c.use, c.use),
			RunE: func(cmd *cobra.Command, _ []string) error {
				_, err := fmt.Fprintln(cmd.OutOrStdout(), c.file)
				return err
			},
		})
	}
	return cmd
}
