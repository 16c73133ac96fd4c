package policies

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"coffer/consent"
)

const catalogueName = "catalogue.json"

// LoadFolder is the engine as it would be with the files of a folder: its *.cedar
// beside the shipped rules, where those of an operator stand; but a floor.cedar,
// a coffer.cedar or a catalogue.json there takes the place of the shipped one. It is for
// trying a change, not for a gate, which takes New.
func LoadFolder(folder fs.FS) (*Engine, error) {
	files, err := ReadFiles(folder)
	if err != nil {
		return nil, err
	}
	c, err := ShippedCatalogue()
	if err != nil {
		return nil, err
	}
	switch text, err := readFile(folder, catalogueName); {
	case err == nil:
		if c, err = ParseCatalogue(text); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	shipped := Shipped()
	for i := range shipped {
		at := slices.IndexFunc(files, func(f File) bool { return f.Name == shipped[i].Name })
		if at >= 0 {
			shipped[i] = files[at]
			files = slices.Delete(files, at, at+1)
		}
	}
	return Load(c, shipped, files...)
}

// Difference is a judgement of a log that these rules would not repeat.
type Difference struct {
	Line      int // of the log
	Judgement Judgement
	Now       consent.Ruling
}

// Replayed counts what a replay found.
type Replayed struct {
	Judgements int // all
	Denied     int // allowed then, denied now
	Allowed    int // denied then, allowed now
	Otherwise  int // the same answer by other rules
	Changed    int // judged under another version of the rules than these
}

// Differ is how many would differ.
func (r Replayed) Differ() int { return r.Denied + r.Allowed + r.Otherwise }

// Replay asks every question of a log again and reports what these rules decide
// otherwise. It holds one line in memory.
func (e *Engine) Replay(log io.Reader, report func(Difference)) (out Replayed, err error) {
	for j, err := range ReadLog(log) {
		if err != nil {
			return out, err
		}
		out.Judgements++
		if j.Ruling.Version != e.version {
			out.Changed++
		}
		now := e.Decide(j.Question)
		switch {
		case now.Allow && !j.Ruling.Allow:
			out.Allowed++
		case !now.Allow && j.Ruling.Allow:
			out.Denied++
		case !slices.Equal(ids(now), ids(j.Ruling)):
			out.Otherwise++
		default:
			continue
		}
		report(Difference{out.Judgements, j, now})
	}
	return out, nil
}
