package main

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/anchor"
)

var landedEntry = regexp.MustCompile(`(?m)^landed \d+$`)

// TestClockOff: the clock of one member is minutes off, behind and then ahead. Entries go
// on, those that it submits itself too; it says so, and when it is ahead the others see it
// in what it signs. The ledger's own time stays right.
func TestClockOff(t *testing.T) {
	t.Parallel()
	path, err := liar()
	if err != nil {
		t.Fatal("building a member with a clock that can be set: ", err)
	}
	h := newHigh(t)
	h.inside()
	for i := 1; i < 3; i++ {
		h.start(i)
	}
	for _, c := range []struct {
		off, own, others string
	}{
		{"-7m", `this member's clock is (\S+) behind`, ""},
		{"7m", `this member's clock is (\S+) ahead`, `Shop 3's clock is (\S+) ahead`},
	} {
		before := len(landedEntry.FindAllString(h.logged(3), -1))
		late := exec.Command(path, h.member(3))
		late.Env = append(os.Environ(), "COFFER_TEST_LIE=clock", "COFFER_TEST_CLOCK="+c.off)
		h.run(3, late)
		l := h.load(time.Minute)
		about := func(who int, says string) {
			t.Helper()
			detail := h.alarm(who, anchor.AlarmClock)
			m := regexp.MustCompile(says).FindStringSubmatch(detail)
			if m == nil || !strings.Contains(detail, "set it by NTP") {
				t.Errorf("%s: member %d says %q", c.off, who, detail)
				return
			}
			if by, err := time.ParseDuration(m[1]); err != nil || by < 6*time.Minute || by > 8*time.Minute {
				t.Errorf("%s: member %d says it is %s", c.off, who, m[1])
			}
		}
		about(3, c.own)
		for i := range 3 {
			if c.others != "" {
				about(i, c.others)
			}
		}
		l.measured("with a clock off by "+c.off, 60)
		h.until("its own entries land", func(context.Context) bool { return len(landedEntry.FindAllString(h.logged(3), -1)) >= before+5 })
		l.end()
		h.signal(3, syscall.SIGKILL)
		head, err := h.client(0).Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if by := time.Since(head.Time); by < -time.Minute || by > time.Minute {
			t.Errorf("%s: the ledger's time is %s off", c.off, strconv.Quote(by.String()))
		}
	}
	// With its clock set it is a member like any other.
	h.start(3)
	l := h.load(time.Minute)
	l.measured("with its clock set", 60)
	l.end()
	for i := range 4 {
		h.calm(i)
	}
	head, err := h.client(0).Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.one(head.Size, 0, 1, 2, 3)
	h.rest()
}
