package main

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
	"coffer/anchor/anchorwatch"
	"coffer/anchor/bft"
)

// compareEvery is how often the other members' checkpoints are held against one's own log.
const compareEvery = 5 * time.Second

// evidenceIn is where a data folder keeps what shows that another member lied.
func evidenceIn(folder string) anchorwatch.Folder {
	return anchorwatch.Folder(filepath.Join(folder, "evidence"))
}

// witness keeps double votes as evidence.
func witness(folder string, log *slog.Logger) func(bft.DoubleVote) {
	return func(v bft.DoubleVote) {
		if err := evidenceIn(folder).KeepDoubleVote(v.Member, v.String(), v.Votes, v.Time); err != nil {
			log.Error("keeping evidence of a double vote", "error", err)
		}
	}
}

// newCouncil compares the other members with this one's log.
func newCouncil(folder string, node *bft.Node, log *slog.Logger) *anchorwatch.Council {
	client := &http.Client{Timeout: 10 * time.Second}
	return &anchorwatch.Council{Own: node, Kept: evidenceIn(folder), Log: log, Clock: time.Now,
		Reach: func(m anchor.Member) anchorwatch.Other { return &anchorhttp.Client{Origin: m.URL, HTTP: client} }}
}

// watchOthers compares until ctx ends.
func watchOthers(ctx context.Context, c *anchorwatch.Council) error {
	c.Run(ctx, compareEvery)
	return nil
}

// condition is how this member is and what it sees of the others.
func condition(node *bft.Node, c *anchorwatch.Council) func() anchor.Condition {
	return func() anchor.Condition {
		now := node.Condition()
		members, alarms := c.Seen()
		now.Members, now.Alarms = members, append(now.Alarms, alarms...)
		return now
	}
}
