package anchorhttp

import (
	"context"
	"time"

	"github.com/gorilla/mux"

	"coffer/anchor"
)

type statusJSON struct {
	V       int          `json:"v"`
	Chain   anchor.Chain `json:"chain_id"`
	Height  int64        `json:"height"`
	Time    int64        `json:"time"`
	Alarms  []alarmJSON  `json:"alarms"`
	Members []seenJSON   `json:"members"`
}

type alarmJSON struct {
	Kind     anchor.AlarmKind `json:"kind"`
	Since    int64            `json:"since"`
	Detail   string           `json:"detail"`
	Evidence string           `json:"evidence,omitempty"`
}

type seenJSON struct {
	Member anchor.MemberKey `json:"member"`
	Name   string           `json:"name"`
	Sight  anchor.Sight     `json:"sight"`
	Size   uint64           `json:"size"`
	At     int64            `json:"at"`
}

// Status adds the route on which a member says how it is. It answers when the ledger
// does not, and is the member's own word: nobody signs it.
func Status(r *mux.Router, chain anchor.Chain, condition func() anchor.Condition) {
	routes(r)("/status", func(context.Context, arguments) (any, error) {
		c := condition()
		j := statusJSON{V: 1, Chain: chain, Height: c.Height, Time: unix(c.Time), Alarms: []alarmJSON{}, Members: []seenJSON{}}
		for _, a := range c.Alarms {
			j.Alarms = append(j.Alarms, alarmJSON{a.Kind, unix(a.Since), a.Detail, a.Evidence})
		}
		for _, s := range c.Members {
			j.Members = append(j.Members, seenJSON{s.Member, s.Name, s.Sight, s.Size, unix(s.At)})
		}
		return j, nil
	})
}

// Status is how the member is, as it tells. ErrNotFound if it is too old to tell.
func (c *Client) Status(ctx context.Context) (anchor.Condition, error) {
	var j statusJSON
	if err := c.get(ctx, "status", "/status", &j); err != nil {
		return anchor.Condition{}, err
	}
	out := anchor.Condition{Height: j.Height, Time: moment(j.Time)}
	for _, a := range j.Alarms {
		out.Alarms = append(out.Alarms, anchor.Alarm{Kind: a.Kind, Since: moment(a.Since), Detail: a.Detail, Evidence: a.Evidence})
	}
	for _, s := range j.Members {
		out.Members = append(out.Members, anchor.Seen{Member: s.Member, Name: s.Name, Sight: s.Sight, Size: s.Size, At: moment(s.At)})
	}
	return out, nil
}

// unix is 0 for no time.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func moment(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}
