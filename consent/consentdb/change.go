package consentdb

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
)

// ErrCursor means that a cursor is not one of ours for this purpose, or is ahead of
// what there is: the operator was restored from a backup.
var ErrCursor = errors.New("unknown cursor")

// ChangeCursor is how far a business has collected a purpose. What changed up to
// Since it has; from there it is on its way, and has come to At. The zero value is
// the beginning.
type ChangeCursor struct {
	Since, At int64
}

const cursorVersion = 1

var cursorText = base64.RawURLEncoding.Strict()

// Text is the cursor as a business carries it: opaque, and good for one purpose.
func (c ChangeCursor) Text(purpose string) string {
	b := append([]byte{cursorVersion}, purposeMark(purpose)...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.Since))
	return cursorText.EncodeToString(binary.BigEndian.AppendUint64(b, uint64(c.At)))
}

// ParseChangeCursor reads what Text wrote; "" is the beginning. ErrCursor otherwise.
func ParseChangeCursor(text, purpose string) (c ChangeCursor, err error) {
	if text == "" {
		return c, nil
	}
	b, err := cursorText.DecodeString(text)
	if err != nil || len(b) != 25 || b[0] != cursorVersion || !slices.Equal(b[1:9], purposeMark(purpose)) {
		return c, ErrCursor
	}
	c = ChangeCursor{int64(binary.BigEndian.Uint64(b[9:])), int64(binary.BigEndian.Uint64(b[17:]))}
	if c.Since < 0 || c.At < c.Since {
		return ChangeCursor{}, ErrCursor
	}
	return c, nil
}

func purposeMark(purpose string) []byte {
	sum := sha256.Sum256([]byte("coffer/v1 change cursor\x00" + purpose))
	return sum[:8]
}

// came puts a grant last in its business's order, with all that it covers: when it
// goes live, and whenever the business may collect again what it could not.
func came(ctx context.Context, q *consentsql.Queries, row consentsql.GrantRecord) error {
	n, err := q.NextChange(ctx, row.Business)
	if err == nil {
		err = q.PutChange(ctx, consentsql.PutChangeParams{VaultID: row.VaultID, GrantID: row.GrantID, Business: row.Business, Since: n})
	}
	if err != nil {
		return fmt.Errorf("noting a change: %w", err)
	}
	return nil
}

// altered puts a grant last because some of its attributes changed. One that is not
// live yet comes with all of them once it is.
func altered(ctx context.Context, q *consentsql.Queries, v id.Vault, g id.Grant, by consent.DID, attributes []string) error {
	row, err := one(q.ChangeOf(ctx, consentsql.ChangeOfParams{VaultID: v, GrantID: g}))
	if err == consent.ErrNotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("noting a change: %w", err)
	}
	later, err := readLater(row.Later)
	if err != nil {
		return err
	}
	n, err := q.NextChange(ctx, by)
	if err != nil {
		return fmt.Errorf("noting a change: %w", err)
	}
	for _, a := range attributes {
		later[a] = n
	}
	text, _ := json.Marshal(later) // strings and integers always marshal
	if err := q.SetLater(ctx, consentsql.SetLaterParams{Latest: n, Later: string(text), VaultID: v, GrantID: g}); err != nil {
		return fmt.Errorf("noting a change: %w", err)
	}
	return nil
}

func readLater(text string) (map[string]int64, error) {
	later := map[string]int64{}
	if text == "{}" {
		return later, nil
	}
	if err := json.Unmarshal([]byte(text), &later); err != nil {
		return nil, fmt.Errorf("reading a stored change: %w", err)
	}
	return later, nil
}

// changedSince are those of the attributes that changed after since.
func changedSince(row consentsql.ChangesAfterRow, attributes []string, since int64) ([]string, error) {
	if row.Since > since {
		return attributes, nil
	}
	later, err := readLater(row.Later)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range attributes {
		if later[a] > since {
			out = append(out, a)
		}
	}
	return out, nil
}
