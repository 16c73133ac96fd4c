package policies

import (
	"encoding/json"
	"strconv"

	"coffer/consent"
)

// appendLine writes by hand what json.Marshal would make of a judgementJSON: a gate
// decides tens of thousands of times a second, and each decision is a line.
func (j Judgement) appendLine(b []byte) []byte {
	q, g := &j.Question, &j.Question.Grant
	b = strconv.AppendInt(append(b, `{"v":1,"time":`...), q.Now.Unix(), 10)
	b = appendText(append(b, `,"version":`...), j.Ruling.Version)
	b = strconv.AppendBool(append(b, `,"allow":`...), j.Ruling.Allow)
	b = append(b, `,"rules":[`...)
	for i, r := range j.Ruling.Reasons {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, r.ID)
	}
	b = appendName(append(b, `],"question":{"action":`...), string(q.Action))
	b = appendName(append(b, `,"attribute":`...), q.Attribute)
	b = appendName(append(b, `,"channel":`...), q.Channel)
	b = strconv.AppendInt(append(b, `,"sent_last_7_days":`...), int64(q.SentLast7Days), 10)
	b = appendText(append(b, `,"business":{"did":`...), string(q.Business.DID))
	b = appendName(append(b, `,"state":`...), string(q.Business.State))
	b = appendList(append(b, `,"purposes":`...), q.Business.Purposes, appendText)
	b = appendText(append(b, `},"grant":{"business":`...), string(g.Business))
	b = appendText(append(b, `,"purpose":`...), g.Purpose)
	b = appendList(append(b, `,"attributes":`...), g.Attributes, appendName)
	b = appendList(append(b, `,"channels":`...), g.Channels, appendName)
	b = strconv.AppendInt(append(b, `,"weekly_cap":`...), int64(g.WeeklyCap), 10)
	b = appendName(append(b, `,"state":`...), string(g.State))
	b = strconv.AppendUint(append(b, `,"start":`...), uint64(g.Start), 10)
	b = strconv.AppendUint(append(b, `,"end":`...), uint64(g.End), 10)
	b = strconv.AppendBool(append(b, `,"minor":`...), g.Minor)
	b = appendKnown(append(b, `},"jurisdictions":`...), g.Jurisdictions)
	b = appendKnown(append(b, `,"recipients":`...), g.Destinations)
	b = append(b, `,"local_hour":`...)
	if hour, known := q.LocalHour(); known {
		b = strconv.AppendInt(b, int64(hour), 10)
	} else {
		b = append(b, "null"...)
	}
	if g.Condition != nil {
		b = appendCondition(append(b, `,"condition":`...), g)
	}
	return append(b, "}}"...)
}

// appendCondition writes what the rules see of a condition: not who or what it names.
func appendCondition(b []byte, g *consent.Grant) []byte {
	c := g.Condition
	switch {
	case c.Record != nil:
		b = strconv.AppendBool(append(b, `{"record":`...), g.Standing.Met)
	case c.Event != nil:
		b = strconv.AppendBool(append(b, `{"event":`...), g.Standing.Met)
	case c.From != nil:
		b = strconv.AppendInt(append(b, `{"not_before":`...), int64(*c.From), 10)
	case c.Uses != nil:
		b = strconv.AppendInt(append(b, `{"uses_left":`...), int64(*c.Uses-g.Standing.Used), 10)
	default:
		b = append(b, '{')
	}
	return append(b, '}')
}

// appendText writes a JSON string, spelled as encoding/json does.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			spelled, err := json.Marshal(s)
			if err != nil {
				panic(err) // a string is always written
			}
			return append(b, spelled...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// appendName writes what looks like a name, and notAName for what does not.
func appendName(b []byte, s string) []byte {
	if s != "" && (len(s) > 64 || !nameLike(s)) {
		s = notAName
	}
	return appendText(b, s)
}

// nameLike is attributeName.MatchString, many times faster.
func nameLike(s string) bool {
	after := byte('-')
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9' && i > 0:
		case c == '-' && after != '-':
		default:
			return false
		}
		after = c
	}
	return after != '-'
}

func appendList(b []byte, list []string, each func([]byte, string) []byte) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = each(b, s)
	}
	return append(b, ']')
}

func appendKnown(b []byte, list []string) []byte {
	if list == nil {
		return append(b, "null"...)
	}
	return appendList(b, list, appendText)
}
