package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"coffer/anchor"
)

// Waiting is what waits in a queue.
type Waiting struct {
	Length int64
	Oldest time.Time // when what waits longest was put in; zero if nothing waits
}

// Ledger is where a member of the ledger stands.
type Ledger struct {
	Height int64
	Time   time.Time // of its newest block
	Size   uint64
	Peers  int   // that are connected
	Others int   // that there are
	Ahead  int64 // the highest of their heights
	Raised uint64
	Splits uint64
	Alarms []anchor.AlarmKind // that stand
}

// Backups are those that were written.
type Backups struct {
	Count int64
	Last  time.Time // zero if there is none
	Bytes int64     // of the last
}

// Asked are questions that are put whenever somebody asks for the numbers. One that is
// nil is not put; one that fails leaves its numbers out, so that they are missing rather
// than old.
type Asked struct {
	Queues  func(context.Context) (map[Queue]Waiting, error)
	Ledger  func(context.Context) (Ledger, error)
	Erased  func(context.Context) (int64, error)
	Backups func() (Backups, error)
	Now     func() time.Time
}

// patience is how long a question may take.
const patience = 3 * time.Second

// Ask makes the questions part of the numbers.
func (m *Metrics) Ask(a Asked) { m.registry.MustRegister(asking{a}) }

type asking struct{ Asked }

func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	queueLength  = described("coffer_queue_length", "How much waits: entries for the ledger, deliveries to webhooks, deliveries that were given up.", "queue")
	queueOldest  = described("coffer_queue_oldest_seconds", "How long the oldest of it waits; 0 if nothing does.", "queue")
	ledgerHeight = described("coffer_ledger_height", "Height of this member's newest block.")
	ledgerAhead  = described("coffer_ledger_others_height", "The highest of the connected members' heights, as they tell.")
	ledgerAge    = described("coffer_ledger_block_age_seconds", "How old this member's newest block is. An idle ledger makes one with each heartbeat.")
	ledgerSize   = described("coffer_ledger_entries", "How many entries the log has.")
	ledgerPeers  = described("coffer_ledger_peers", "Members that are connected.")
	ledgerOthers = described("coffer_ledger_others", "Members that there are beside this one.")
	ledgerAlarm  = described("coffer_ledger_alarm", "1 while this alarm stands: cofferd ledger status says what to do.", "kind")
	ledgerRaised = described("coffer_ledger_alarms_raised_total", "Alarms raised since the start.")
	ledgerSplits = described("coffer_ledger_splits_total", "How often a member was seen to show another log, since the start.")
	erasures     = described("coffer_erasures_total", "Vaults erased since the keyring was made.")
	backups      = described("coffer_backups_total", "Backups of this folder that were written whole.")
	backupLast   = described("coffer_backup_last_timestamp_seconds", "When the last of them was written; 0 if there is none.")
	backupBytes  = described("coffer_backup_last_bytes", "How large it is.")
)

func (a asking) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queueLength, queueOldest, ledgerHeight, ledgerAhead, ledgerAge, ledgerSize, ledgerPeers, ledgerOthers,
		ledgerAlarm, ledgerRaised, ledgerSplits, erasures, backups, backupLast, backupBytes} {
		to <- d
	}
}

func (a asking) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v)
	}
	now := a.Now()
	if a.Queues != nil {
		if waiting, err := a.Queues(ctx); err == nil {
			for q, w := range waiting {
				gauge(queueLength, float64(w.Length), q.String())
				gauge(queueOldest, age(now, w.Oldest), q.String())
			}
		}
	}
	if a.Ledger != nil {
		if l, err := a.Ledger(ctx); err == nil {
			gauge(ledgerHeight, float64(l.Height))
			gauge(ledgerAhead, float64(l.Ahead))
			gauge(ledgerAge, age(now, l.Time))
			gauge(ledgerSize, float64(l.Size))
			gauge(ledgerPeers, float64(l.Peers))
			gauge(ledgerOthers, float64(l.Others))
			counter(ledgerRaised, float64(l.Raised))
			counter(ledgerSplits, float64(l.Splits))
			standing := map[anchor.AlarmKind]float64{}
			for _, k := range l.Alarms {
				standing[k] = 1
			}
			for _, k := range alarms {
				gauge(ledgerAlarm, standing[k], string(k))
			}
		}
	}
	if a.Erased != nil {
		if n, err := a.Erased(ctx); err == nil {
			counter(erasures, float64(n))
		}
	}
	if a.Backups != nil {
		if b, err := a.Backups(); err == nil {
			counter(backups, float64(b.Count))
			last := 0.0
			if !b.Last.IsZero() {
				last = float64(b.Last.Unix())
			}
			gauge(backupLast, last)
			gauge(backupBytes, float64(b.Bytes))
		}
	}
}

func age(now, since time.Time) float64 {
	if since.IsZero() || now.Before(since) {
		return 0
	}
	return now.Sub(since).Seconds()
}
