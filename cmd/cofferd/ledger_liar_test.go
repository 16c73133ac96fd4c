package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"coffer/anchor"
)

// liar is a ledger member built for tests, that lies: the test binary of anchor/bft, whose
// TestMain knows how. Nothing of it is in cofferd.
var liar = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "coffer-liar")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "liar")
	out, err := exec.Command("go", "test", "-c", "-o", path, "coffer/anchor/bft").CombinedOutput()
	if err != nil {
		return "", errors.Join(err, errors.New(string(out)), os.RemoveAll(dir))
	}
	scrap = append(scrap, dir)
	return path, nil
})

// scrap is what TestMain removes after all tests.
var scrap []string

// TestOneMemberLies: one of four members lies, in each way that a member can. The honest
// ones refuse, say who it was, go on, and have one log; what is submitted meanwhile lands.
func TestOneMemberLies(t *testing.T) {
	t.Parallel()
	path, err := liar()
	if err != nil {
		t.Fatal("building the liar: ", err)
	}
	h := newHigh(t)
	h.inside()
	for i := 1; i < 3; i++ {
		h.start(i)
	}
	for _, lie := range []struct {
		kind, what string
		times      int
	}{
		{"grant", "no grant has this handle", 3},
		{"signature", "the signature is not by the key that must sign", 3},
		{"repeat", "it is on the ledger already", 3},
		{"votes", "a member voted twice", 3},
		{"checkpoint", "a member shows another log than the one that the validators signed", 1},
		{"root", "", 1}, // last: what it keeps is not worth anything afterwards
	} {
		c := exec.Command(path, h.member(3))
		c.Env = append(os.Environ(), "COFFER_TEST_LIE="+lie.kind)
		h.run(3, c)
		var before [3]int
		for i := range before {
			before[i] = strings.Count(h.said(i), lie.what)
		}
		l := h.load(time.Minute)
		h.until("it lies about its "+lie.kind, func(context.Context) bool {
			return strings.Count(h.said(3), "lied "+lie.kind) >= lie.times
		})
		l.measured("with lies about its "+lie.kind, 60)
		for i := range before {
			h.until("the honest ones say so", func(context.Context) bool { return lie.what == "" || strings.Count(h.said(i), lie.what) > before[i] })
		}
		h.landed += l.end()
		h.one(h.landed, 0, 1, 2)
		switch lie.kind {
		case "votes":
			h.accused(anchor.AlarmDoubleVote, "signed two votes")
		case "checkpoint":
			h.accused(anchor.AlarmSplit, "its signed log of")
		case "root":
			h.until("it cannot take part any more", func(context.Context) bool { return strings.Contains(h.said(3), "CONSENSUS FAILURE") })
			return
		}
		h.signal(3, syscall.SIGKILL)
	}
}

// accused waits until every honest member has evidence against member 3.
func (h *high) accused(kind anchor.AlarmKind, says string) {
	h.Helper()
	for i := range 3 {
		detail := h.alarm(i, kind)
		if !strings.Contains(detail, "Shop 3: ") || !strings.Contains(detail, says) {
			h.Errorf("member %d says %q, want %q of Shop 3", i, detail, says)
		}
		found, err := filepath.Glob(filepath.Join(h.member(i), "evidence", string(kind)+"-*.json"))
		if err != nil || len(found) == 0 {
			h.Errorf("member %d keeps no evidence of %s: %v", i, kind, err)
		}
	}
}
