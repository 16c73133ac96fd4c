package bft

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

const killHome = "COFFER_TEST_KILL_HOME"

// TestMain is the daemon that TestKill kills: it appends until it dies, and
// prints the leaf of each entry that was acknowledged. Or it is a member that lies.
func TestMain(m *testing.M) {
	if kind := os.Getenv(lieKind); kind != "" {
		fmt.Fprintln(os.Stderr, runLiar(os.Args[1], kind))
		os.Exit(1)
	}
	home := os.Getenv(killHome)
	if home == "" {
		os.Exit(m.Run())
	}
	n, err := Start(context.Background(), Options{Home: home, Chain: chain})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	now := anchor.EpochAt(time.Now())
	for i := 0; ; i++ {
		r := anchortest.NewRelation(chain, fmt.Sprintf("%d of process %d", i, os.Getpid()))
		entries := []anchor.Entry{r.Grant(now, 1), r.Permit(now, 0)}
		if err := n.Append(context.Background(), entries...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		for _, e := range entries {
			fmt.Println(e.Leaf())
		}
	}
}

// TestKill kills the process of a node, again and again. What was acknowledged
// is there afterwards, in a log whose proofs verify.
func TestKill(t *testing.T) {
	home := newHome(t)
	var acknowledged []anchor.Leaf
	for round := range 4 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), killHome+"="+home)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for i := 0; lines.Scan(); i++ {
			var leaf anchor.Leaf
			if err := leaf.UnmarshalText(lines.Bytes()); err != nil {
				break // the last line was cut
			}
			acknowledged = append(acknowledged, leaf)
			if i == 20+7*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
			t.Fatalf("the process was not killed: %v", err)
		}
	}
	n := start(t, home)
	set, err := n.Validators(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, leaf := range acknowledged {
		if _, ok, err := n.Has(t.Context(), leaf); err != nil || !ok {
			t.Fatalf("acknowledged entry %d of %d is gone: %v", i, len(acknowledged), err)
		}
	}
	for _, leaf := range []anchor.Leaf{acknowledged[0], acknowledged[len(acknowledged)-1]} {
		p, err := n.Prove(t.Context(), leaf)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Verify(set); err != nil {
			t.Error(err)
		}
	}
}
