package telemetry

import (
	"runtime"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/sqldb"
)

// Class is the first digit of an answer's status.
type Class uint8

const (
	_ Class = iota
	Informed
	Done
	Elsewhere
	Refused // the asker's doing
	Failed  // ours
)

var classes = [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"}

func (c Class) String() string { return word(classes[:], int(c)) }

func classOf(status int) Class {
	if status < 100 || status > 599 {
		return 0
	}
	return Class(status / 100)
}

// Queue is where something waits to be sent.
type Queue uint8

const (
	_ Queue = iota
	Outbox
	Webhooks
	DeadLetters
)

var queues = [...]string{"other", "outbox", "webhooks", "dead-letters"}

func (q Queue) String() string { return word(queues[:], int(q)) }

// Level is how grave a line of the log is.
var levels = [...]string{"debug", "info", "warn", "error"}

// Actions and outcomes of the gate are those of package consent, and three that are no
// reason: it let something pass, there is no such grant for the asker, or the business
// itself may not act.
const (
	allowed  = "allowed"
	notFound = "not-found"
	business = "business"
	other    = "other"
)

var actions = []consent.Action{consent.ActionCollect, consent.ActionMessage}

var reasons = []consent.DenialReason{
	consent.Withdrawn, consent.Terminated, consent.Paused, consent.Narrowed, consent.Replaced, consent.GrantExpired, consent.NotStarted,
	consent.NotAnchored, consent.NotCovered, consent.NoPermit, consent.Unfulfilled, consent.ByPolicy,
}

var alarms = []anchor.AlarmKind{
	anchor.AlarmStopped, anchor.AlarmStandstill, anchor.AlarmBehind, anchor.AlarmClock, anchor.AlarmDoubleVote, anchor.AlarmSplit,
}

// unrouted is the route of a request that none is registered for.
const unrouted = "unknown"

// kind is what may stand under a key of the log.
type kind uint8

const (
	_      kind = iota
	number      // a number, a moment, a length of time, yes or no
	text        // what a program says: cleaned
	public      // what organisations are known by, and where this daemon's own things are
)

// keys are those that a line of the log may have.
var keys = map[string]kind{
	"again_in": number, "ahead": number, "chunk": number, "chunks": number, "complete": number, "count": number, "entries": number,
	"events": number, "failures": number, "grants_ended": number, "height": number, "missing": number, "needed": number, "pause": number, "peers": number,
	"status": number, "stood": number, "took": number, "vaults": number, "unlisted": number, "round": number, "members": number,

	"alarm": text, "detail": text, "error": text, "err": text, "method": text, "mode": text, "reason": text, "route": text, "why": text,
	"module": text, "place": text, "vault": text, // an id.Vault says a digest that is another in each process

	"business": public, "chain": public, "evidence": public, "folder": public, "key": public, "ledger": public, "listen": public,
	"member": public, "origin": public, "peer": public, "sender": public, "validator": public, "version": public,
}

// nodePrefix begins what CometBFT says. What it says under keys that are not above is left
// out, and not counted: its vocabulary is not ours.
const nodePrefix = "ledger node: "

func word(of []string, i int) string {
	if i >= len(of) {
		return of[0]
	}
	return of[i]
}

// Labels are the labels that a metric of ours may have, each with all its values. Those
// that only this build and this daemon's registered routes have are given.
func Labels(version string, routes []string) map[string][]string {
	labels := map[string][]string{
		"version": {version, runtime.Version()}, "go": {runtime.Version()},
		"route": append([]string{unrouted}, routes...), "class": classes[:], "queue": queues[:], "level": levels[:],
		"work": sqldb.Works[:], "outcome": outcomes(),
	}
	for _, a := range actions {
		labels["action"] = append(labels["action"], string(a))
	}
	for _, k := range alarms {
		labels["kind"] = append(labels["kind"], string(k))
	}
	return labels
}
