package vault

import (
	"fmt"

	"coffer/internal/id"
)

// Document is one sealed attribute, record or note to the wallet itself. The
// operator cannot tell which.
type Document struct {
	ID      id.Document
	Version int64
	Sealed  Sealed
}

// Tombstone asks for a document's deletion at the version the wallet knows.
type Tombstone struct {
	ID      id.Document
	Version int64
}

// Batch changes documents all at once or not at all. A batch that changes any
// puts the vault's manifest too, the document whose id is the vault's own: it lists
// all others, so that of two devices that change different documents at the same
// time the second one notices.
type Batch struct {
	// Puts carry the new version: the stored one plus one, or 1.
	Puts []Document

	Deletes []Tombstone

	// Shares replace those of the documents in Puts: a changed document has a
	// new content key, and whoever is not named here loses it.
	Shares []Share
}

// Check reports whether the batch can be meant. It is [ErrInvalid] when a document
// is named twice, a version is not positive, a sealed document is not the one it
// is put as, or a share is malformed.
func (b Batch) Check() error {
	_, err := b.Headers()
	return err
}

// Headers is Check, and returns the headers of the documents in Puts, in order.
func (b Batch) Headers() ([]Header, error) {
	var headers []Header
	seen := make(map[id.Document]bool, len(b.Puts)+len(b.Deletes))
	once := func(d id.Document) error {
		if d.IsZero() || seen[d] {
			return fmt.Errorf("batch names a document twice or not at all: %w", ErrInvalid)
		}
		seen[d] = true
		return nil
	}
	if len(b.Puts)+len(b.Deletes) > MaxDocuments || len(b.Shares) > MaxShares {
		return nil, fmt.Errorf("batch: %w", ErrTooMany)
	}
	for _, p := range b.Puts {
		if err := once(p.ID); err != nil {
			return nil, err
		}
		h, err := p.Sealed.Header()
		if err != nil {
			return nil, err
		}
		if p.Version < 1 || h.Document != p.ID || h.Version != p.Version {
			return nil, fmt.Errorf("sealed document has another id or version: %w", ErrInvalid)
		}
		headers = append(headers, h)
	}
	for _, d := range b.Deletes {
		if err := once(d.ID); err != nil {
			return nil, err
		}
		if d.Version < 1 {
			return nil, fmt.Errorf("deleting version %d: %w", d.Version, ErrInvalid)
		}
	}
	return headers, CheckShares(b.Shares)
}
