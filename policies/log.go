package policies

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"coffer/anchor"
	"coffer/consent"
)

// Judgement is a question with the ruling that it got: one line of the log.
type Judgement struct {
	Question consent.Question
	Ruling   consent.Ruling // read from a log its reasons have ids only
}

// maxLine bounds a line of the log; the longest that a gate makes is a tenth of it.
const maxLine = 64 << 10

// notAName stands for what is no name: someone outside chose it, and it could be a
// value.
const notAName = "not-a-name"

// The line as it is read; appendLine writes it, all keys in this order (see FORMAT.md).
type (
	judgementJSON struct {
		V       int          `json:"v"`
		Time    int64        `json:"time"`
		Version string       `json:"version"`
		Allow   bool         `json:"allow"`
		Rules   []string     `json:"rules"`
		Asked   questionJSON `json:"question"`
	}
	questionJSON struct {
		Action        consent.Action `json:"action"`
		Attribute     string         `json:"attribute"`
		Channel       string         `json:"channel"`
		SentLast7Days int            `json:"sent_last_7_days"`
		Business      businessJSON   `json:"business"`
		Grant         grantJSON      `json:"grant"`
		Jurisdictions *[]string      `json:"jurisdictions"`
		Recipients    *[]string      `json:"recipients"`
		LocalHour     *int           `json:"local_hour"`
		Condition     *standingJSON  `json:"condition,omitempty"`
	}
	standingJSON struct {
		Record    *bool         `json:"record,omitempty"`
		Event     *bool         `json:"event,omitempty"`
		NotBefore *consent.Unix `json:"not_before,omitempty"`
		UsesLeft  *int          `json:"uses_left,omitempty"`
	}
	businessJSON struct {
		DID      consent.DID `json:"did"`
		State    string      `json:"state"`
		Purposes []string    `json:"purposes"`
	}
	grantJSON struct {
		Business   consent.DID  `json:"business"`
		Purpose    string       `json:"purpose"`
		Attributes []string     `json:"attributes"`
		Channels   []string     `json:"channels"`
		WeeklyCap  int          `json:"weekly_cap"`
		State      string       `json:"state"`
		Start      anchor.Epoch `json:"start"`
		End        anchor.Epoch `json:"end"`
		Minor      bool         `json:"minor"`
	}
)

// Line is the judgement as the log keeps it, without the newline: names, states and
// times; no value, and no id of a shopper, vault, grant or request.
func (j Judgement) Line() []byte { return j.appendLine(nil) }

// ParseJudgement reads one line of a log, strictly.
func ParseJudgement(line []byte) (j Judgement, err error) {
	var in judgementJSON
	if err := consent.ParseStrict(line, &in); err != nil {
		return j, fmt.Errorf("reading a judgement: %w", err)
	}
	if in.V != 1 {
		return j, fmt.Errorf("reading a judgement: version %d is not known, want 1", in.V)
	}
	q, g := in.Asked, in.Asked.Grant
	j.Question = consent.Question{
		Action: q.Action, Attribute: q.Attribute, Channel: q.Channel, SentLast7Days: q.SentLast7Days, Now: time.Unix(in.Time, 0).UTC(),
		Business: consent.Business{DID: q.Business.DID, State: consent.BusinessState(q.Business.State), Purposes: q.Business.Purposes},
		Grant: consent.Grant{Business: g.Business, Purpose: g.Purpose, Attributes: g.Attributes, Channels: g.Channels, WeeklyCap: g.WeeklyCap,
			State: consent.State(g.State), Start: g.Start, End: g.End, Minor: g.Minor},
	}
	if q.LocalHour != nil {
		j.Question = j.Question.AtHour(*q.LocalHour)
	}
	if q.Jurisdictions != nil {
		j.Question.Grant.Jurisdictions = *q.Jurisdictions
	}
	if q.Recipients != nil {
		j.Question.Grant.Destinations = *q.Recipients
	}
	j.Question.Grant.Condition, j.Question.Grant.Standing = q.Condition.read()
	j.Ruling = consent.Ruling{Allow: in.Allow, Version: in.Version}
	for _, id := range in.Rules {
		j.Ruling.Reasons = append(j.Ruling.Reasons, consent.Reason{ID: id})
	}
	if !slices.Equal(j.Line(), line) {
		return Judgement{}, errors.New("reading a judgement: it is not written as a log writes it")
	}
	return j, nil
}

// read is a condition that stands so; whom it names the log does not say.
func (s *standingJSON) read() (*consent.Condition, consent.Standing) {
	if s == nil {
		return nil, consent.Standing{}
	}
	c, st := &consent.Condition{From: s.NotBefore}, consent.Standing{}
	if s.Record != nil {
		c.Record, st.Met = &consent.RecordCondition{}, *s.Record
	}
	if s.Event != nil {
		c.Event, st.Met = &consent.EventCondition{}, *s.Event
	}
	if s.UsesLeft != nil {
		all := consent.MaxUses
		c.Uses, st.Used = &all, all-*s.UsesLeft
	}
	return c, st
}

// ReadLog reads a log line by line. After an error, which names the line, there is
// nothing more.
func ReadLog(r io.Reader) iter.Seq2[Judgement, error] {
	return func(yield func(Judgement, error) bool) {
		in, n := bufio.NewReaderSize(r, maxLine), 0
		for {
			n++
			line, err := in.ReadSlice('\n')
			if errors.Is(err, io.EOF) && len(line) == 0 {
				return
			}
			var j Judgement
			switch {
			case errors.Is(err, io.EOF):
				err = errors.New("it ends without a newline, so its writing was cut off; take the line away and try again")
			case errors.Is(err, bufio.ErrBufferFull):
				err = fmt.Errorf("more than %d bytes", maxLine)
			case err == nil:
				j, err = ParseJudgement(bytes.TrimSuffix(line, []byte("\n")))
			}
			if err != nil {
				yield(Judgement{}, fmt.Errorf("line %d of the log: %w", n, err))
				return
			}
			if !yield(j, nil) {
				return
			}
		}
	}
}
