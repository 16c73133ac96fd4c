// Command ledgertest grows a ledger of one validator and says what it costs: memory, disk
// and the time to start. Run it in the module's folder:
//
//	go run ./internal/ledgertest -entries 1000000
//
// It makes the entries itself, with real signatures and the rule on: grants, permits
// under them, and withdrawals. The node that it measures afterwards is a process of its
// own, which makes no entries.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/anchor/bft"
)

const chain anchor.Chain = "ledgertest"

type settings struct {
	entries, permits, batch int
	home                    string
	open                    bool
	keep                    time.Duration
}

func main() {
	var s settings
	flag.IntVar(&s.entries, "entries", 1_000_000, "how many entries the ledger gets")
	flag.IntVar(&s.permits, "permits", 9, "how many permits a grant gets; every tenth grant is withdrawn")
	flag.IntVar(&s.batch, "batch", 500, "how many entries are appended at once")
	flag.StringVar(&s.home, "home", "", "folder to keep the ledger in; a temporary one if empty")
	flag.DurationVar(&s.keep, "keep-blocks", 0, "how long blocks are kept, as ledger_keep_blocks; -1ns for ever")
	flag.BoolVar(&s.open, "open", false, "only open the ledger in -home and say what that takes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ledgertest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings, out io.Writer) error {
	if s.open {
		return open(ctx, s, out)
	}
	if s.home == "" {
		dir, err := os.MkdirTemp("", "ledgertest")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		s.home = filepath.Join(dir, "home")
	}
	if err := bft.Init(s.home, chain); err != nil {
		return err
	}
	if err := grow(ctx, s, out); err != nil {
		return err
	}
	// Another process: it has only what a node needs.
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, self, "-open", "-home", s.home, "-keep-blocks", s.keep.String())
	c.Stdout, c.Stderr = out, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("opening the ledger: %w", err)
	}
	return sizes(s.home, s.entries, out)
}

// grow appends the entries and says how fast.
func grow(ctx context.Context, s settings, out io.Writer) error {
	n, err := bft.Start(ctx, bft.Options{Home: s.home, Chain: chain, KeepBlocks: s.keep})
	if err != nil {
		return err
	}
	batches := make(chan []anchor.Entry, 4)
	go func() {
		defer close(batches)
		var batch []anchor.Entry
		for i := 0; i < s.entries; {
			r := anchortest.NewRelation(chain, fmt.Sprint("relation ", i))
			now := anchor.EpochAt(time.Now())
			entries := []anchor.Entry{r.Grant(now, 31)}
			for k := range s.permits {
				entries = append(entries, r.Permit(now, k))
			}
			if i/(s.permits+1)%10 == 9 {
				entries = append(entries, r.Withdraw(now))
			}
			entries = entries[:min(len(entries), s.entries-i)]
			i += len(entries)
			if batch = append(batch, entries...); len(batch) >= s.batch || i >= s.entries {
				select {
				case batches <- batch:
				case <-ctx.Done():
					return
				}
				batch = nil
			}
		}
	}()
	began := time.Now()
	done := 0
	for batch := range batches {
		if err := n.Append(ctx, batch...); err != nil {
			return errors.Join(err, n.Close())
		}
		if done += len(batch); done*10/s.entries != (done-len(batch))*10/s.entries {
			fmt.Fprintf(out, "%9d entries after %5.1fs, %d MiB resident with what makes the entries\n", done, time.Since(began).Seconds(), resident()>>20)
		}
	}
	if err := ctx.Err(); err != nil {
		return errors.Join(err, n.Close())
	}
	return n.Close()
}

// open starts a node on the ledger, uses it a little, and says what that takes.
func open(ctx context.Context, s settings, out io.Writer) error {
	began := time.Now()
	n, err := bft.Start(ctx, bft.Options{Home: s.home, Chain: chain, KeepBlocks: s.keep})
	if err != nil {
		return err
	}
	h, err := n.Head(ctx)
	if err != nil {
		return errors.Join(err, n.Close())
	}
	fmt.Fprintf(out, "start          %v with %d entries after %d blocks\n", time.Since(began).Round(time.Millisecond), h.Size, h.Height)
	fmt.Fprintf(out, "resident       %d MiB after the start\n", resident()>>20)
	if err := use(ctx, n, h.Size); err != nil {
		return errors.Join(err, n.Close())
	}
	fmt.Fprintf(out, "resident       %d MiB after 20,000 more entries and 2,000 proofs of any age\n", resident()>>20)
	return n.Close()
}

// use appends and proves, so that caches fill.
func use(ctx context.Context, n *bft.Node, size uint64) error {
	now := anchor.EpochAt(time.Now())
	for i := range 40 {
		var batch []anchor.Entry
		for k := range 50 {
			r := anchortest.NewRelation(chain, fmt.Sprint("after ", i, k))
			batch = append(batch, r.Grant(now, 31))
			for j := range 9 {
				batch = append(batch, r.Permit(now, j))
			}
		}
		if err := n.Append(ctx, batch...); err != nil {
			return err
		}
	}
	for i := range uint64(2000) {
		e, err := n.Range(ctx, i*(size/2000), 1)
		if err != nil {
			return err
		}
		if _, err := n.Prove(ctx, e[0].Leaf()); err != nil {
			return err
		}
	}
	return nil
}

// resident is the memory that this process holds, in bytes.
func resident() (bytes int64) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			fmt.Sscan(rest, &bytes)
		}
	}
	return bytes << 10
}

// sizes says what the ledger's parts take on disk.
func sizes(home string, entries int, out io.Writer) error {
	parts, err := os.ReadDir(filepath.Join(home, "data"))
	if err != nil {
		return err
	}
	var all int64
	for _, p := range parts {
		var size int64
		err := filepath.WalkDir(filepath.Join(home, "data", p.Name()), func(_ string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			i, err := d.Info()
			if err == nil {
				size += i.Size()
			}
			return err
		})
		if err != nil {
			return err
		}
		all += size
		fmt.Fprintf(out, "disk           %8.1f MB %6d bytes an entry  %s\n", float64(size)/1e6, size/int64(entries), p.Name())
	}
	fmt.Fprintf(out, "disk           %8.1f MB %6d bytes an entry  in all\n", float64(all)/1e6, all/int64(entries))
	return nil
}
