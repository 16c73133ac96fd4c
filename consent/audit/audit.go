// Package audit holds what a business says it did against the ledger. A business
// keeps a trail (Writer; the bytes are in FORMAT.md): its requests, the receipts it
// was given, every permit, collection and message, every withdrawal. Run reads a
// trail and turns each discrepancy into a Finding: every receipt is signed and
// repeats its request, every opening fits what the ledger committed to, every permit
// stands under a grant that was live, every collection and message has its permit.
// VerifyReceipt says of a single receipt, step by step, what was checked.
//
// # Trust
//
// An audit believes the validator set that it is given and nothing in the trail. The
// chain of lines shows what someone changed after the business wrote it; it does not
// bind the business, which can write a whole new chain. What binds the business is
// the ledger: it cannot claim a permit that is not there, and it cannot leave one out
// under a grant that the trail shows: the ledger proves to it, and to who audits online,
// which entries a grant has, and the trail carries these proofs. They are as old as their
// headers: the report says until when it holds, and an audit online looks at now. The
// business can leave out a grant altogether with all that was done under it; nothing on
// the ledger says whose an entry is, so only the shopper's receipt brings that to light,
// or what the operator tells of the business's grants. A collection's line is the
// business's word: the shopper's access log is the other half.
//
// What was owed after an end and to who demanded a right is judged by moments that the
// business wrote down. The signatures in between are real; that a moment is, only the
// shopper's half or the operator's shows.
//
// A trail never holds a key, nor a value that was collected. It holds the texts of the
// messages that were sent, what shoppers wrote in rights requests and what they were
// answered, and the shoppers' pairwise DIDs: whoever reads it learns what was written,
// under which consent, by and to which pseudonym.
package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"coffer/anchor"
	"coffer/consent"
)

// Ledger is what an audit asks online: an anchor.Ledger, or the client of one.
type Ledger interface {
	Prover
	// Entries lists all entries of one handle in log order.
	Entries(ctx context.Context, handle anchor.Handle) ([]anchor.Indexed, error)
}

// Options of Run.
type Options struct {
	Validators anchor.ValidatorSet // trusted; its chain is the ledger
	Signatures consent.Signatures
	Ledger     Ledger          // nil audits offline
	Succession []anchor.Step   // changes of the validators since, if there were any; the trail may have them, too
	Progress   func(lines int) // called now and then; may be nil
	Workers    int             // 0: as many as there are processors

	// At is when what was due is judged; zero takes the moment of the trail's export.
	At time.Time
}

// ErrNothing says that a trail holds no grant: an audit of it says nothing.
var ErrNothing = errors.New("nothing to audit: the trail holds no grant; check that it is the right file, and whole")

// Run audits a trail as a stream. The report is good whenever the error is nil or
// ErrNothing; findings are no error. Any other error says that the audit could not
// be carried to its end.
func Run(ctx context.Context, trail io.Reader, o Options) (Report, error) {
	report := Report{V: 1, Findings: []Finding{}}
	if err := o.Validators.Validate(); err != nil {
		return report, fmt.Errorf("auditing: the validator set: %w", err)
	}
	asked, err := newRequests()
	if err != nil {
		return report, fmt.Errorf("auditing: %w", err)
	}
	defer asked.close()
	proofs := anchor.NewVerifier(o.Validators)
	if err := proofs.Follow(o.Succession...); err != nil {
		return report, fmt.Errorf("auditing: the succession of validators: %w", err)
	}
	e := &examiner{chain: o.Validators.Chain, proofs: proofs, signatures: o.Signatures, requests: asked}
	s := newState(&report, proofs)
	s.at = o.At
	progress := func() {
		if o.Progress != nil {
			o.Progress(report.Counts.Lines)
		}
	}
	err = inOrder(ctx, trail, e, o.Workers, func(x *examined) error {
		if s.ended {
			s.find(x.n, AfterEnd, "more lines follow")
			return errStop
		}
		if x.err != nil {
			return fmt.Errorf("line %d could not be judged: %w", x.n, x.err)
		}
		s.take(x)
		if x.n%1000 == 0 {
			progress()
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return report, fmt.Errorf("auditing: %w", err)
	}
	if err := s.finish(ctx, e, o.Ledger, progress); err != nil {
		return report, fmt.Errorf("auditing: %w", err)
	}
	progress()
	if report.Counts.Grants == 0 {
		return report, ErrNothing
	}
	return report, nil
}

// inOrder examines lines on all processors, a sheet at a time, and hands them on in the
// trail's order. No more than a few sheets for each processor are in memory at once.
func inOrder(ctx context.Context, trail io.Reader, e *examiner, workers int, take func(*examined) error) error {
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	ctx, stop := context.WithCancel(ctx)
	type job struct {
		sheet
		done chan []*examined
	}
	work, order := make(chan job, workers), make(chan job, 2*workers)
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	for range workers {
		all.Go(func() {
			for j := range work {
				j.done <- e.examineSheet(ctx, j.sheet)
			}
		})
	}
	var readErr error
	all.Go(func() {
		defer close(order)
		defer close(work)
		hand := func(s sheet) error {
			j := job{s, make(chan []*examined, 1)}
			for _, to := range []chan job{order, work} {
				select {
				case to <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		}
		next := sheet{from: 1}
		readErr = eachLine(trail, func(n int, line []byte, whole bool) error {
			if line != nil {
				line = append(make([]byte, 0, len(line)), line...)
			}
			// A receipt may come right behind its request: keep it before anyone looks.
			if err := e.keep(line); err != nil {
				return err
			}
			next.lines, next.bytes, next.cut = append(next.lines, line), next.bytes+len(line), !whole
			if !next.full() {
				return nil
			}
			err := hand(next)
			next = sheet{from: n + 1}
			return err
		})
		if readErr == nil && len(next.lines) > 0 {
			readErr = hand(next)
		}
	})
	for j := range order {
		select {
		case sheet := <-j.done:
			for _, x := range sheet {
				if err := take(x); err != nil {
					return err
				}
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return readErr // the channel's close orders the write before this read
}
