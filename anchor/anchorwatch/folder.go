package anchorwatch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"coffer/anchor"
)

// DoubleVote is a Kind that no look at a member's publication shows: blocks do.
const DoubleVote Kind = "double-vote"

// Folder keeps a member's evidence against other members. An alarm stands for each file
// until somebody takes the file away.
type Folder string

// mostOf bounds what one member can make another keep, of each kind.
const mostOf = 8

// evidence is a file of the folder; FORMAT.md says what it shows to whom.
type evidence struct {
	V         int              `json:"v"`
	Violation Kind             `json:"violation"`
	Detail    string           `json:"detail"`
	Time      int64            `json:"time"`
	Member    anchor.MemberKey `json:"member"`
	Name      string           `json:"name"`
	Told      *toldJSON        `json:"told,omitempty"`
	Own       *ownJSON         `json:"own,omitempty"`
	Votes     string           `json:"votes,omitempty"`
}

type toldJSON struct {
	Checkpoint string `json:"checkpoint"`
}

type ownJSON struct {
	Validators   anchor.ValidatorSet `json:"validators"`
	SignedHeader string              `json:"signed_header"`
	Root         string              `json:"root,omitempty"`
	Consistency  *anchor.Consistency `json:"consistency,omitempty"`
}

func (o ownLog) json(root *[32]byte, proof *anchor.Consistency) *ownJSON {
	j := &ownJSON{Validators: o.set, SignedHeader: b64.EncodeToString(o.signed), Consistency: proof}
	if root != nil {
		j.Root = b64.EncodeToString(root[:])
	}
	return j
}

// KeepDoubleVote keeps two votes of a member of which one is a lie, CometBFT's evidence.
// The same again is kept once.
func (f Folder) KeepDoubleVote(m anchor.Member, detail string, votes []byte, at time.Time) error {
	_, err := f.keep(&evidence{V: 1, Violation: DoubleVote, Detail: detail, Time: at.Unix(), Member: m.Key, Name: m.Name, Votes: b64.EncodeToString(votes)})
	return err
}

// keep writes a file, unless it is there or the member has enough of them. It returns the
// name under which this or an older one is kept.
func (f Folder) keep(e *evidence) (name string, err error) {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return "", fmt.Errorf("keeping evidence: %w", err)
	}
	for n := 1; n <= mostOf; n++ {
		name = fmt.Sprintf("%s-%.8s-%d.json", e.Violation, e.Member, n)
		old, err := readEvidence(filepath.Join(string(f), name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if err := write(filepath.Join(string(f), name), e); err != nil {
				return "", fmt.Errorf("keeping evidence: %w", err)
			}
			return name, nil
		case err == nil && old.Votes == e.Votes && (old.Told == nil) == (e.Told == nil) && (old.Told == nil || *old.Told == *e.Told):
			return name, nil
		}
	}
	return name, nil
}

func readEvidence(path string) (e evidence, err error) {
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &e)
	}
	return e, err
}

// alarms are what the folder holds, the oldest first.
func (f Folder) alarms() (out []anchor.Alarm, err error) {
	files, err := os.ReadDir(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".json") {
			continue
		}
		e, failed := readEvidence(filepath.Join(string(f), file.Name()))
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("reading evidence: %w", failed))
			continue
		}
		kind := anchor.AlarmSplit
		if e.Violation == DoubleVote {
			kind = anchor.AlarmDoubleVote
		}
		out = append(out, anchor.Alarm{Kind: kind, Since: time.Unix(e.Time, 0).UTC(), Evidence: file.Name(),
			Detail: e.Name + ": " + e.Detail + "; send the evidence to the other members and the member's authority, decide with them (cofferd ledger propose), then take the file away"})
	}
	slices.SortStableFunc(out, func(a, b anchor.Alarm) int { return a.Since.Compare(b.Since) })
	return out, err
}
