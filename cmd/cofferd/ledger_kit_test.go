package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
)

// high is four members of one ledger, each a process of its own.
type high struct {
	*testing.T
	dir     string
	listen  []string // over HTTP
	nodes   []string // for the other members' nodes
	running []*exec.Cmd
	own     *member // member 0, when it runs in this process: see inside
	leave   func()  // ends it
	loads   int
	landed  uint64 // what loads before the present one brought onto the ledger
}

func newHigh(t *testing.T) *high {
	t.Helper()
	h := &high{T: t, dir: t.TempDir(), running: make([]*exec.Cmd, 4)}
	port := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return l.Addr().String()
	}
	genesis := []string{"ledger", "genesis", "--chain", "high-street", "--out", h.path("genesis.json")}
	for i := range 4 {
		at, node := port(), port()
		h.listen, h.nodes = append(h.listen, at), append(h.nodes, node)
		h.do("ledger", "init", "--data", h.member(i), "--chain", "high-street", "--name", fmt.Sprint("Shop ", i), "--country", "DE",
			"--contact", "l@shop.example", "--url", "http://"+at, "--address", node, "--listen", at, "--ledger-listen", node)
		genesis = append(genesis, filepath.Join(h.member(i), "public.json"))
	}
	t.Cleanup(func() {
		for i := range 4 {
			if b, err := os.ReadFile(h.member(i) + ".log"); err == nil && t.Failed() {
				t.Logf("member %d said at last:\n%s", i, b[max(0, len(b)-2000):])
			}
		}
	})
	h.do(genesis...)
	for i := range 4 {
		h.do("ledger", "join", h.path("genesis.json"), "--data", h.member(i))
	}
	return h
}

func (h *high) path(name string) string { return filepath.Join(h.dir, name) }
func (h *high) member(i int) string     { return h.path(fmt.Sprint("member", i)) }

func (h *high) do(args ...string) string {
	h.Helper()
	out, code := cofferd(h.T, args...)
	if code != 0 {
		h.Fatalf("cofferd %s: %d: %s", strings.Join(args, " "), code, out)
	}
	return out
}

// start runs a member's process until it is stopped or killed.
func (h *high) start(i int) {
	h.Helper()
	c := exec.Command(os.Args[0], "member", "--data", h.member(i))
	c.Env = append(os.Environ(), "COFFERD_TEST=cofferd")
	h.run(i, c)
}

// run runs a program as a member; what it says is in said.
func (h *high) run(i int, c *exec.Cmd) {
	h.Helper()
	log, err := os.OpenFile(h.member(i)+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		h.Fatal(err)
	}
	if c.Stderr == nil {
		c.Stdout, c.Stderr = log, log
	}
	if err := c.Start(); err != nil {
		h.Fatal(err)
	}
	h.running[i] = c
	h.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGCONT)
		_ = c.Process.Kill()
		_ = c.Wait()
		log.Close()
	})
}

// logged is said, or nothing if the member was never started.
func (h *high) logged(i int) string {
	b, err := os.ReadFile(h.member(i) + ".log")
	if err != nil {
		return ""
	}
	return string(b)
}

// said is all that a member logged.
func (h *high) said(i int) string {
	h.Helper()
	b, err := os.ReadFile(h.member(i) + ".log")
	if err != nil {
		h.Fatal(err)
	}
	return string(b)
}

// inside runs member 0 in this process, where its ledger can be given entries: an
// operator that submits.
func (h *high) inside() {
	h.Helper()
	config, err := readMemberConfig(h.member(0))
	if err != nil {
		h.Fatal(err)
	}
	log, err := os.OpenFile(h.member(0)+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		h.Fatal(err)
	}
	l, err := net.Listen("tcp", config.Listen)
	if err != nil {
		h.Fatal(err)
	}
	if h.own, err = openMember(h.Context(), h.member(0), config, newLogger(log, false, false)); err != nil {
		h.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.own.run(ctx, l) }()
	h.leave = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-done, h.own.close(), log.Close()); err != nil {
			h.Errorf("member 0: %v", err)
		}
	})
	h.Cleanup(h.leave)
}

// rest stops all members that run, and checks what each has on its disk: the same log,
// and whole.
func (h *high) rest() {
	h.Helper()
	if h.leave != nil {
		h.leave()
	}
	for _, c := range h.running {
		if c != nil && c.ProcessState == nil {
			_ = c.Process.Signal(syscall.SIGTERM)
			_ = c.Wait()
		}
	}
	var logs []string
	for i := range 4 {
		out := h.do("fsck", "--data", h.member(i))
		if !strings.Contains(out, "the log is whole") {
			h.Errorf("member %d: %s", i, out)
		}
		_, log, _ := strings.Cut(out, ", ")
		logs = append(logs, log)
	}
	if len(slices.Compact(logs)) != 1 {
		h.Errorf("the members do not have one log: %q", logs)
	}
}

// one waits until these members have a log of this size, and fails unless it is one log.
func (h *high) one(size uint64, who ...int) {
	h.Helper()
	var first anchor.Head
	for k, i := range who {
		var head anchor.Head
		h.until(fmt.Sprintf("member %d has %d entries", i, size), func(ctx context.Context) (ok bool) {
			var err error
			head, err = h.client(i).Head(ctx)
			return err == nil && head.Size >= size
		})
		if k == 0 {
			first = head
		}
		if head.Size != size || head.Root != first.Root {
			h.Fatalf("member %d has %d entries and the root %x, want %d and %x", i, head.Size, head.Root[:4], size, first.Root[:4])
		}
	}
}

// alarm waits until a member tells of an alarm, and returns what it says of it.
func (h *high) alarm(i int, kind anchor.AlarmKind) (detail string) {
	h.Helper()
	h.until(fmt.Sprintf("member %d tells of %s", i, kind), func(ctx context.Context) bool {
		c, err := h.client(i).Status(ctx)
		at := slices.IndexFunc(c.Alarms, func(a anchor.Alarm) bool { return a.Kind == kind })
		if err == nil && at >= 0 {
			detail = c.Alarms[at].Detail
		}
		return err == nil && at >= 0
	})
	return detail
}

// calm waits until a member tells of no alarm.
func (h *high) calm(i int) {
	h.Helper()
	h.until(fmt.Sprintf("member %d has no alarm", i), func(ctx context.Context) bool {
		c, err := h.client(i).Status(ctx)
		return err == nil && len(c.Alarms) == 0
	})
}

func (h *high) signal(i int, s syscall.Signal) {
	h.Helper()
	if err := h.running[i].Process.Signal(s); err != nil {
		h.Fatal(err)
	}
	if s == syscall.SIGKILL {
		_ = h.running[i].Wait()
	}
}

// until tries again until f says yes; a member takes a moment.
func (h *high) until(what string, f func(ctx context.Context) bool) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), time.Minute)
	defer cancel()
	for !f(ctx) {
		select {
		case <-ctx.Done():
			h.Fatal("waited a minute: ", what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (h *high) client(i int) *anchorhttp.Client {
	return &anchorhttp.Client{Origin: "http://" + h.listen[i]}
}

// number waits until these members have the register of this number, the same everywhere.
func (h *high) number(n uint64, who ...int) {
	h.Helper()
	var hashes [][32]byte
	for _, i := range who {
		h.until(fmt.Sprintf("member %d has register %d", i, n), func(ctx context.Context) bool {
			all, err := h.client(i).Registers(ctx)
			if err != nil || all[len(all)-1].Number != n {
				return false
			}
			hashes = append(hashes, all[len(all)-1].Hash())
			return true
		})
	}
	if len(slices.Compact(hashes)) != 1 {
		h.Errorf("register %d is not the same at %v", n, who)
	}
}
