package business

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"time"

	"coffer/consent"
	"coffer/consent/audit"
	"coffer/internal/id"
)

// Ask is what a request is made of, beside the profile.
type Ask struct {
	Purposes  []consent.Asked
	Template  string            // instead of Purposes: the template whose latest version is asked, word for word
	Only      []string          // of a template: the purposes to ask; nil asks all
	Replaces  *consent.Replaces // grants of one shopper that the answer takes the place of; that wallet shows it without a link
	ReturnURL string            // under the profile's URL; where the wallet leads back to
	Redirect  string            // likewise, for OAuth: the browser comes back there with a code, for Returned
	Open      time.Duration     // how long it waits for an answer; 0 is a day, at most consent.MaxOpen
	Reference string            // the business's own word for it, such as an order; never sent
}

// Asked is a request that the operator has.
type Asked struct {
	ID      id.Request
	Link    string // what the shopper opens, or scans
	Expires consent.Unix
}

// RequestState is what became of a request.
type RequestState string

const (
	RequestOpen     RequestState = "open"
	RequestAnswered RequestState = "answered"
	RequestExpired  RequestState = "expired"
)

// Status is what became of a request, purpose by purpose once it is answered.
type Status struct {
	ID        id.Request
	Reference string
	State     RequestState
	Purposes  []Outcome

	AskAgain time.Duration // how long the operator wants to be left alone; 0 if it does not say
}

// Outcome is the answer to one purpose.
type Outcome struct {
	ID    string   `json:"id"` // the request's name for the purpose
	Given bool     `json:"given"`
	Grant id.Grant `json:"grant,omitzero"` // when given

	Partners []PartnerOutcome `json:"partners,omitempty"` // of a purpose that was given and names partners
}

// PartnerOutcome is whether a partner was given to.
type PartnerOutcome struct {
	DID   consent.DID `json:"did"`
	Given bool        `json:"given"`
	Grant id.Grant    `json:"grant,omitzero"` // the partner's own
}

// requestFile is requests/<id>.json.
type requestFile struct {
	V         int          `json:"v"`
	Reference string       `json:"reference,omitempty"`
	JWS       string       `json:"jws"`
	Link      string       `json:"link,omitempty"`
	State     RequestState `json:"state"`
	Purposes  []Outcome    `json:"purposes,omitempty"`
	Redirect  *redirect    `json:"redirect,omitempty"` // until the browser is back

	Cosignatures []string `json:"cosignatures,omitempty"`
	Partner      bool     `json:"partner,omitempty"` // another business's, which names this one
}

// Request signs a request and hands it to the operator. The request is in the
// folder and in the trail before it is sent; when Request returns, the link works. One
// that names joint partners needs their co-signatures: Draft it, and SendDraft then.
func (b *Business) Request(ctx context.Context, ask Ask) (Asked, error) {
	d, err := b.Draft(ctx, ask)
	if err != nil {
		return Asked{}, err
	}
	return b.SendDraft(ctx, d)
}

// Draft signs a request and keeps it, and sends nothing.
func (b *Business) Draft(ctx context.Context, ask Ask) (Draft, error) {
	now, p := b.now(), b.profile
	if ask.Open == 0 {
		ask.Open = 24 * time.Hour
	}
	q := consent.Request{
		ID: id.New[id.Request](), Iss: b.keys.did, Aud: p.Operator,
		Iat: consent.UnixAt(now), Exp: consent.UnixAt(now.Add(ask.Open)), Nonce: consent.NewNonce(),
		Controller:    p.controller(),
		Jurisdictions: p.Jurisdictions, Language: p.Language, NoticeVersion: p.NoticeVersion,
		AgreementKey: b.keys.agreementKey(), ReturnURL: ask.ReturnURL, Purposes: ask.Purposes, Replaces: ask.Replaces,
	}
	if ask.Template != "" {
		t, err := b.fromTemplate(ctx, ask)
		if err != nil {
			return Draft{}, err
		}
		q.Template, q.Controller, q.Jurisdictions, q.Language, q.NoticeVersion, q.Purposes = t.Ref(), t.Controller, t.Jurisdictions, t.Language, t.NoticeVersion, t.Purposes
	}
	payload := q.Payload()
	// The operator would refuse the same; here the place is named before anything
	// is signed. What the catalogue allows is the operator's to say.
	rules := consent.ParseRules{Issuer: q.Iss, Audience: q.Aud, Now: now, Registered: p.Purposes}
	if _, err := consent.ParseRequest(payload, rules); err != nil {
		return Draft{}, fmt.Errorf("checking the request: %w", err)
	}
	jws, err := b.keys.signer.SignJWS(consent.TypeRequest, payload)
	if err != nil {
		return Draft{}, fmt.Errorf("signing the request: %w", err)
	}
	file := requestFile{V: 1, Reference: ask.Reference, JWS: jws, State: RequestOpen, Redirect: newRedirect(ask.Redirect)}
	if err := b.folder.write(file, "requests", q.ID.String()+".json"); err != nil {
		return Draft{}, fmt.Errorf("keeping the request: %w", err)
	}
	return Draft{V: 1, Request: jws, Cosignatures: []string{}}, nil
}

// SendDraft hands a drafted request to the operator. ErrNotFound for one that is not drafted
// here.
func (b *Business) SendDraft(ctx context.Context, d Draft) (Asked, error) {
	trail, _, err := b.ready(ctx)
	if err != nil {
		return Asked{}, err
	}
	q, err := consent.OpenRequest(ctx, b.agent, d.Request, consent.ParseRules{Issuer: b.keys.did, Audience: b.profile.Operator, Now: b.now()})
	if err == nil {
		err = q.Cosigned(ctx, b.agent, d.Cosignatures)
	}
	if err != nil {
		return Asked{}, fmt.Errorf("checking the request: %w", err)
	}
	file, err := b.readRequest(q.ID)
	if err == nil && file.JWS != d.Request {
		err = ErrNotFound
	}
	if err != nil {
		return Asked{}, fmt.Errorf("sending a request: %w", err)
	}
	file.Cosignatures = d.Cosignatures
	if err := trail.Append(audit.Request{JWS: q.JWS, Cosignatures: d.Cosignatures}); err != nil {
		return Asked{}, err
	}
	var answer struct {
		Link string `json:"link"`
	}
	if file.Redirect != nil {
		answer.Link, err = b.push(ctx, q.ID, file)
	} else {
		body := map[string]any{"request": q.JWS}
		if len(d.Cosignatures) > 0 {
			body["cosignatures"] = d.Cosignatures
		}
		err = b.client.call(ctx, http.MethodPost, "/business/v1/requests", body, &answer)
	}
	if again := (*Problem)(nil); errors.As(err, &again) && again.Status == http.StatusConflict {
		// An attempt whose answer was lost had arrived: the id is ours alone.
		answer.Link, err = b.profile.Operator+"/r/"+q.ID.String(), nil
	}
	if err != nil {
		return Asked{}, fmt.Errorf("asking: %w", err)
	}
	file.Link = answer.Link
	if err := b.folder.write(file, "requests", q.ID.String()+".json"); err != nil {
		return Asked{}, fmt.Errorf("keeping the request: %w", err)
	}
	return Asked{ID: q.ID, Link: answer.Link, Expires: q.Exp}, nil
}

// Status asks the operator what became of a request, and notes the grants that
// were given. ErrNotFound when it is no request of this business.
func (b *Business) Status(ctx context.Context, r id.Request) (Status, error) {
	file, err := b.readRequest(r)
	if err != nil {
		return Status{}, err
	}
	var answer statusAnswer
	if err := b.client.call(ctx, http.MethodGet, "/business/v1/requests/"+r.String(), nil, &answer); err != nil {
		return Status{}, fmt.Errorf("reading a request: %w", denial(err))
	}
	file.State, file.Purposes = answer.Status, nil
	for _, p := range answer.Purposes {
		o := Outcome{ID: p.ID, Given: p.Outcome == "given" && !p.Grant.IsZero()}
		if o.Given {
			o.Grant = p.Grant
		}
		for _, to := range p.Partners {
			o.Partners = append(o.Partners, PartnerOutcome{DID: to.DID, Given: to.Outcome == "given", Grant: to.Grant})
		}
		if answer.Status == RequestAnswered {
			file.Purposes = append(file.Purposes, o)
		}
	}
	if err := b.folder.write(file, "requests", r.String()+".json"); err != nil {
		return Status{}, fmt.Errorf("keeping a request: %w", err)
	}
	return Status{ID: r, Reference: file.Reference, State: file.State, Purposes: file.Purposes, AskAgain: answer.again}, nil
}

type statusAnswer struct {
	Status   RequestState `json:"status"`
	Purposes []struct {
		ID      string   `json:"id"`
		Outcome string   `json:"outcome"`
		Grant   id.Grant `json:"grant"`

		Partners []struct {
			DID     consent.DID `json:"did"`
			Outcome string      `json:"outcome"`
			Grant   id.Grant    `json:"grant"`
		} `json:"partners"`
	} `json:"purposes"`

	again time.Duration
}

func (a *statusAnswer) patience(d time.Duration) { a.again = d }

func (b *Business) readRequest(r id.Request) (requestFile, error) {
	var file requestFile
	err := b.folder.read(&file, "requests", r.String()+".json")
	if errors.Is(err, fs.ErrNotExist) {
		return requestFile{}, fmt.Errorf("reading a request: %w", ErrNotFound)
	}
	return file, err
}

// ownRequest is the request as it was signed, parsed as an auditor would.
func (b *Business) ownRequest(ctx context.Context, r id.Request) (consent.Request, error) {
	file, err := b.readRequest(r)
	if err != nil {
		return consent.Request{}, err
	}
	return consent.OpenRequest(ctx, b.agent, file.JWS, consent.ParseRules{Issuer: b.keys.did, Audience: b.profile.Operator})
}

// ReadPurposes reads what to ask from a file: {"v":1,"purposes":[…]} as in a
// request. An unknown or missing key is an error.
func ReadPurposes(path string) ([]consent.Asked, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		V        int             `json:"v"`
		Purposes []consent.Asked `json:"purposes"`
	}
	if err := consent.ParseStrict(b, &file); err != nil {
		return nil, fmt.Errorf("reading purposes %s: %w", path, err)
	}
	if file.V != 1 {
		return nil, fmt.Errorf("reading purposes %s: version %d, this program knows 1", path, file.V)
	}
	return file.Purposes, nil
}
