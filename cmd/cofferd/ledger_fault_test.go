package main

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/anchor"
)

// TestOneMemberAway: while entries come in, one of four members is stopped and goes on;
// then one is killed, and started again. Nobody else notices more than a delay.
func TestOneMemberAway(t *testing.T) {
	h := newHigh(t)
	h.inside()
	for i := 1; i < 4; i++ {
		h.start(i)
	}
	h.number(1, 0, 1, 2, 3)
	l := h.load(time.Minute)
	l.measured("all four", 200)
	h.signal(3, syscall.SIGSTOP)
	stopped := l.measured("one stopped", 200)
	h.signal(3, syscall.SIGCONT)
	l.measured("it goes on", 200)
	h.signal(2, syscall.SIGKILL)
	killed := l.measured("one killed", 200)
	h.start(2)
	l.measured("it is back", 200)
	h.one(l.end(), 0, 1, 2, 3)
	// A third of a second is what the others wait for a proposal of the one that is away,
	// at every third block; the rest is for a slow machine.
	for what, p99 := range map[string]time.Duration{"stopped": stopped, "killed": killed} {
		if p99 > 5*time.Second {
			t.Errorf("with one member %s an entry takes %s (p99)", what, p99)
		}
	}
	h.rest()
}

// TestTwoMembersAway: with two of four stopped nothing is decided, and the log, the
// status and whoever submits hear why and what to do. When they are back everything goes
// on; what was given up on meanwhile is on the ledger, once.
func TestTwoMembersAway(t *testing.T) {
	t.Parallel()
	h := newHigh(t)
	h.inside()
	for i := 1; i < 4; i++ {
		h.start(i)
	}
	h.number(1, 0, 1, 2, 3)
	l := h.load(2 * time.Second)
	l.measured("all four", 100)
	h.signal(2, syscall.SIGSTOP)
	h.signal(3, syscall.SIGSTOP)
	for i := range 2 {
		detail := h.alarm(i, anchor.AlarmStandstill)
		if !strings.Contains(detail, "2 of 4 members vote") || !strings.Contains(detail, "start Shop 2, Shop 3") && !strings.Contains(detail, "start Shop 3, Shop 2") {
			t.Errorf("member %d says %q", i, detail)
		}
		if !strings.Contains(h.said(i), "it stands still at block") {
			t.Errorf("member %d does not log that the ledger stands still", i)
		}
	}
	h.until("whoever submits hears why", func(context.Context) bool {
		err := l.refused()
		return err != nil && strings.Contains(err.Error(), "2 of 4 members vote")
	})
	before, err := h.client(0).Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.signal(2, syscall.SIGCONT)
	h.signal(3, syscall.SIGCONT)
	l.measured("both are back", 100)
	for i := range 4 {
		h.calm(i)
	}
	landed := l.end()
	if landed <= before.Size {
		t.Errorf("%d entries landed, %d were there before", landed, before.Size)
	}
	h.one(landed, 0, 1, 2, 3)
	h.rest()
}

// TestPartition: the network parts four members two and two. Neither half decides
// anything; when it is whole again there is one log, and it goes on.
func TestPartition(t *testing.T) {
	t.Parallel()
	h := newHigh(t)
	w := h.wire()
	h.inside()
	for i := 1; i < 4; i++ {
		h.start(i)
	}
	h.number(1, 0, 1, 2, 3)
	l := h.load(2 * time.Second)
	l.measured("the network is whole", 100)
	w.part(0, 1)
	for i := range 4 {
		h.alarm(i, anchor.AlarmStandstill)
	}
	var heads [4]anchor.Head
	for i := range heads {
		var err error
		if heads[i], err = h.client(i).Head(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for i, head := range heads { // whoever was first to hear of the last block
		for k, other := range heads {
			if head.Height == other.Height && head.Root != other.Root || head.Height > other.Height+1 {
				t.Errorf("parted: member %d is at %+v, member %d at %+v", i, head, k, other)
			}
		}
	}
	w.join()
	l.measured("the network is whole again", 100)
	for i := range 4 {
		h.calm(i)
	}
	h.one(l.end(), 0, 1, 2, 3)
	h.rest()
}
