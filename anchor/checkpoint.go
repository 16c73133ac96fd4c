package anchor

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Checkpoint is a log at one size, as the C2SP ecosystem writes it
// (c2sp.org/tlog-checkpoint). A member publishes one of the newest log that the
// validators signed, as a note that the member signs alone: whoever keeps two
// notes of one size with two roots has caught it.
type Checkpoint struct {
	Origin string // of the chain, see Chain.Origin
	Size   uint64
	Root   [32]byte
}

// Origin is how checkpoints of the chain name it, the same at every member. What
// a note's key name may not have is written as in a URL.
func (c Chain) Origin() string {
	return "coffer-ledger/" + strings.NewReplacer("%", "%25", "+", "%2B").Replace(string(c))
}

// String is the text that is signed: three lines.
func (c Checkpoint) String() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// ParseCheckpoint reads what String writes, and nothing else: the extension
// lines that C2SP allows are refused, because no member writes them. An error is
// a *FormatError whose Field is lines, origin, size or root.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, malformed("lines", "want three")
	}
	c := Checkpoint{Origin: lines[0]}
	if c.Origin == "" {
		return Checkpoint{}, malformed("origin", "it is empty")
	}
	var err error
	if c.Size, err = strconv.ParseUint(lines[1], 10, 53); err != nil || strconv.FormatUint(c.Size, 10) != lines[1] {
		return Checkpoint{}, malformed("size", "want a number below 2^53 without zeros in front")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != 32 || base64.StdEncoding.EncodeToString(root) != lines[2] {
		return Checkpoint{}, malformed("root", "want 32 bytes of base64")
	}
	c.Root = [32]byte(root)
	return c, nil
}

// OpenCheckpoint reads a note that the public checkpoint key signed. Other
// signatures on it are not looked at. The key's name must be the origin.
func OpenCheckpoint(signed []byte, public string) (Checkpoint, error) {
	fail := func(err error) (Checkpoint, error) { return Checkpoint{}, fmt.Errorf("opening checkpoint: %w", err) }
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return fail(err)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return fail(err)
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return fail(err)
	}
	if c.Origin != verifier.Name() {
		return fail(malformed("origin", "it is of %q, the key of %q", c.Origin, verifier.Name()))
	}
	return c, nil
}

// CheckpointKey signs checkpoints in the name of one member. It has no other
// use: who steals it can show other logs to those who watch this member, and is
// caught when they compare.
type CheckpointKey struct {
	signer         note.Signer
	secret, public string
}

// NewCheckpointKey makes the note key of a chain from an Ed25519 key.
func NewCheckpointKey(chain Chain, key ed25519.PrivateKey) (CheckpointKey, error) {
	fail := func(err error) (CheckpointKey, error) {
		return CheckpointKey{}, fmt.Errorf("making a checkpoint key: %w", err)
	}
	public, err := note.NewEd25519VerifierKey(chain.Origin(), key.Public().(ed25519.PublicKey))
	if err != nil {
		return fail(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return fail(err)
	}
	// Algorithm 1 is Ed25519, as in note.GenerateKey, which takes no key.
	seed := base64.StdEncoding.EncodeToString(append([]byte{1}, key.Seed()...))
	secret := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", verifier.Name(), verifier.KeyHash(), seed)
	signer, err := note.NewSigner(secret)
	if err != nil {
		return fail(err)
	}
	return CheckpointKey{signer, secret, public}, nil
}

// ParseCheckpointKey reads what Secret writes, for the chain it was made for.
func ParseCheckpointKey(chain Chain, secret string) (CheckpointKey, error) {
	fail := func(detail string) (CheckpointKey, error) {
		// The text is a secret, so the error has none of it.
		return CheckpointKey{}, fmt.Errorf("parsing checkpoint key: %w", malformed("key", "%s", detail))
	}
	if _, err := note.NewSigner(secret); err != nil {
		return fail("it is no Ed25519 note signing key")
	}
	parts := strings.SplitN(secret, "+", 5)
	raw, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return fail("it is no Ed25519 note signing key")
	}
	k, err := NewCheckpointKey(chain, ed25519.NewKeyFromSeed(raw[1:]))
	if err != nil || k.secret != secret {
		return fail("it is of another ledger")
	}
	return k, nil
}

// Public is the C2SP verifier key: what watchers are given.
func (k CheckpointKey) Public() string { return k.public }

// Secret is the C2SP signer key, for the file it is kept in.
func (k CheckpointKey) Secret() string { return k.secret }

// Sign makes the member's note over a log. Sign only what validators signed, and
// never two roots of one size.
func (k CheckpointKey) Sign(size uint64, root [32]byte) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: Checkpoint{k.signer.Name(), size, root}.String()}, k.signer)
	if err != nil {
		return nil, fmt.Errorf("signing checkpoint: %w", err)
	}
	return signed, nil
}

// String is the public key; the secret must not reach a log.
func (k CheckpointKey) String() string { return k.public }

// GoString is String, so that %#v tells no more.
func (k CheckpointKey) GoString() string { return k.public }

// LogValue is String.
func (k CheckpointKey) LogValue() slog.Value { return slog.StringValue(k.public) }
