package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"coffer/anchor"
	"coffer/anchor/bft"
)

func newLedger() *cobra.Command {
	c := &cobra.Command{
		Use:   "ledger",
		Short: "Form and govern the ledger that several members run together",
		Long: `A ledger begins with its members' public files. Each member, on its own machine:

  cofferd ledger init --data shop-a --chain high-street --name "Shop A" --role retailer \
      --country DE --contact ledger@shop-a.example --url https://ledger.shop-a.example \
      --address ledger.shop-a.example:26656

sends shop-a/public.json to the others. One of them makes the genesis and sends it back:

  cofferd ledger genesis --chain high-street a.json b.json c.json d.json --out genesis.json

Each joins with it, compares the digest it prints with the others by another way than
the file came, and runs:

  cofferd ledger join genesis.json --data shop-a
  cofferd member --data shop-a

Later members are admitted, changed and removed by vote: propose, motions, vote. A member
that has no copy of the ledger, or lost it, begins from a snapshot of the others as soon
as it starts: status shows how it stands, rejoin makes it begin anew.`,
	}
	c.AddCommand(newLedgerInit(), newLedgerGenesis(), newLedgerJoin(), newLedgerMotions(), newLedgerPropose(), newLedgerVote(),
		newLedgerStatus(), newLedgerRejoin())
	return c
}

func newLedgerInit() *cobra.Command {
	var folder string
	var config MemberConfig
	about := anchor.Member{}
	c := &cobra.Command{
		Use:   "init",
		Short: "Make a member's keys and its public file",
		Long: `Makes three keys in the folder: the member's own, which signs its votes; its node's,
which proves who connects; and its validator's, which signs blocks. What the others need
to know stands in public.json; the keys never leave the folder.

An operator of vaults that joins a ledger does the same in its empty data folder, joins,
and then runs cofferd init on it.`,
		Example: `  cofferd ledger init --data dpa --chain high-street --name "Data Protection Authority" \
      --role regulator --observer --country DE --contact ledger@dpa.example \
      --url https://ledger.dpa.example --address ledger.dpa.example:26656`,
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := os.Stat(filepath.Join(folder, memberConfigFile)); err == nil {
				return fmt.Errorf("%s is a member's folder already; choose another", folder)
			}
			config.Version, config.Heartbeat = layout, Defaults().Heartbeat
			if err := config.Check(); err != nil {
				return usageError{err}
			}
			m, err := bft.MakeMember(ledgerPath(folder), config.Chain, about)
			if err != nil {
				return err
			}
			if err := writeJSON(filepath.Join(folder, "public.json"), m); err != nil {
				return err
			}
			if err := writeJSON(filepath.Join(folder, memberConfigFile), config); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "made the keys of %s in %s\nsend to the other members: %s\nnext, with the genesis:    cofferd ledger join genesis.json --data %s\n",
				m.Name, folder, filepath.Join(folder, "public.json"), folder)
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&folder, "data", "member-data", "folder to make")
	f.StringVar((*string)(&config.Chain), "chain", "", "name of the ledger, the same for all members")
	f.StringVar(&config.Listen, "listen", "localhost:8080", "address to serve proofs and the published log on")
	f.StringVar(&config.LedgerListen, "ledger-listen", "0.0.0.0:26656", "address that the other members' nodes connect to")
	f.StringVar(&about.Name, "name", "", "the organisation's name")
	f.StringVar(&about.Role, "role", "retailer", "operator, retailer, partner, regulator or other")
	f.StringVar(&about.Country, "country", "", "where it is, in ISO 3166-1 as in DE")
	f.StringVar(&about.Contact, "contact", "", "whom to write to about the ledger")
	f.StringVar(&about.Authority, "authority", "", "the supervisory authority (GDPR art. 51)")
	f.StringArrayVar(&about.Purposes, "purpose", nil, "an IRI of a purpose that it asks shoppers for; may be repeated")
	f.StringVar(&about.URL, "url", "", "where others reach --listen, as in https://ledger.shop.example")
	f.StringVar(&about.Address, "address", "", "where others reach --ledger-listen, host:port")
	f.BoolVar(&about.Observer, "observer", false, "verify everything, have no vote")
	for _, name := range []string{"chain", "name", "country", "contact", "url", "address"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag stands above
		}
	}
	return c
}

func newLedgerGenesis() *cobra.Command {
	var out string
	var chain anchor.Chain
	c := &cobra.Command{
		Use:   "genesis public.json…",
		Short: "Make the file with which a ledger of these members begins",
		Long: `Checks the members' public files against each other and writes the genesis. All
members must join with this one file: two files made from the same members differ in
their time and begin two ledgers.`,
		Example: `  cofferd ledger genesis --chain high-street a.json b.json c.json d.json --out genesis.json`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, files []string) error {
			var members []anchor.Member
			for _, file := range files {
				m, err := readPublic(file)
				if err != nil {
					return err
				}
				members = append(members, m)
			}
			if _, err := os.Stat(out); err == nil {
				return fmt.Errorf("%s is there already; a ledger has one genesis: remove it, or choose another name with --out", out)
			}
			b, err := bft.Genesis(chain, members, time.Now())
			if err != nil {
				return err
			}
			if err := writeDurably(out, b); err != nil {
				return err
			}
			return showGenesis(c.OutOrStdout(), b)
		},
	}
	c.Flags().StringVar((*string)(&chain), "chain", "", "name of the ledger, as in the members' cofferd ledger init")
	c.Flags().StringVar(&out, "out", "genesis.json", "file to write")
	if err := c.MarkFlagRequired("chain"); err != nil {
		panic(err) // the flag stands above
	}
	return c
}

func newLedgerJoin() *cobra.Command {
	var folder string
	c := &cobra.Command{
		Use:   "join genesis.json",
		Short: "Make a member's folder the home of a ledger",
		Long: `Takes the ledger's genesis into the member's folder. Compare the digest it prints with
the other members: whoever has another genesis is on another ledger.`,
		Example: `  cofferd ledger join genesis.json --data shop-a`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			config, err := readMemberConfig(folder)
			if err != nil {
				return err
			}
			b, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("reading the genesis: %w", err)
			}
			chain, _, err := bft.ParseGenesis(b)
			if err != nil {
				return err
			}
			if chain != config.Chain {
				return fmt.Errorf("%s is of the ledger %q, the folder's keys were made for %q; run cofferd ledger init --chain %s in an empty folder", args[0], chain, config.Chain, chain)
			}
			if err := bft.Join(ledgerPath(folder), b); err != nil {
				return err
			}
			if err := showGenesis(c.OutOrStdout(), b); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "next: cofferd member --data %s (or, to keep vaults too: cofferd init --data %s --origin …)\n", folder, folder)
			return nil
		},
	}
	c.Flags().StringVar(&folder, "data", "member-data", "the member's folder")
	return c
}

// showGenesis says who begins the ledger, and what to compare.
func showGenesis(w io.Writer, b []byte) error {
	chain, register, err := bft.ParseGenesis(b)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "ledger  %s\n", chain)
	showMembers(w, register)
	fmt.Fprintf(w, "digest  %x\n", sha256.Sum256(b))
	return nil
}

func showMembers(w io.Writer, r anchor.Register) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"member", "role", "country", "vote", "node", "key"})
	for _, m := range r.Members {
		vote := "yes"
		if m.Observer {
			vote = "observer"
		}
		t.AppendRow(table.Row{m.Name, m.Role, m.Country, vote, m.Address, m.Key})
	}
	t.Render()
}

// readPublic reads what ledger init wrote for others to see.
func readPublic(file string) (anchor.Member, error) {
	var m anchor.Member
	b, err := os.ReadFile(file)
	if err != nil {
		return m, fmt.Errorf("reading a member's public file: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return m, fmt.Errorf("%s: %w; is it the public.json that cofferd ledger init wrote, and whole?", file, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return m, fmt.Errorf("%s: something stands after its end; ask the member to send it again", file)
	}
	if err := m.Validate(); err != nil {
		return m, fmt.Errorf("%s: %w; ask the member for the file that cofferd ledger init wrote", file, err)
	}
	return m, nil
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeDurably(path, append(b, '\n'))
}
