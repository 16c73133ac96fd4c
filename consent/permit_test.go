package consent_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"coffer/consent"
	"coffer/internal/id"
)

func TestPermit(t *testing.T) {
	g, m := ident[id.Grant]("grant"), ident[id.Message]("message")
	for _, p := range []consent.PermitDocument{
		consent.NewCollectPermit(g, thisHour, consent.LogHead{}),
		consent.NewMessagePermit(g, thisHour, "wallet", m, consent.HashOf("jws")),
	} {
		if got, err := consent.ParsePermit(p.Bytes()); err != nil || got != p {
			t.Errorf("%s: %v", p.Kind, err)
		}
	}
	collect := consent.NewCollectPermit(g, thisHour, consent.LogHead{}).Bytes()
	message := consent.NewMessagePermit(g, thisHour, "wallet", m, consent.HashOf("jws")).Bytes()
	for name, c := range map[string]struct {
		document []byte
		code     consent.Code
	}{
		"later version":      {edit(t, collect, `"v":1`, `"v":2`), consent.WrongVersion},
		"the other's kind":   {edit(t, collect, `"collect"`, `"message"`), consent.Malformed},
		"the other's kind 2": {edit(t, message, `"message"`, `"collect"`), consent.Malformed},
		"keys of both":       {edit(t, message, `"channel"`, `"log":"`+consent.LogHead{}.String()+`","channel"`), consent.Malformed},
		"no grant":           {edit(t, collect, g.String(), id.Grant{}.String()), consent.Malformed},
		"unknown channel":    {edit(t, message, `"wallet"`, `"fax"`), consent.Malformed},
		"negative epoch":     {edit(t, collect, fmt.Sprintf(`"epoch":%d`, thisHour), `"epoch":-1`), consent.Malformed},
		"epoch beyond u32":   {edit(t, collect, fmt.Sprintf(`"epoch":%d`, thisHour), `"epoch":4294967296`), consent.Malformed},
		"cut":                {collect[:len(collect)-1], consent.Malformed},
	} {
		if _, err := consent.ParsePermit(c.document); !errors.Is(err, c.code) {
			t.Errorf("%s: want %s, have %v", name, c.code, err)
		}
	}
}

func TestMessage(t *testing.T) {
	f := newFixture(t)
	m := consent.NewMessage(f.shop.DID, f.person.DID, consent.MessageBody{Grant: f.letter.Grant, Subject: "Parcel", Text: "On Friday.\nCorner Shop"}, now)
	if got, err := consent.ParseMessage(m.Payload(), f.shop.DID); err != nil || string(got.Payload()) != string(m.Payload()) {
		t.Fatal(err)
	}
	if again := consent.NewMessage(f.shop.DID, f.person.DID, m.Body, now); again.ID == m.ID || again.Nonce == m.Nonce {
		t.Error("two messages alike")
	}
	for name, c := range map[string]struct {
		change func(*consent.Message)
		code   consent.Code
	}{
		"from another":    {func(m *consent.Message) { m.From = "did:web:x.example" }, consent.WrongIssuer},
		"from nobody":     {func(m *consent.Message) { m.From = "" }, consent.WrongIssuer},
		"another type":    {func(m *consent.Message) { m.Type = "urn:x" }, consent.Malformed},
		"to nobody":       {func(m *consent.Message) { m.To = nil }, consent.Malformed},
		"to two":          {func(m *consent.Message) { m.To = append(m.To, m.To...) }, consent.Malformed},
		"under no grant":  {func(m *consent.Message) { m.Body.Grant = id.Grant{} }, consent.Malformed},
		"without a text":  {func(m *consent.Message) { m.Body.Text = " " }, consent.Malformed},
		"control in text": {func(m *consent.Message) { m.Body.Text = "\x1b[2J" }, consent.Malformed},
		"too much text":   {func(m *consent.Message) { m.Body.Text = strings.Repeat("x", 16<<10+1) }, consent.Malformed},
	} {
		bad := m
		c.change(&bad)
		if _, err := consent.ParseMessage(bad.Payload(), f.shop.DID); !errors.Is(err, c.code) {
			t.Errorf("%s: want %s, have %v", name, c.code, err)
		}
	}
}

func TestAccessLog(t *testing.T) {
	g := ident[id.Grant]("grant")
	rows := []string{
		consent.NewAccess(g, now, []string{"name", "postal-address"}, []string{"name", "postal-address"}, nil).Row(),
		consent.NewAccess(g, now, []string{"shoe-size"}, nil, &consent.Denial{Reason: consent.NotCovered, What: "shoe-size"}).Row(),
	}
	head := consent.LogHead{}.Next(rows[0]).Next(rows[1])
	log, err := consent.VerifyLog(rows, g, head)
	if err != nil || len(log) != 2 || log[1].Refused != "not-covered" || len(log[1].Given) != 0 {
		t.Fatal(err)
	}
	if _, err := consent.VerifyLog(nil, g, consent.LogHead{}); err != nil {
		t.Errorf("no rows: %v", err)
	}
	for name, bad := range map[string][]string{
		"dropped":   rows[:1],
		"swapped":   {rows[1], rows[0]},
		"rewritten": {rows[0], strings.Replace(rows[1], "not-covered", "", 1)},
		"invented":  append(rows[:2:2], rows[0]),
		"other's":   {rows[0], consent.NewAccess(ident[id.Grant]("other"), now, nil, nil, nil).Row()},
	} {
		if _, err := consent.VerifyLog(bad, g, head); !errors.Is(err, consent.BrokenChain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = consent.VerifyLog([]string{rows[0] + " {}"}, g, head)
	code(t, err, consent.Malformed)
}
