package consent_test

import (
	"errors"
	"testing"
	"time"

	"coffer/consent"
	"coffer/internal/id"
)

func liveGrant() consent.Grant {
	return consent.Grant{ID: ident[id.Grant]("grant"), Business: "did:web:corner.example", Purpose: "https://w3id.org/dpv#DirectMarketing",
		Attributes: []string{"name"}, Channels: []string{"wallet"}, WeeklyCap: 1, Start: thisHour, End: thisHour + 24, State: consent.StateLive}
}

// replaced is a grant whose successor took its place.
func replaced(by consent.ChangeKind) func(*consent.Grant) {
	return func(g *consent.Grant) {
		g.State, g.Change, g.Successor = consent.StateReplaced, by, ident[id.Grant]("next")
	}
}

func TestCheck(t *testing.T) {
	const mine = consent.DID("did:web:corner.example")
	collect := consent.Need{Business: mine, Attribute: "name", Permitted: true}
	for name, c := range map[string]struct {
		change func(*consent.Grant)
		at     time.Time
		need   consent.Need
		want   error // nil: yes
	}{
		"collecting":               {nil, now, collect, nil},
		"sending":                  {nil, now, consent.Need{Business: mine, Channel: "wallet", Permitted: true}, nil},
		"only asking":              {nil, now, consent.Need{Business: mine}, nil},
		"first moment":             {nil, thisHour.Time(), collect, nil},
		"last moment":              {nil, (thisHour + 24).Time().Add(-1), collect, nil},
		"over":                     {nil, (thisHour + 24).Time(), collect, consent.GrantExpired},
		"not yet":                  {nil, thisHour.Time().Add(-1), collect, consent.NotStarted},
		"another attribute":        {nil, now, consent.Need{Business: mine, Attribute: "email", Permitted: true}, consent.NotCovered},
		"another channel":          {nil, now, consent.Need{Business: mine, Channel: "e-mail", Permitted: true}, consent.NotCovered},
		"collecting, no permit":    {nil, now, consent.Need{Business: mine, Attribute: "name"}, consent.NoPermit},
		"sending, no permit":       {nil, now, consent.Need{Business: mine, Channel: "wallet"}, consent.NoPermit},
		"another business":         {nil, now, consent.Need{Business: "did:web:x.example", Attribute: "name", Permitted: true}, consent.ErrNotFound},
		"nobody":                   {func(g *consent.Grant) { g.Business = "" }, now, collect, consent.ErrNotFound},
		"no grant":                 {func(g *consent.Grant) { g.ID = id.Grant{} }, now, collect, consent.ErrNotFound},
		"not anchored":             {func(g *consent.Grant) { g.State = consent.StateAnchoring }, now, collect, consent.NotAnchored},
		"withdrawn":                {func(g *consent.Grant) { g.State = consent.StateWithdrawn }, now, collect, consent.Withdrawn},
		"withdrawn, then over":     {func(g *consent.Grant) { g.State = consent.StateWithdrawn }, now.Add(1000 * time.Hour), collect, consent.Withdrawn},
		"terminated":               {func(g *consent.Grant) { g.State = consent.StateTerminated }, now, collect, consent.Terminated},
		"erased looks withdrawn":   {func(g *consent.Grant) { g.State = consent.StateErased }, now, collect, consent.Withdrawn},
		"paused":                   {func(g *consent.Grant) { g.State = consent.StatePaused }, now, collect, consent.Paused},
		"paused, then over":        {func(g *consent.Grant) { g.State = consent.StatePaused }, now.Add(25 * time.Hour), collect, consent.GrantExpired},
		"narrowed":                 {replaced(consent.ChangeNarrowed), now, collect, consent.Narrowed},
		"shortened":                {replaced(consent.ChangeShortened), now, collect, consent.Narrowed},
		"renewed":                  {replaced(consent.ChangeRenewed), now, collect, consent.Replaced},
		"resumed":                  {replaced(consent.ChangeResumed), now, collect, consent.Replaced},
		"merged":                   {replaced(consent.ChangeMerged), now, collect, consent.Replaced},
		"renewed, and long ago":    {replaced(consent.ChangeRenewed), now.Add(25 * time.Hour), collect, consent.Replaced},
		"narrowed, other's grant":  {replaced(consent.ChangeNarrowed), now, consent.Need{Business: "did:web:x.example"}, consent.ErrNotFound},
		"a state of another time":  {func(g *consent.Grant) { g.State = "lent" }, now, collect, consent.ErrNotFound},
		"no state":                 {func(g *consent.Grant) { g.State = "" }, now, collect, consent.ErrNotFound},
		"withdrawn, other's grant": {func(g *consent.Grant) { g.State = consent.StateWithdrawn }, now, consent.Need{Business: "did:web:x.example"}, consent.ErrNotFound},
	} {
		g := liveGrant()
		if c.change != nil {
			c.change(&g)
		}
		err := consent.Check(g, c.at, c.need)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: want %v, have %v", name, c.want, err)
		}
		if d := consent.DenialOf(err); d != nil && d.Successor != g.Successor {
			t.Errorf("%s: sends the business to %s", name, d.Successor)
		}
	}
	if !liveGrant().Live(now) || liveGrant().Live(now.Add(25*time.Hour)) {
		t.Error("Live disagrees with Check")
	}
}

func TestDenied(t *testing.T) {
	if err := consent.Denied(consent.Ruling{Allow: true}); err != nil {
		t.Error(err)
	}
	err := consent.Denied(consent.Ruling{Reasons: []consent.Reason{{ID: "minor", Title: "Nothing of marketing to children"}}})
	if !errors.Is(err, consent.ByPolicy) || errors.Is(err, consent.Withdrawn) || consent.DenialOf(err).What != "Nothing of marketing to children" {
		t.Error(err)
	}
	if err := consent.Denied(consent.Ruling{}); !errors.Is(err, consent.ByPolicy) {
		t.Errorf("no ruling allows: %v", err)
	}
}
