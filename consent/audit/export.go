package audit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"coffer/anchor"
	"coffer/consent"
)

// Prover makes proofs: an anchor.Ledger, or the client of one.
type Prover interface {
	Prove(ctx context.Context, leaf anchor.Leaf) (anchor.Proof, error)
}

// Export writes a copy of what the trail holds now, closed with an end line that says
// when: an audit judges by it what was due. With a prover it adds the proofs that are missing, so that the copy is audited offline; what
// the ledger does not have stays without one, and the audit says so. A prover that is a
// Completer shows of each grant that the trail leaves out nothing. settle, if it is given,
// is to bring into the trail whatever of the business's is on the ledger by then: it is
// called once these are known, so that nothing can come in between that looks hidden.
func (w *Writer) Export(ctx context.Context, to io.Writer, prover Prover, at time.Time, settle ...func(context.Context) error) error {
	var all *os.File
	if completer, ok := prover.(Completer); ok {
		var err error
		if all, err = os.CreateTemp(filepath.Dir(w.path), ".complete-*"); err != nil {
			return fmt.Errorf("exporting the trail: %w", err)
		}
		defer os.Remove(all.Name())
		defer all.Close()
		if err := w.completes(ctx, all, completer); err != nil {
			return fmt.Errorf("exporting the trail: %w", err)
		}
	}
	for _, f := range settle {
		if err := f(ctx); err != nil {
			return fmt.Errorf("exporting the trail: %w", err)
		}
	}
	f, err := w.snapshot()
	if err != nil {
		return fmt.Errorf("exporting the trail: %w", err)
	}
	defer f.Close()
	if all == nil {
		return export(ctx, to, f, prover, at, nil)
	}
	if _, err := all.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("exporting the trail: %w", err)
	}
	return export(ctx, to, f, prover, at, all)
}

// snapshot is what was acknowledged until now.
func (w *Writer) snapshot() (io.ReadCloser, error) {
	w.mu.Lock()
	size := w.size
	w.mu.Unlock()
	f, err := os.Open(w.path)
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(f, size), f}, err
}

// asking is how many proofs of completeness are asked for at once.
const asking = 8

// completes writes down all entries of each grant of the trail, as the ledger has them
// now: a line each. A ledger without a map of handles has none.
func (w *Writer) completes(ctx context.Context, to io.Writer, c Completer) error {
	trail, err := w.snapshot()
	if err != nil {
		return err
	}
	defer trail.Close()
	out := bufio.NewWriter(to)
	var grants []Grant
	ask := func() error {
		lines, errs := make([]Complete, len(grants)), make([]error, len(grants))
		var wg sync.WaitGroup
		for i, g := range grants {
			wg.Go(func() {
				entry, err := anchor.ParseEntry(g.Entry)
				if err != nil {
					errs[i] = anchor.ErrNotFound // its own line says what is wrong with it
					return
				}
				lines[i].Grant = g.Grant
				lines[i].Proof, errs[i] = c.Complete(ctx, entry.Handle())
			})
		}
		wg.Wait()
		for i, line := range lines {
			if errors.Is(errs[i], anchor.ErrNotFound) {
				continue
			}
			if errs[i] != nil {
				return fmt.Errorf("reading all entries of a grant: %w", errs[i])
			}
			b, err := json.Marshal(line)
			if err != nil {
				return err
			}
			if _, err := out.Write(append(b, '\n')); err != nil {
				return err
			}
		}
		grants = grants[:0]
		return nil
	}
	err = eachLine(trail, func(_ int, line []byte, whole bool) error {
		if !whole || !bytes.HasPrefix(line, []byte(`{"v":1,"kind":"grant",`)) {
			return nil
		}
		if parsed, _, err := parseLine(line); err == nil {
			grants = append(grants, parsed.(Grant))
		}
		if len(grants) < asking {
			return nil
		}
		return ask()
	})
	if err == nil {
		err = ask()
	}
	return errors.Join(err, out.Flush())
}

// export copies a trail and closes it; all, if not nil, is what completes wrote.
func export(ctx context.Context, to io.Writer, trail io.Reader, prover Prover, at time.Time, all io.Reader) error {
	out := bufio.NewWriter(to)
	var l links
	missing, proven := map[anchor.Leaf]Proof{}, map[short]struct{}{}
	var order []anchor.Leaf
	err := eachLine(trail, func(n int, line []byte, whole bool) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !whole {
			return errStop // never acknowledged
		}
		l.prev, l.count = sha256.Sum256(line), l.count+1
		if prover != nil {
			switch p, leaf := proofIn(line); {
			case leaf == anchor.Leaf{}:
			case p.Proof.Entry == nil:
				missing[leaf], order = p, append(order, leaf)
			default:
				delete(missing, leaf)
				proven[cut(leaf)] = struct{}{}
			}
		}
		_, err := out.Write(append(line, '\n'))
		return err
	})
	if err != nil && !errors.Is(err, errStop) {
		return fmt.Errorf("exporting the trail: %w", err)
	}
	for _, leaf := range order {
		p, still := missing[leaf]
		if !still {
			continue
		}
		delete(missing, leaf)
		p.Proof, err = prover.Prove(ctx, leaf)
		if errors.Is(err, anchor.ErrNotFound) || errors.Is(err, anchor.ErrGone) {
			continue // of one that was dropped, the grant's proof of completeness has the leaf
		}
		if err != nil {
			return fmt.Errorf("exporting the trail: proving an entry: %w", err)
		}
		if err := l.write(out, p); err != nil {
			return err
		}
		proven[cut(leaf)] = struct{}{}
	}
	if all != nil {
		if err := l.completes(ctx, out, all, proven); err != nil {
			return err
		}
	}
	end := End{Count: l.count}
	if !at.IsZero() {
		end.Time = consent.UnixAt(at)
	}
	if err := l.write(out, end); err != nil {
		return err
	}
	return out.Flush()
}

// completes adds the proofs of completeness, without the entries that the trail proves.
func (l *links) completes(ctx context.Context, to io.Writer, all io.Reader, proven map[short]struct{}) error {
	lines := json.NewDecoder(all)
	for {
		var c Complete
		err := lines.Decode(&c)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("exporting the trail: %w", err)
		}
		others := []anchor.Indexed{}
		for _, e := range c.Proof.Entries {
			if _, ok := proven[cut(e.Entry.Leaf())]; !ok {
				others = append(others, e)
			}
		}
		c.Proof.Entries = others
		c.Proof.Dropped = slices.DeleteFunc(c.Proof.Dropped, func(d anchor.Placed) bool {
			_, ok := proven[cut(d.Leaf)]
			return ok
		})
		if err := l.write(to, c); err != nil {
			return err
		}
	}
}

func (l *links) write(to io.Writer, line Line) error {
	b, err := l.encode(line)
	if err == nil {
		_, err = to.Write(b)
	}
	if err != nil {
		return fmt.Errorf("exporting the trail: %w", err)
	}
	return nil
}

// proofIn is the leaf of the entry that a line proves, with the proof; without one, if
// the line lacks it. The zero leaf is for lines that have nothing to do with proofs.
func proofIn(line []byte) (Proof, anchor.Leaf) {
	if !bytes.Contains(line, []byte(`"proof":`)) {
		return Proof{}, anchor.Leaf{}
	}
	parsed, _, _ := parseLine(line)
	of := func(p *anchor.Proof, lacks Proof, entry []byte) (Proof, anchor.Leaf) {
		if p != nil {
			lacks.Proof = *p
		}
		return lacks, anchor.HashLeaf(entry)
	}
	switch l := parsed.(type) {
	case Grant:
		return of(&l.Proof, Proof{Grant: l.Grant}, l.Entry)
	case Permit:
		return of(l.Proof, Proof{Grant: l.Grant}, l.Entry)
	case Withdrawal:
		return of(l.Proof, Proof{Grant: l.Grant}, l.Entry)
	case Proof:
		return l, anchor.HashLeaf(l.Proof.Entry)
	}
	return Proof{}, anchor.Leaf{}
}
