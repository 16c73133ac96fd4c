// Command loadtest measures Coffer under load: it plants vaults and grants in a data
// folder of its own, runs the real cofferd on it, and drives it over loopback with
// clients in another process. Nothing in it is a test that can fail for being slow.
//
//	go run ./internal/loadtest                        # 1,000 and 100,000 vaults
//	go run ./internal/loadtest -vaults 1000000        # a few minutes of planting
//	go run ./internal/loadtest -vaults 100000 -database postgres://coffer@localhost/empty
//
// What is planted is what giving and permitting leave behind: real ciphertext, made
// here as a wallet makes it, so that cofferd itself links no key; entries and papers
// are stand-ins of the right size, since collecting never reads them. The clients
// share the machine with the server, which costs it what they need.
//
// # Trust
//
// None: it makes its own folder and throws it away. It holds keys of vaults that
// exist nowhere else.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// settings are the flags.
type settings struct {
	sizes   []int
	clients int
	each    time.Duration
	daemon  string // path of cofferd; built when empty
	folder  string // where data folders are made
	store   string // PostgreSQL's URL of an empty database; SQLite when empty
	runs    map[string]bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) == 2 && os.Args[1] == "bare" {
		os.Exit(bare(os.Stdout))
	}
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "loadtest:", err)
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (s settings, err error) {
	f := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	f.SetOutput(stderr)
	vaults := f.String("vaults", "1000,100000", "how many vaults, one run each")
	runs := f.String("runs", "bare,save,open,bearer,dpop,stream,withdraw", "what to measure")
	f.IntVar(&s.clients, "clients", 16, "clients at once")
	f.DurationVar(&s.each, "each", 8*time.Second, "how long each measurement lasts")
	f.StringVar(&s.daemon, "cofferd", "", "the binary to run (default: built from ./cmd/cofferd)")
	f.StringVar(&s.folder, "folder", "", "where to make the data folders (default: a temporary folder, removed in the end)")
	f.StringVar(&s.store, "database", "", "an empty PostgreSQL database to use instead of SQLite, for one size")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	for _, text := range strings.Split(*vaults, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return s, fmt.Errorf("-vaults %s: want numbers, as in 1000,100000", *vaults)
		}
		s.sizes = append(s.sizes, n)
	}
	if s.store != "" && len(s.sizes) > 1 {
		return s, fmt.Errorf("-database: one run needs an empty database; give one number to -vaults")
	}
	s.runs = map[string]bool{}
	for _, name := range strings.Split(*runs, ",") {
		s.runs[name] = true
	}
	return s, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if s.folder == "" {
		if s.folder, err = os.MkdirTemp("", "coffer-load-"); err != nil {
			return err
		}
		defer os.RemoveAll(s.folder)
	}
	if s.daemon == "" {
		if s.daemon, err = build(ctx, s.folder); err != nil {
			return err
		}
	}
	var all []measured
	if s.runs["bare"] {
		m, err := measureBare(ctx, s)
		if err != nil {
			return err
		}
		all = append(all, m)
	}
	for _, n := range s.sizes {
		fmt.Fprintf(stderr, "planting %d vaults\n", n)
		more, err := measureVaults(ctx, s, n, stderr)
		if err != nil {
			return fmt.Errorf("%d vaults: %w", n, err)
		}
		all = append(all, more...)
	}
	return table(stdout, s, all)
}

func table(to io.Writer, s settings, all []measured) error {
	fmt.Fprintf(to, "\n%d clients, %s each, clients and server on one machine, load %s\n\n", s.clients, s.each, load())
	t := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "vaults\twhat\tper second\tp50 ms\tp99 ms\tserver µs each\terrors\t")
	for _, m := range all {
		vaults := "-"
		if m.vaults > 0 {
			vaults = strconv.Itoa(m.vaults)
		}
		p50, p99 := "-", "-"
		if len(m.took) > 0 {
			p50, p99 = fmt.Sprintf("%.2f", m.at(50)), fmt.Sprintf("%.2f", m.at(99))
		}
		cost := "-"
		if m.cost > 0 {
			cost = fmt.Sprintf("%.1f", float64(m.cost.Microseconds())/float64(max(1, m.count)))
		}
		fmt.Fprintf(t, "%s\t%s\t%.0f\t%s\t%s\t%s\t%d\t\n", vaults, m.what, m.perSecond, p50, p99, cost, m.errors)
	}
	return t.Flush()
}

// load is the machine's load average, for whoever reads the figures later.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}
