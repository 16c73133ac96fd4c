package bft

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cometbft/cometbft/consensus"
	"github.com/cometbft/cometbft/p2p"
	cmttypes "github.com/cometbft/cometbft/types"
)

// Status is where a member stands beside those it is connected to.
type Status struct {
	Height    int64     `json:"height"`
	Time      time.Time `json:"time"`
	Size      uint64    `json:"size"`
	Base      int64     `json:"base"`      // the oldest block that is kept; 0 for none
	Snapshot  int64     `json:"snapshot"`  // the newest that others can begin from; 0 for none
	Beginning bool      `json:"beginning"` // it waits for a snapshot, or takes one in
	Peers     int       `json:"peers"`     // members that are connected
	Others    int       `json:"others"`    // members that there are beside this one
	Ahead     int64     `json:"ahead"`     // the highest of their heights, as they tell
	Alarm     string    `json:"alarm"`     // what is wrong and what to do; empty if nothing is
	Alarms    uint64    `json:"alarms"`    // how many were raised since the start
}

// watchEvery is how often a member looks at itself, and stall for how long it may stand
// still while others go on, before there is an alarm.
const (
	watchEvery = 5 * time.Second
	stall      = 30 * time.Second
)

// Status tells it now.
func (n *Node) Status(context.Context) (Status, error) {
	n.app.mu.RLock()
	s := Status{Height: n.app.head.Height, Time: n.app.head.Time, Size: n.app.head.Size}
	ruling, broken := n.app.ruling, n.app.broken
	n.app.mu.RUnlock()
	s.Base = n.app.blocks.Base()
	s.Beginning = n.app.footing != nil && s.Height == 0
	offered, err := n.app.offered()
	if err != nil {
		return s, unreadable(err)
	}
	if len(offered) > 0 {
		s.Snapshot = offered[len(offered)-1]
	}
	if ruling != nil {
		for _, m := range ruling.register.Members {
			if p2p.ID(m.Node) != n.app.peers.own {
				s.Others++
			}
		}
	} else {
		s.Others = len(n.app.peers.known)
	}
	for _, peer := range n.node.Switch().Peers().List() {
		s.Peers++
		if at, ok := peer.Get(cmttypes.PeerStateKey).(*consensus.PeerState); ok {
			s.Ahead = max(s.Ahead, at.GetHeight()-1) // it tells the height that it works on
		}
	}
	s.Alarm, s.Alarms = n.alarm.now()
	noticed, raised := n.attention.all()
	if s.Alarms += raised; len(noticed) > 0 {
		s.Alarm = strings.Join(noticed, "; and ")
	}
	if broken != nil {
		s.Alarm = broken.Error()
	}
	return s, nil
}

// wrong says what keeps a member from growing that has stood still for a while.
func (s Status) wrong(still, heartbeat time.Duration) string {
	quiet := 2*heartbeat + stall // without entries a block comes with every heartbeat
	switch {
	case still < stall:
		return ""
	case s.Beginning && s.Peers == 0:
		return fmt.Sprintf("it waits for a snapshot and none of %d other members is connected; check that their nodes and this one reach each other (ledger_listen, the addresses in the register: cofferd ledger motions)", s.Others)
	case s.Beginning:
		return "it waits for a snapshot that enough members state alike; check that their published addresses can be reached from here, then start it again"
	case s.Height == 0 && s.Ahead > 0:
		return fmt.Sprintf("its height is 0 while others are at %d: they have forgotten the first blocks. Start it again while their published addresses can be reached (or set ledger_from), and it begins from their snapshot", s.Ahead)
	case s.Ahead > s.Height:
		return fmt.Sprintf("its height stays %d while others are at %d. If it was away for longer than they keep blocks, begin anew: cofferd ledger rejoin", s.Height, s.Ahead)
	case still < quiet || s.Others == 0:
		return ""
	case s.Peers == 0:
		return fmt.Sprintf("none of %d other members is connected; check that their nodes and this one reach each other (ledger_listen, the addresses in the register: cofferd ledger motions)", s.Others)
	default:
		return fmt.Sprintf("the ledger stands still at %d: it goes on when more than two thirds of those who vote are connected to each other; %d of %d other members are connected here", s.Height, s.Peers, s.Others)
	}
}

// everyFewSeconds calls look until ctx ends.
func everyFewSeconds(ctx context.Context, look func(at time.Time)) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case at := <-tick.C:
			look(at)
		case <-ctx.Done():
			return
		}
	}
}

// watcher is what looks at the member, and raises and ends its alarm.
func (n *Node) watcher(heartbeat time.Duration) func(at time.Time) {
	height, since := int64(-1), time.Time{}
	return func(at time.Time) {
		s, err := n.Status(context.Background())
		if err != nil {
			n.logger.Error("looking at the ledger", "error", err)
			return
		}
		if s.Height != height {
			height, since = s.Height, at
		}
		why := s.wrong(at.Sub(since), heartbeat)
		switch before, _ := n.alarm.now(); {
		case why != "" && before == "":
			n.logger.Error("alarm of the ledger: "+why, "height", s.Height, "ahead", s.Ahead, "peers", s.Peers)
		case why == "" && before != "":
			n.logger.Info("the ledger goes on; the alarm has ended", "height", s.Height)
		}
		n.alarm.set(why, at)
	}
}
