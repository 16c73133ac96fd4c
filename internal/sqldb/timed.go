package sqldb

import "time"

// Work is what a database spends time on.
type Work uint8

const (
	Writing    Work = iota // one Write, from the wait for a turn until it is on the disk
	Committing             // one commit, of many writers' work
	Folding                // folding the write-ahead log into the file, while everybody waits
	Rewriting              // Vacuum
)

// Works are all that there are, as they are named in figures.
var Works = [...]string{"write", "commit", "fold", "rewrite"}

// took begins to measure and returns what ends it.
func (d *DB) took(w Work) func() {
	if d.timed == nil {
		return func() {}
	}
	began := time.Now()
	return func() { d.timed(w, time.Since(began)) }
}
