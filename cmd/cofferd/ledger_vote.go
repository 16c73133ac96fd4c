package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"github.com/spf13/cobra"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
	"coffer/anchor/bft"
)

// ballotSocket is where the running member takes its own people's ballots: a socket in
// its folder, so that who may read the member's keys may vote, and nobody else.
func ballotSocket(folder string) string { return filepath.Join(ledgerPath(folder), "ballots.sock") }

// ballotPatience is how long a ballot waits for a block.
const ballotPatience = 30 * time.Second

// serveBallots answers on the member's socket until the returned function is called.
func serveBallots(folder string, node *bft.Node, log *slog.Logger) (stop func(), err error) {
	path, done, err := reachable(ballotSocket(folder))
	if err != nil {
		return nil, fmt.Errorf("making the socket for ballots: %w", err)
	}
	defer done()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // of a killed daemon; the lock is ours
		return nil, fmt.Errorf("making the socket for ballots: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", path)
	if err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("making the socket for ballots: %w", err)
	}
	r := mux.NewRouter()
	anchorhttp.Members(r, node)
	answerStatus(r, node)
	r.HandleFunc("/ballots", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), ballotPatience)
		defer cancel()
		raw, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
		var b anchor.Ballot
		if err == nil {
			b, err = anchor.ParseBallot(raw)
		}
		if err == nil {
			err = node.Vote(ctx, b)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	}).Methods(http.MethodPost)
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("taking ballots", "error", err)
		}
	}()
	return func() { server.Close() }, nil
}

// reachable is a name of a socket that is short enough for the kernel, which takes no
// more than 107 bytes; the returned function gives it back.
func reachable(path string) (short string, done func(), err error) {
	if len(path) <= 100 {
		return path, func() {}, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path)), func() { dir.Close() }, nil
}

// atMember is an HTTP client of the running member's socket.
func atMember(folder string) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		path, done, err := reachable(ballotSocket(folder))
		var c net.Conn
		if err == nil {
			defer done()
			c, err = (&net.Dialer{}).DialContext(ctx, "unix", path)
		}
		if err != nil {
			return nil, fmt.Errorf("no cofferd is running on %s; run: cofferd member --data %s (or cofferd serve)", folder, folder)
		}
		return c, nil
	}}}
}

// governed is a member's folder with what its daemon knows of the members.
type governed struct {
	folder string
	client *http.Client
	chain  anchor.Chain
	all    []anchor.Register
}

func (g governed) register() anchor.Register { return g.all[len(g.all)-1] }

func govern(ctx context.Context, folder string) (g governed, err error) {
	g = governed{folder: folder, client: atMember(folder)}
	if g.chain, err = chainOf(folder); err != nil {
		return g, err
	}
	reader := anchorhttp.Client{Origin: "http://member", HTTP: g.client}
	if g.all, err = reader.Registers(ctx); errors.Is(err, anchor.ErrNotFound) {
		return g, errors.New("this ledger has no members who vote: it was made before members could")
	}
	return g, err
}

// chainOf reads which ledger a folder is of, a member's or an operator's.
func chainOf(folder string) (anchor.Chain, error) {
	chain, _, err := ledgerConfigOf(folder)
	return chain, err
}

// ledgerConfigOf is also what its owner decided about the ledger.
func ledgerConfigOf(folder string) (anchor.Chain, LedgerConfig, error) {
	if m, err := readMemberConfig(folder); err == nil {
		return m.Chain, m.LedgerConfig, nil
	}
	c, err := readConfig(folder)
	return c.Chain, c.LedgerConfig, err
}

// cast signs the member's ballot and hands it to the daemon.
func (g governed) cast(ctx context.Context, p anchor.Proposal, yes bool) error {
	key, err := bft.MemberSecret(ledgerPath(g.folder))
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://member/ballots", bytes.NewReader(anchor.SignBallot(g.chain, key, p, yes).Bytes()))
	if err != nil {
		return err
	}
	res, err := g.client.Do(r)
	if err != nil {
		return fmt.Errorf("casting the ballot: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
		return errors.New(strings.TrimSpace(string(why)))
	}
	return nil
}

func (g governed) motions(ctx context.Context) (map[anchor.Leaf]anchor.Motion, error) {
	return (&anchorhttp.Client{Origin: "http://member", HTTP: g.client}).Motions(ctx)
}

// outcome says what became of a proposal after a ballot on it.
func (g governed) outcome(ctx context.Context, w io.Writer, p anchor.Proposal) error {
	after, err := govern(ctx, g.folder)
	if err != nil {
		return err
	}
	hash := anchor.Leaf(p.Hash())
	motions, err := g.motions(ctx)
	if err != nil {
		return err
	}
	switch m, open := motions[hash]; {
	case open:
		fmt.Fprintf(w, "counted: %d for, %d against, of %d\nthe others vote with: cofferd ledger vote %s --for (or --against)\n", m.Tally.For, m.Tally.Against, m.Tally.Voters, hash)
	case after.register().Number > g.register().Number:
		fmt.Fprintf(w, "decided: the register is number %d now; validators change two blocks later\n", after.register().Number)
		showMembers(w, after.register())
	default:
		fmt.Fprintln(w, "closed: more than a third is against it")
	}
	return nil
}

// find is the member that a name or a key means.
func (g governed) find(name string) (anchor.Member, error) {
	var names []string
	for _, m := range g.register().Members {
		if m.Name == name || m.Key.String() == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return anchor.Member{}, fmt.Errorf("no member is called %q; there are %s", name, strings.Join(names, ", "))
}

func newLedgerPropose() *cobra.Command {
	var folder string
	var observer bool
	c := &cobra.Command{
		Use:   "propose",
		Short: "Propose to admit, change or remove a member, and vote for it",
	}
	propose := func(use, short, example string, args int, make func(governed, []string) (anchor.Proposal, error)) {
		sub := &cobra.Command{Use: use, Short: short, Example: example, Args: cobra.ExactArgs(args), RunE: func(c *cobra.Command, args []string) error {
			g, err := govern(c.Context(), folder)
			if err != nil {
				return err
			}
			p, err := make(g, args)
			if err != nil {
				return err
			}
			p.Register = anchor.Leaf(g.register().Hash())
			if _, err := p.Apply(g.register()); err != nil {
				return err
			}
			if err := g.cast(c.Context(), p, true); err != nil {
				return err
			}
			return g.outcome(c.Context(), c.OutOrStdout(), p)
		}}
		c.AddCommand(sub)
	}
	propose("admit public.json", "A new member joins", "  cofferd ledger propose admit dpa/public.json --data shop-a", 1,
		func(g governed, args []string) (anchor.Proposal, error) {
			m, err := readPublic(args[0])
			if err == nil {
				err = m.MadeFor(g.chain)
			}
			return anchor.Proposal{Kind: anchor.Admit, Member: m}, err
		})
	propose("remove NAME", "A member leaves; its validator stops counting two blocks after the vote", "  cofferd ledger propose remove \"Shop D\" --data shop-a", 1,
		func(g governed, args []string) (anchor.Proposal, error) {
			m, err := g.find(args[0])
			return anchor.Proposal{Kind: anchor.Remove, Replaces: m.Key, Member: m}, err
		})
	propose("change NAME public.json", "A member gets other keys, another address or another role", "  cofferd ledger propose change \"Shop D\" new/public.json --data shop-a", 2,
		func(g governed, args []string) (anchor.Proposal, error) {
			old, err := g.find(args[0])
			if err != nil {
				return anchor.Proposal{}, err
			}
			m, err := readPublic(args[1])
			if err == nil {
				err = m.MadeFor(g.chain)
			}
			return anchor.Proposal{Kind: anchor.Change, Replaces: old.Key, Member: m}, err
		})
	propose("observer NAME", "A member keeps verifying and loses its vote, or gets it back with --observer=false", "  cofferd ledger propose observer \"Shop D\" --data shop-a", 1,
		func(g governed, args []string) (anchor.Proposal, error) {
			m, err := g.find(args[0])
			p := anchor.Proposal{Kind: anchor.Change, Replaces: m.Key, Member: m}
			p.Member.Observer = observer
			return p, err
		})
	c.PersistentFlags().StringVar(&folder, "data", "member-data", "the proposing member's folder, whose daemon runs")
	for _, sub := range c.Commands() {
		if strings.HasPrefix(sub.Use, "observer") {
			sub.Flags().BoolVar(&observer, "observer", true, "false gives the vote back")
		}
	}
	return c
}

func newLedgerMotions() *cobra.Command {
	var folder string
	c := &cobra.Command{
		Use:     "motions",
		Short:   "Show the members and what they are voting on",
		Example: `  cofferd ledger motions --data shop-a`,
		RunE: func(c *cobra.Command, _ []string) error {
			g, err := govern(c.Context(), folder)
			if err != nil {
				return err
			}
			w := c.OutOrStdout()
			fmt.Fprintf(w, "register %d of %s\n", g.register().Number, g.chain)
			showMembers(w, g.register())
			motions, err := g.motions(c.Context())
			if err != nil {
				return err
			}
			if len(motions) == 0 {
				fmt.Fprintln(w, "nothing is being voted on; cofferd ledger propose --help")
			}
			for _, hash := range slices.SortedFunc(maps.Keys(motions), func(a, b anchor.Leaf) int { return bytes.Compare(a[:], b[:]) }) {
				m := motions[hash]
				fmt.Fprintf(w, "\n%s %s: %d for, %d against, of %d\n", m.Proposal.Kind, m.Proposal.Member.Name, m.Tally.For, m.Tally.Against, m.Tally.Voters)
				for _, member := range g.register().Members {
					if yes, voted := m.Votes[member.Key]; voted {
						fmt.Fprintf(w, "  %s is %s\n", member.Name, map[bool]string{true: "for", false: "against"}[yes])
					}
				}
				about, err := json.MarshalIndent(m.Proposal.Member, "  ", "  ")
				if err != nil {
					return err
				}
				fmt.Fprintf(w, "  %s\n  vote: cofferd ledger vote %s --for (or --against) --data %s\n", about, hash, folder)
			}
			return nil
		},
	}
	c.Flags().StringVar(&folder, "data", "member-data", "a member's folder, whose daemon runs")
	return c
}

func newLedgerVote() *cobra.Command {
	var folder string
	var yes, no bool
	c := &cobra.Command{
		Use:     "vote PROPOSAL",
		Short:   "Vote on a proposal, or change one's mind while it is open",
		Example: `  cofferd ledger vote 3Hk… --for --data shop-b`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if yes == no {
				return usageError{errors.New("want --for or --against")}
			}
			var hash anchor.Leaf
			if err := hash.UnmarshalText([]byte(args[0])); err != nil {
				return usageError{errors.New("a proposal is named by the 43 characters that cofferd ledger motions shows")}
			}
			g, err := govern(c.Context(), folder)
			if err != nil {
				return err
			}
			motions, err := g.motions(c.Context())
			if err != nil {
				return err
			}
			m, ok := motions[hash]
			if !ok {
				return errors.New("nobody is voting on this any more; see: cofferd ledger motions")
			}
			if err := g.cast(c.Context(), m.Proposal, yes); err != nil {
				return err
			}
			return g.outcome(c.Context(), c.OutOrStdout(), m.Proposal)
		},
	}
	c.Flags().StringVar(&folder, "data", "member-data", "the voting member's folder, whose daemon runs")
	c.Flags().BoolVar(&yes, "for", false, "vote for it")
	c.Flags().BoolVar(&no, "against", false, "vote against it")
	return c
}
