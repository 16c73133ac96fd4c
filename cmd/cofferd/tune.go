package main

import (
	"os"
	"runtime/debug"
)

// tune lets the heap grow to four times what is in use before it is collected: the
// daemon keeps little and makes much, and would collect many times a second. Whoever
// sets GOGC or GOMEMLIMIT knows better.
func tune() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(300)
	}
}
