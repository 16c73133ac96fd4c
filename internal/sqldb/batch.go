package sqldb

import (
	"strconv"
	"strings"
)

// Batch is a statement about many things at once: what a turn asks of the database
// it asks in one statement instead of one for each that waits. Its text depends on
// how many there are, so there are a few lengths only, and each stays prepared.
// Make it once, as a package's variable.
type Batch struct {
	width int
	texts map[int]string
}

// batchSizes are the lengths that a Batch has.
var batchSizes = [...]int{1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64}

// BatchLimit is how many rows one statement takes at most.
const BatchLimit = 64

// NewBatch makes the statement head row between row … tail. In row, ? stands for an
// argument and # for the row's place, from 0. PostgreSQL infers the arguments' types
// from the statement; where it cannot (a list of SELECTs), head must begin the list
// with a typed row: SELECT vault_id, … FROM … WHERE FALSE.
func NewBatch(head, row, between, tail string) *Batch {
	b := &Batch{width: strings.Count(row, "?"), texts: map[int]string{}}
	for _, size := range batchSizes {
		var t strings.Builder
		t.WriteString(head)
		arg := 0
		for place := range size {
			if place > 0 {
				t.WriteString(between)
			}
			for _, c := range row {
				switch c {
				case '?':
					arg++
					t.WriteString("$" + strconv.Itoa(arg))
				case '#':
					t.WriteString(strconv.Itoa(place))
				default:
					t.WriteRune(c)
				}
			}
		}
		t.WriteString(tail)
		b.texts[size] = t.String()
	}
	return b
}

// Padded is the shortest statement that has a row for each of what args holds (a
// row's arguments after the other's), and args with rows of empty at the end to fill
// it. For questions: empty is a row that finds nothing.
func (b *Batch) Padded(args []any, empty ...any) (text string, all []any) {
	rows := len(args) / b.width
	for _, size := range batchSizes {
		if size >= rows {
			for range size - rows {
				args = append(args, empty...)
			}
			return b.texts[size], args
		}
	}
	panic("sqldb: more rows than a batch takes")
}

// Exact calls do with statements that together have a row for each of what args
// holds, in order, until one fails. For writing.
func (b *Batch) Exact(args []any, do func(text string, args []any) error) error {
	for len(args) > 0 {
		size := 1
		for _, s := range batchSizes {
			if s*b.width <= len(args) {
				size = s
			}
		}
		if err := do(b.texts[size], args[:size*b.width]); err != nil {
			return err
		}
		args = args[size*b.width:]
	}
	return nil
}
