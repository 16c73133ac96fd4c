package consenthttp

import (
	"math"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

const (
	// streamLife bounds a stream like the token that opened it; the business goes on
	// from the cursor that it ends with.
	streamLife = 10 * time.Minute
	// streamStall is how long a business may leave a page unread.
	streamStall = 30 * time.Second
	// maxStreams is how many streams one business may have open.
	maxStreams = 4
	// maxDue is how many grants are listed at once.
	maxDue = 1024
)

// pace is how fast one business's streams may go, all together.
type pace struct {
	lines *rate.Limiter
	open  atomic.Int32
}

func (b *business) pace(did consent.DID) *pace {
	if p, ok := b.paces.Load(did); ok {
		return p.(*pace)
	}
	p, _ := b.paces.LoadOrStore(did, &pace{lines: rate.NewLimiter(b.Lines, max(1, int(min(b.Lines, math.MaxInt32))))})
	return p.(*pace)
}

// take counts lines that were sent, and returns how long to wait for it.
func (p *pace) take(lines int) (wait time.Duration) {
	for burst := p.lines.Burst(); lines > 0; lines -= burst {
		wait = p.lines.ReserveN(time.Now(), min(lines, burst)).Delay()
	}
	return wait
}

// bulk reads what both routes are asked with.
func (b *business) bulk(by consent.Business, purpose, cursor string) (consentdb.Bulk, error) {
	if _, ok := b.Catalogue.Purpose(purpose); !ok {
		return consentdb.Bulk{}, &consent.Refusal{Code: consent.Malformed, At: "purpose"}
	}
	from, err := consentdb.ParseChangeCursor(cursor, purpose)
	now := b.Clock()
	return consentdb.Bulk{
		Business: by.DID, Purpose: purpose, Cursor: from, At: now, Judge: b.judge(now),
	}, err
}

// judge is the policy about collecting at a moment.
func (b *business) judge(now time.Time) func(consent.Business, consent.Grant, string) error {
	return func(by consent.Business, g consent.Grant, attribute string) error {
		return consent.Denied(b.Policy.Decide(consent.Question{
			Action: consent.ActionCollect, Business: by, Grant: g, Attribute: attribute, Now: now,
		}))
	}
}

func (b *business) due(w http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	var body struct {
		Purpose string `json:"purpose"`
		Cursor  string `json:"cursor"`
		Most    int    `json:"most"`
	}
	if err := httpjson.ReadMax(w, r, &body, smallBody); err != nil {
		return answer{}, err
	}
	if body.Most < 1 || body.Most > maxDue {
		return answer{}, &consent.Refusal{Code: consent.Malformed, At: "most"}
	}
	ask, err := b.bulk(by, body.Purpose, body.Cursor)
	if err != nil {
		return answer{}, err
	}
	due, next, complete, err := b.Store.DueChanges(r.Context(), ask, body.Most)
	if err != nil {
		return answer{}, err
	}
	type grant struct {
		Grant     id.Grant `json:"grant"`
		Permitted bool     `json:"permitted"`
	}
	out := make([]grant, len(due))
	for i, d := range due {
		out[i] = grant(d)
	}
	return ok(map[string]any{"grants": out, "cursor": next.Text(body.Purpose), "complete": complete})
}

// stream sends all that changed under a business's grants of one purpose, a page at a
// time: the next page passes the gate when the socket has taken the one before.
func (b *business) stream(w http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	var body struct {
		Purpose string `json:"purpose"`
		Cursor  string `json:"cursor"`
		Until   string `json:"until"`
	}
	if err := httpjson.ReadMax(w, r, &body, smallBody); err != nil {
		return answer{}, err
	}
	ask, err := b.bulk(by, body.Purpose, body.Cursor)
	if err != nil {
		return answer{}, err
	}
	until, err := consentdb.ParseChangeCursor(body.Until, body.Purpose)
	if err != nil || body.Until != "" && until.At <= ask.Cursor.At {
		return answer{}, &consent.Refusal{Code: consent.Malformed, At: "until"}
	}
	ask.Until = until.At
	p := b.pace(by.DID)
	if owed := -p.lines.Tokens(); owed > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(1+int(owed/float64(p.lines.Limit()))))
		return answer{}, errTooMany
	}
	if p.open.Add(1) > maxStreams {
		p.open.Add(-1)
		w.Header().Set("Retry-After", "1")
		return answer{}, errTooMany
	}
	// The first page before the status: what denies all is a problem, not a line.
	first, err := b.nextPage(r, &ask)
	if err != nil {
		p.open.Add(-1)
		return answer{}, err
	}
	return ok(streamed(func(w http.ResponseWriter) {
		defer p.open.Add(-1)
		b.pour(w, r, p, &ask, first)
	}))
}

// streamed is a body that is written while it is made.
type streamed func(http.ResponseWriter)

// page is what one turn of the writer gave.
type page struct {
	grants   []consentdb.Gathered
	complete bool
}

// nextPage moves ask's cursor behind the page.
func (b *business) nextPage(r *http.Request, ask *consentdb.Bulk) (page, error) {
	ask.At = b.Clock()
	ask.Judge = b.judge(ask.At)
	grants, next, complete, err := b.Store.CollectChanges(r.Context(), *ask)
	if err != nil {
		return page{}, err
	}
	for _, g := range grants {
		if g.Denied != nil && consent.DenialOf(g.Denied) == nil {
			b.Log.Error("streaming", "error", g.Denied)
		}
	}
	ask.Cursor = next
	return page{grants, complete}, nil
}

// pour writes pages until nothing is left, the stream's life is over, or the business
// stops reading. The last line says how far it came; without it the stream was cut.
func (b *business) pour(w http.ResponseWriter, r *http.Request, p *pace, ask *consentdb.Bulk, next page) {
	began := ask.At
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	socket := http.NewResponseController(w)
	_ = socket.SetReadDeadline(time.Time{}) // the server's is for requests, and would end a long answer
	var buffer []byte
	for {
		var lines int
		buffer, lines = appendPage(buffer[:0], next.grants, ask.Purpose)
		over := next.complete || ask.Until != 0 && ask.Cursor.At >= ask.Until || ask.At.Sub(began) >= streamLife
		if over {
			buffer = appendEnd(buffer, ask, next.complete, "")
		}
		// The next page must not pass the gate while this one waits to be read: the
		// shopper may withdraw meanwhile.
		_ = socket.SetWriteDeadline(time.Now().Add(streamStall))
		if _, err := w.Write(buffer); err != nil {
			return
		}
		wait := p.take(lines)
		if err := socket.Flush(); err != nil || over {
			return
		}
		if wait > 0 {
			select {
			case <-time.After(wait):
			case <-r.Context().Done():
				return
			}
		}
		var err error
		if next, err = b.nextPage(r, ask); err != nil {
			problem, known := b.problem(err)
			if !known && r.Context().Err() == nil {
				b.Log.Error("streaming", "error", err)
			}
			_, _ = w.Write(appendEnd(nil, ask, false, problem.Code))
			return
		}
	}
}

// appendPage writes lines as FORMAT.md says, and counts them. By hand for the same
// reason as writeCollection.
func appendPage(b []byte, grants []consentdb.Gathered, purpose string) ([]byte, int) {
	lines := 0
	for _, g := range grants {
		name := g.Grant.String()
		for _, r := range g.Releases {
			b = append(append(append(b, `{"kind":"release","grant":"`...), name...), `","attribute":`...)
			b = append(strconv.AppendQuote(b, r.Attribute), `,"sealed":`...)
			b = append(append(b, r.Sealed...), "}\n"...)
		}
		lines += len(g.Releases) + 1
		if g.Denied != nil {
			reason := consent.DenialReason(httpjson.Internal.Code)
			if d := consent.DenialOf(g.Denied); d != nil {
				reason = d.Reason
			}
			b = append(append(append(b, `{"kind":"denied","grant":"`...), name...), `","problem":`...)
			b = strconv.AppendQuote(b, string(reason))
		} else {
			b = append(append(append(b, `{"kind":"grant","grant":"`...), name...), `","refused":[`...)
			for i, f := range g.Refused {
				if i > 0 {
					b = append(b, ',')
				}
				b = append(strconv.AppendQuote(append(b, `{"attribute":`...), f.Attribute), `,"problem":`...)
				b = append(strconv.AppendQuote(b, string(f.Denial.Reason)), '}')
			}
			b = append(b, ']')
		}
		b = append(append(b, `,"log":"`...), g.Log.String()...)
		b = append(append(append(b, `","cursor":"`...), g.Cursor.Text(purpose)...), "\"}\n"...)
	}
	return b, lines
}

// appendEnd writes the last line.
func appendEnd(b []byte, ask *consentdb.Bulk, complete bool, problem string) []byte {
	b = strconv.AppendBool(append(b, `{"kind":"end","complete":`...), complete)
	if problem != "" {
		b = strconv.AppendQuote(append(b, `,"problem":`...), problem)
	}
	return append(append(append(b, `,"cursor":"`...), ask.Cursor.Text(ask.Purpose)...), "\"}\n"...)
}
