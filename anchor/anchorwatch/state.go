package anchorwatch

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"coffer/anchor"
)

// State is what a watcher trusts and what it was told last. The member's own
// words are kept as it said them, so that they are evidence.
type State struct {
	Validators anchor.ValidatorSet  // who signed what was told last
	First      *anchor.ValidatorSet // whom it was begun with; nil if it is still these
	Key        string               // of the member's checkpoints
	Last       Said
}

// Trusted are the validators that the state was begun with.
func (s State) Trusted() anchor.ValidatorSet {
	if s.First != nil {
		return *s.First
	}
	return s.Validators
}

func (s State) openCheckpoint(said Said) (tree, error) {
	c, err := anchor.OpenCheckpoint([]byte(said.Checkpoint), s.Key)
	if err == nil && c.Origin != s.Validators.Chain.Origin() {
		err = fmt.Errorf("it is of %q", c.Origin)
	}
	return tree{c.Size, c.Root}, err
}

func openHeader(set anchor.ValidatorSet, said Said) (anchor.Head, [32]byte, error) {
	head, err := anchor.VerifyHeader(set, said.SignedHeader)
	if err != nil {
		return head, [32]byte{}, err
	}
	signed, err := anchor.ParseSignedHeader(said.SignedHeader)
	if err != nil {
		return head, [32]byte{}, err
	}
	return head, signed.Header.Hash(), nil
}

type saidJSON struct {
	Checkpoint   string `json:"checkpoint"`
	SignedHeader string `json:"signed_header"`
}

var b64 = base64.RawURLEncoding.Strict()

// MarshalJSON writes the header as base64url.
func (s Said) MarshalJSON() ([]byte, error) {
	return json.Marshal(saidJSON{s.Checkpoint, b64.EncodeToString(s.SignedHeader)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Said) UnmarshalJSON(b []byte) error {
	var j saidJSON
	if err := strict(b, &j); err != nil {
		return err
	}
	header, err := b64.DecodeString(j.SignedHeader)
	if err != nil {
		return err
	}
	*s = Said{j.Checkpoint, header}
	return nil
}

func strict(b []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows it")
	}
	return nil
}

type stateJSON struct {
	V          int                  `json:"v"`
	Validators anchor.ValidatorSet  `json:"validators"`
	First      *anchor.ValidatorSet `json:"first_validators,omitempty"`
	Key        string               `json:"checkpoint_key"`
	Last       Said                 `json:"last"`
}

type evidenceJSON struct {
	V         int                 `json:"v"`
	Violation Kind                `json:"violation"`
	Detail    string              `json:"detail"`
	Time      int64               `json:"time"`
	Ledger    string              `json:"ledger"`
	Known     stateJSON           `json:"known"`
	Told      Said                `json:"told"`
	Proof     *anchor.Consistency `json:"consistency"`
}

// ReadState reads what Keep wrote. The error wraps fs.ErrNotExist if there is no
// such file.
func ReadState(path string) (State, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return State{}, err
	}
	s, err := parseState(b)
	if err != nil {
		return State{}, fmt.Errorf("reading the state %s: %w; restore it, or begin with another file", path, err)
	}
	return s, nil
}

func parseState(b []byte) (State, error) {
	var j stateJSON
	if err := strict(b, &j); err != nil {
		return State{}, err
	}
	if j.V != 1 {
		return State{}, fmt.Errorf("it has version %d, this program knows 1", j.V)
	}
	return State{j.Validators, j.First, j.Key, j.Last}, j.Validators.Validate()
}

// Keep writes the state, whole or not at all, and durably.
func (s State) Keep(path string) error {
	if err := write(path, stateJSON{1, s.Validators, s.First, s.Key, s.Last}); err != nil {
		return fmt.Errorf("keeping the state: %w", err)
	}
	return nil
}

// Keep writes the evidence beside a state file, under a name that is not taken,
// and returns the name.
func (v *Violation) Keep(state, ledger string, now time.Time) (string, error) {
	e := evidenceJSON{1, v.Kind, v.Detail, now.Unix(), ledger, stateJSON{1, v.Known.Validators, v.Known.First, v.Known.Key, v.Known.Last}, v.Told, v.Proof}
	for n := 1; ; n++ {
		path := fmt.Sprintf("%s.evidence-%d.json", state, n)
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		if err := write(path, e); err != nil {
			return "", fmt.Errorf("keeping the evidence: %w", err)
		}
		return path, nil
	}
}

func write(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	// The name, too, must be there after a crash.
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
