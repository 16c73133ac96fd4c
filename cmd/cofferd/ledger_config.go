package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"coffer/anchor/anchorhttp"
	"coffer/anchor/bft"
)

// LedgerConfig is what a member decides about its copy of the ledger, whether it keeps
// vaults or not. Members decide differently without harm.
type LedgerConfig struct {
	// KeepBlocks is for how long blocks are kept; nothing of the log is lost with them.
	// Empty means 168h: a member that was away for longer begins anew from a snapshot
	// (cofferd ledger rejoin).
	KeepBlocks Duration `json:"ledger_keep_blocks,omitempty"`
	// KeepEntries is for how long the bytes of permits are kept, at least 744h; empty
	// means for ever. Afterwards their leaves stay, so that all else is proved as before;
	// whoever asks for such a permit is told to ask another member or to use its own copy.
	KeepEntries Duration `json:"ledger_keep_entries,omitempty"`
	// Archive keeps all blocks and the bytes of all entries for ever. One such member is
	// good to have.
	Archive bool `json:"ledger_archive,omitempty"`
	// From are origins of members to begin from, as in https://ledger.shop.example, when
	// this one has no ledger yet and the genesis names none that can be reached.
	From []string `json:"ledger_from,omitempty"`
	// Peers are other members' nodes, as id@host:port, that are reached elsewhere than
	// the register says: over a private line, behind an address translation. Who may
	// connect is the register's alone to say.
	Peers []string `json:"ledger_peers,omitempty"`
}

// leastKeepEntries is a month.
const leastKeepEntries = 31 * 24 * time.Hour

// check reports the first setting that cannot work and says what would.
func (c LedgerConfig) check() error {
	if c.KeepBlocks < 0 {
		return fmt.Errorf("ledger_keep_blocks %v: want a time as in 168h; to keep all, set ledger_archive", time.Duration(c.KeepBlocks))
	}
	if c.KeepEntries != 0 && time.Duration(c.KeepEntries) < leastKeepEntries {
		return fmt.Errorf("ledger_keep_entries %v: want at least %v, so that whoever posted an entry has its proof", time.Duration(c.KeepEntries), leastKeepEntries)
	}
	if c.Archive && (c.KeepBlocks != 0 || c.KeepEntries != 0) {
		return errors.New("ledger_archive keeps everything: remove ledger_keep_blocks and ledger_keep_entries")
	}
	for _, from := range c.From {
		if u, err := url.Parse(from); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.Path != "" || u.RawQuery != "" {
			return fmt.Errorf("ledger_from %q: want scheme://host[:port] and nothing after it", from)
		}
	}
	return nil
}

// into sets the options of the ledger's node.
func (c LedgerConfig) into(o bft.Options) bft.Options {
	o.KeepBlocks, o.KeepEntries = time.Duration(c.KeepBlocks), time.Duration(c.KeepEntries)
	if c.Archive {
		o.KeepBlocks = bft.KeepAll
	}
	o.From, o.Other, o.Peers = c.From, reach, c.Peers
	return o
}

// reach asks another member by what it publishes.
func reach(origin string) bft.Other {
	return &anchorhttp.Client{Origin: origin, HTTP: &http.Client{Timeout: 10 * time.Second}}
}
