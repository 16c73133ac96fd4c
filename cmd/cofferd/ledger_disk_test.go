package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// rlimitFsize is Linux's RLIMIT_FSIZE, which package syscall leaves out.
const rlimitFsize = 1

// noise is what a process said, kept in memory: it has no room for a file either.
type noise struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *noise) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

func (n *noise) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}

// TestDiskFull: one member cannot write any more. It stops and says why and what to do;
// the others go on. With room again it starts, and catches up; nothing is lost. The limit
// on the size of files does to the process what a full disk does: writes fail in the
// middle of everything.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	h := newHigh(t)
	h.inside()
	for i := 1; i < 3; i++ {
		h.start(i)
	}
	var said noise
	c := exec.Command(os.Args[0], "member", "--data", h.member(3))
	c.Env = append(os.Environ(), "COFFERD_TEST=cofferd")
	c.Stdout, c.Stderr = &said, &said
	h.run(3, c)
	h.number(1, 0, 1, 2, 3)
	l := h.load(30 * time.Second)
	l.measured("room for all", 60)
	none := syscall.Rlimit{Cur: 0, Max: ^uint64(0)}
	if _, _, err := syscall.Syscall6(syscall.SYS_PRLIMIT64, uintptr(c.Process.Pid), rlimitFsize, uintptr(unsafe.Pointer(&none)), 0, 0, 0); err != 0 {
		t.Fatal("taking the room away: ", err)
	}
	h.until("it stops", func(context.Context) bool { return strings.Contains(said.String(), "\ncofferd: ") })
	if c.Wait() == nil {
		t.Error("it ends as if all were well")
	}
	last := said.String()
	last = last[strings.LastIndex(strings.TrimSpace(last), "\n")+1:]
	if c.ProcessState.ExitCode() != 1 || !strings.HasPrefix(last, "cofferd: ") || !strings.Contains(last, "file too large") || !strings.Contains(last, "if its disk is full, make room: then start it again") {
		t.Errorf("it ends with %d and says %q", c.ProcessState.ExitCode(), last)
	}
	l.measured("no room at one", 100)
	h.start(3)
	l.measured("room again", 60)
	h.one(l.end(), 0, 1, 2, 3)
	h.rest()
}
