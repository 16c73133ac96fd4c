package bft

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestWrong: each way to stand still has its own words, which say what to do; a member
// that merely waits has none.
func TestWrong(t *testing.T) {
	const heartbeat = 30 * time.Second
	for _, test := range []struct {
		name  string
		s     Status
		still time.Duration
		says  string
	}{
		{"just now", Status{Others: 3, Peers: 3, Ahead: 9}, stall - 1, ""},
		{"peers have pruned", Status{Others: 3, Peers: 3, Ahead: 9}, stall, "its height is 0 while others are at 9"},
		{"what to do about it", Status{Others: 3, Peers: 3, Ahead: 9}, stall, "ledger_from"},
		{"away for too long", Status{Height: 5, Others: 3, Peers: 3, Ahead: 9}, stall, "cofferd ledger rejoin"},
		{"no snapshot comes", Status{Beginning: true, Others: 3, Peers: 1, Ahead: 9}, stall, "published addresses"},
		{"no snapshot, nobody there", Status{Beginning: true, Others: 3}, stall, "none of 3 other members"},
		{"idle", Status{Height: 9, Others: 3, Peers: 3, Ahead: 9}, stall, ""},
		{"halted", Status{Height: 9, Others: 3, Peers: 1, Ahead: 9}, 2*heartbeat + stall, "more than two thirds of those who vote are connected to each other; 1 of 3"},
		{"cut off", Status{Height: 9, Others: 3}, 2*heartbeat + stall, "none of 3 other members is connected"},
		{"alone", Status{Height: 9}, time.Hour, ""},
	} {
		if got := test.s.wrong(test.still, heartbeat); !strings.Contains(got, test.says) || test.says == "" && got != "" {
			t.Errorf("%s: it says %q, want %q", test.name, got, test.says)
		}
	}
}

// TestAlarmAtHeightZero: a wiped member that reaches nobody's publication asks for blocks
// that are no more, and says so.
func TestAlarmAtHeightZero(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	m := newConsortium(t, 4)
	for i := range m.nodes {
		if err := m.nodes[i].Close(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range m.nodes {
		m.restart(t, i, m.growing(t, i, nil))
	}
	fill(t, m.nodes[0], "first ", 60)
	if err := m.nodes[3].Close(); err != nil {
		t.Fatal(err)
	}
	fill(t, m.nodes[0], "second ", 20)
	wipe(t, m.homes[3])
	j := &journal{}
	o := m.growing(t, 3, slog.New(slog.NewTextHandler(j, nil)))
	looks := make(chan func(time.Time), 1)
	o.watch = func(_ context.Context, look func(time.Time)) { looks <- look }
	n := m.restart(t, 3, o)
	for {
		s, err := n.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if s.Height > 0 {
			t.Fatalf("it came to height %d; the others have not pruned", s.Height)
		}
		if s.Ahead > 0 {
			break
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("no other member tells its height")
		}
	}
	look, at := <-looks, time.Now()
	look(at)
	if s, _ := n.Status(ctx); s.Alarm != "" {
		t.Errorf("at once there is an alarm: %s", s.Alarm)
	}
	look(at.Add(stall))
	look(at.Add(2 * stall))
	s, err := n.Status(ctx)
	if err != nil || !strings.Contains(s.Alarm, "its height is 0") || s.Alarms != 1 {
		t.Errorf("there is no alarm, or it is counted wrongly: %+v, %v", s, err)
	}
	if got := strings.Count(j.String(), "alarm of the ledger"); got != 1 {
		t.Errorf("it was logged %d times:\n%s", got, j)
	}
	// What the alarm says to do helps.
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	o = m.growing(t, 3, slog.New(slog.NewTextHandler(j, nil)))
	o.Other = func(url string) Other { return beside{m.nodes[url[0]-'0']} }
	o.From = []string{"0", "1", "2"}
	if height, err := Forget(ctx, o); err != nil || height == 0 {
		t.Fatalf("forgetting: %d, %v", height, err)
	}
	n = m.restart(t, 3, o)
	h, err := m.nodes[0].Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m.agreed(t, ctx, h.Size, 0, 3)
	if s, err := n.Status(ctx); err != nil || s.Alarm != "" || s.Beginning {
		t.Errorf("it stands at %+v, %v", s, err)
	}
	// Nothing is taken from a member that could not come back.
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	o.From = []string{"0"}
	if _, err := Forget(ctx, o); err == nil || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("forgetting with one other member: %v", err)
	}
	m.restart(t, 3, o)
}
