package main

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"

	"coffer/anchor/bft"
)

// wires are the lines between the members' nodes, one for each who dials and whom. They
// can be cut.
type wires struct {
	h *high

	mu    sync.Mutex
	aside map[int]bool // members on one side of a cut; the others are on the other
	open  map[net.Conn][2]int
}

// wire puts a line between each two members, before they start.
func (h *high) wire() *wires {
	h.Helper()
	w := &wires{h: h, open: map[net.Conn][2]int{}}
	for from := range 4 {
		var peers []string
		for to := range 4 {
			if from == to {
				continue
			}
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				h.Fatal(err)
			}
			h.Cleanup(func() { l.Close() })
			go w.carry(l, from, to)
			peer, err := bft.Member(ledgerPath(h.member(to)), l.Addr().String())
			if err != nil {
				h.Fatal(err)
			}
			peers = append(peers, peer)
		}
		config, err := readMemberConfig(h.member(from))
		if err != nil {
			h.Fatal(err)
		}
		config.Peers = peers
		b, err := json.Marshal(config)
		if err == nil {
			err = os.WriteFile(filepath.Join(h.member(from), memberConfigFile), b, 0o600)
		}
		if err != nil {
			h.Fatal(err)
		}
	}
	return w
}

// carry takes whoever dials on a line to the other end.
func (w *wires) carry(l net.Listener, from, to int) {
	for {
		a, err := l.Accept()
		if err != nil {
			return // the test is over
		}
		go func() {
			defer a.Close()
			b, err := net.Dial("tcp", w.h.nodes[to])
			if err != nil {
				return
			}
			defer b.Close()
			if !w.keep(a, from, to) {
				return
			}
			defer w.forget(a)
			go func() { _, _ = io.Copy(a, b); a.Close() }()
			_, _ = io.Copy(b, a)
		}()
	}
}

func (w *wires) cut(from, to int) bool { return w.aside != nil && w.aside[from] != w.aside[to] }

func (w *wires) keep(c net.Conn, from, to int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut(from, to) {
		return false
	}
	w.open[c] = [2]int{from, to}
	return true
}

func (w *wires) forget(c net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, c)
}

// part cuts every line between these members and the others.
func (w *wires) part(these ...int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.aside = map[int]bool{}
	for _, i := range these {
		w.aside[i] = true
	}
	for c, ends := range w.open {
		if w.cut(ends[0], ends[1]) {
			c.Close()
		}
	}
}

// join mends all lines.
func (w *wires) join() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.aside = nil
}
