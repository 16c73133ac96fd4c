package policies

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"coffer/consent"
)

// paper is a writer that a test may let fail or hold up.
type paper struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
	err    error
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.writes++; p.err != nil {
		return 0, p.err
	}
	return p.text.Write(b)
}

func (p *paper) lines(t *testing.T) (allowed, denied int) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for j, err := range ReadLog(bytes.NewReader(p.text.Bytes())) {
		if err != nil {
			t.Fatal(err)
		}
		if j.Ruling.Allow {
			allowed++
		} else {
			denied++
		}
	}
	return allowed, denied
}

func TestAGateThatLogs(t *testing.T) {
	e := engine(t)
	var p paper
	log := NewLog(&p, 1, func(_ int, err error) { t.Error(err) })
	gate := e.Logged(log)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, action := range []consent.Action{"give", "collect", "message", "read"} {
				gate.Decide(plain(action))
			}
		})
	}
	all.Wait()
	log.Flush()
	if allowed, denied := p.lines(t); allowed != 24 || denied != 8 {
		t.Errorf("after a flush: %d allowed, %d denied", allowed, denied)
	}
	if p.writes > 8 { // many decisions in one write
		t.Errorf("32 decisions took %d writes", p.writes)
	}
	gate.Decide(plain("read"))
	log.Close()
	log.Close()
	log.Flush()
	if allowed, denied := p.lines(t); allowed != 24 || denied != 9 {
		t.Errorf("after the close: %d allowed, %d denied", allowed, denied)
	}
	if gate.Decide(plain("read")); p.text.Len() == 0 {
		t.Error("nothing written")
	}
	if _, denied := p.lines(t); denied != 9 {
		t.Errorf("written after the close: %d", denied)
	}
}

func TestALogOfSomeAllowsHasEveryDenial(t *testing.T) {
	var p paper
	log := NewLog(&p, 10, func(_ int, err error) { t.Error(err) })
	gate := engine(t).Logged(log)
	for range 30 {
		gate.Decide(plain("collect"))
		gate.Decide(plain("read"))
	}
	log.Close()
	if allowed, denied := p.lines(t); allowed != 3 || denied != 30 {
		t.Errorf("%d allowed, %d denied", allowed, denied)
	}
}

func TestALogThatFailsChangesNoRuling(t *testing.T) {
	p := paper{err: errors.New("no space left")}
	lost, says := 0, ""
	log := NewLog(&p, 1, func(n int, err error) { lost, says = lost+n, err.Error() })
	gate := engine(t).Logged(log)
	if !gate.Decide(plain("collect")).Allow || gate.Decide(plain("read")).Allow {
		t.Error("another ruling")
	}
	log.Flush()
	if lost != 2 || !strings.Contains(says, "writing the log of decisions: no space left") {
		t.Errorf("lost %d: %s", lost, says)
	}
	p.mu.Lock()
	p.err = nil
	p.mu.Unlock()
	gate.Decide(plain("collect"))
	log.Close()
	if allowed, denied := p.lines(t); allowed != 1 || denied != 0 || lost != 2 {
		t.Errorf("there is room again: %d allowed, %d denied, lost %d", allowed, denied, lost)
	}
}

func TestALogIsBoundedAndKeepsDenialsLonger(t *testing.T) {
	var p paper
	held, begun := make(chan struct{}), make(chan struct{}, 1)
	lost := 0
	log := NewLog(writer(func(b []byte) (int, error) {
		select {
		case begun <- struct{}{}:
			<-held
		default:
		}
		return p.Write(b)
	}), 1, func(n int, _ error) { lost += n })
	e := engine(t)
	allow, deny := judge(e, plain("collect")), judge(e, plain("read"))
	log.Put(allow)
	go log.Flush()
	<-begun
	for range mostWaiting + 5 {
		log.Put(allow)
	}
	for range mostWaiting + 3 {
		log.Put(deny)
	}
	close(held)
	log.Close()
	if allowed, denied := p.lines(t); allowed != 1+mostWaiting || denied != mostWaiting || lost != 8 {
		t.Errorf("%d allowed, %d denied, %d lost", allowed, denied, lost)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }
