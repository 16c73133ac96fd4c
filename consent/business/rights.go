package business

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/audit"
	"coffer/internal/id"
	"coffer/vault/seal"
)

// ErrNoMoreTime says that the law gives no more time: the right has no extension, or
// its first due day is over.
var ErrNoMoreTime = errors.New("the law gives no more time; answer it")

// ErrAnswered says that the rights request was answered before.
var ErrAnswered = errors.New("answered already")

// RightsCase is rights/<id>.json: a rights request and what the business did with it.
// It stays when the shopper erases the vault: for the business to keep or delete under
// its own duties.
type RightsCase struct {
	V     int                 `json:"v"`
	ID    id.Rights           `json:"rights"`
	JWS   string              `json:"jws"` // as the shopper signed it; "" if it does not stand
	Times consent.RightsTimes `json:"times"`
	// Refused is why it does not stand: not signed by the shopper behind the grants it
	// names, or not meant for this business.
	Refused string `json:"refused,omitempty"`
	// Erased: the operator no longer has it, since the shopper erased the vault. Nobody
	// waits for an answer.
	Erased  bool          `json:"erased,omitempty"`
	Replies []rightsReply `json:"replies"`

	// Noted says that the trail has it; ForgottenNoted, that it has its end with the vault.
	Noted          bool `json:"noted,omitempty"`
	ForgottenNoted bool `json:"forgotten_noted,omitempty"`

	Request consent.RightsRequest `json:"-"` // read from the JWS
}

type rightsReply struct {
	Step   consent.RightsStep `json:"step"`
	JWS    string             `json:"jws"`
	Sealed string             `json:"sealed"`
	Taken  bool               `json:"taken"`           // the operator has it
	Noted  bool               `json:"noted,omitempty"` // the trail has it
}

// noteRights writes into the trail what it does not have of the rights requests that
// stand. The caller holds them.
func (b *Business) noteRights(ctx context.Context) error {
	all, err := b.Rights()
	for _, c := range all {
		if err == nil && c.Stands() {
			err = b.noteCase(ctx, c)
		}
	}
	if err != nil {
		return fmt.Errorf("noting a rights request: %w", err)
	}
	return nil
}

func (b *Business) noteCase(ctx context.Context, c RightsCase) error {
	var lines []audit.Line
	if !c.Noted {
		lines, c.Noted = append(lines, audit.Rights{Rights: c.ID, JWS: c.JWS, Sent: c.Times.Sent}), true
	}
	for i, r := range c.Replies {
		if !r.Taken || r.Noted {
			continue
		}
		at := map[consent.RightsStep]consent.Unix{
			consent.RightsAcknowledged: c.Times.Acknowledged, consent.RightsExtended: c.Times.Extended, consent.RightsAnswered: c.Times.Answered,
		}[r.Step]
		lines, c.Replies[i].Noted = append(lines, audit.Reply{Rights: c.ID, JWS: r.JWS, Taken: at}), true
	}
	if c.Erased && !c.ForgottenNoted {
		lines, c.ForgottenNoted = append(lines, audit.Forgotten{Rights: c.ID, Time: consent.UnixAt(b.now())}), true
	}
	if len(lines) == 0 {
		return nil
	}
	trail, _, err := b.ready(ctx)
	if err != nil {
		return err
	}
	if err := trail.Append(lines...); err != nil {
		return err
	}
	return b.keepRights(c)
}

// State is where it stands.
func (c RightsCase) State(at time.Time) consent.RightsState { return c.Request.State(c.Times, at) }

// Due is the day by whose end the answer is due (UTC).
func (c RightsCase) Due() time.Time { return c.Request.Due(c.Times) }

// Stands reports whether a shopper of this business signed it.
func (c RightsCase) Stands() bool { return c.Refused == "" }

// Open reports whether the shopper waits for an answer.
func (c RightsCase) Open() bool { return c.Stands() && !c.Erased && c.Times.Answered == 0 }

type rightsAnswer struct {
	Rights       id.Rights    `json:"rights"`
	Sent         consent.Unix `json:"sent"`
	Acknowledged consent.Unix `json:"acknowledged"`
	Extended     consent.Unix `json:"extended"`
	Answered     consent.Unix `json:"answered"`
	Sealed       string       `json:"sealed"`
}

func (a rightsAnswer) times() consent.RightsTimes {
	return consent.RightsTimes{Sent: a.Sent, Acknowledged: a.Acknowledged, Extended: a.Extended, Answered: a.Answered}
}

// SyncRights fetches the rights requests that are new, opens and verifies them, and
// sends replies again that the operator may not have. Poll does it on its own.
func (b *Business) SyncRights(ctx context.Context) error {
	b.rights.Lock()
	defer b.rights.Unlock()
	there := map[id.Rights]bool{}
	for after := ""; ; {
		var page struct {
			Rights []rightsAnswer `json:"rights"`
			Next   string         `json:"next"`
		}
		err := b.client.call(ctx, http.MethodGet, "/business/v1/rights?after="+url.QueryEscape(after), nil, &page)
		if err != nil {
			return fmt.Errorf("asking for rights requests: %w", err)
		}
		for _, a := range page.Rights {
			there[a.Rights] = true
			if err := b.syncRights(ctx, a); err != nil {
				return err
			}
		}
		if page.Next == "" || page.Next == after {
			break
		}
		after = page.Next
	}
	all, err := b.Rights()
	for _, c := range all {
		if !there[c.ID] && !c.Erased {
			c.Erased = true
			err = errors.Join(err, b.keepRights(c))
		}
	}
	if nerr := b.noteRights(ctx); nerr != nil { // the next one writes it
		b.log.Info("a rights request is not in the trail yet", "error", nerr)
	}
	return err
}

// forgetRights learns that the vault behind a grant is erased, if somebody still waits
// for an answer under it.
func (b *Business) forgetRights(ctx context.Context, g id.Grant) error {
	all, err := b.Rights()
	if err != nil || !slices.ContainsFunc(all, func(c RightsCase) bool { return c.Open() && slices.Contains(c.Request.Grants, g) }) {
		return err
	}
	return b.SyncRights(ctx)
}

func (b *Business) syncRights(ctx context.Context, a rightsAnswer) error {
	c, err := b.rightsCase(a.Rights)
	if errors.Is(err, ErrNotFound) {
		return b.takeRights(ctx, a.Rights)
	}
	if err != nil {
		return err
	}
	if c.Times != a.times() {
		c.Times = a.times()
		if err := b.keepRights(c); err != nil {
			return err
		}
	}
	_, err = b.sendReplies(ctx, c)
	return err
}

// takeRights opens a new rights request. One that does not stand is kept as that.
func (b *Business) takeRights(ctx context.Context, name id.Rights) error {
	var a rightsAnswer
	if err := b.client.call(ctx, http.MethodGet, "/business/v1/rights/"+name.String(), nil, &a); err != nil {
		if errors.Is(denial(err), ErrNotFound) {
			return nil // erased in between
		}
		return fmt.Errorf("reading a rights request: %w", err)
	}
	c := RightsCase{V: 1, ID: name, Times: a.times(), Replies: []rightsReply{}}
	q, err := b.openRights(ctx, a)
	switch {
	case err == nil && q.ID == name:
		c.JWS = q.JWS
	case err == nil:
		c.Refused = string(consent.WrongRights)
	case passing(err) || ctx.Err() != nil:
		return err
	case consent.CodeOf(err) != "":
		c.Refused = string(consent.CodeOf(err))
	default:
		c.Refused = "cannot-open"
	}
	if !c.Stands() {
		b.log.Warn("a rights request does not stand", "rights", name, "code", c.Refused)
	}
	return b.keepRights(c)
}

// openRights opens a rights request and holds it against this business, the moment
// at which the operator took it, and the receipts of the grants that it names.
func (b *Business) openRights(ctx context.Context, a rightsAnswer) (consent.RightsRequest, error) {
	none := consent.RightsRequest{}
	jws, err := seal.OpenEnvelope(b.keys.agreement, consent.TypeSealedRights, a.Sealed)
	if err != nil {
		return none, err
	}
	q, err := agent.VerifyRights(string(jws))
	if err != nil {
		return none, err
	}
	if err := q.Arrives(b.keys.did, b.profile.Operator, a.Sent); err != nil {
		return none, err
	}
	var away error
	err = q.From(func(g id.Grant) (consent.Receipt, bool) {
		r, err := b.receiptOf(ctx, g)
		if err != nil && passing(err) {
			away = err
		}
		return r, err == nil
	})
	if away != nil {
		return none, away
	}
	return q, err
}

// receiptOf is the verified receipt of a grant: the one in the folder, or for a grant
// that ended before its letter was opened the one in that letter.
func (b *Business) receiptOf(ctx context.Context, g id.Grant) (consent.Receipt, error) {
	grant, err := b.Grant(g)
	if err == nil {
		return agent.VerifyReceipt(grant.Receipt)
	}
	if !errors.Is(err, ErrNotFound) {
		return consent.Receipt{}, err
	}
	_, set, err := b.ready(ctx)
	if err != nil {
		return consent.Receipt{}, err
	}
	answer, err := b.askGrant(ctx, g)
	if err != nil {
		return consent.Receipt{}, err
	}
	_, receipt, err := b.verifyLetter(ctx, set, g, answer)
	return receipt, err
}

// Rights returns the rights requests in the folder: those that wait for an answer
// first, the one due soonest before the others.
func (b *Business) Rights() ([]RightsCase, error) {
	names, err := b.folder.names("rights")
	if err != nil {
		return nil, err
	}
	var all []RightsCase
	for _, name := range names {
		i, err := id.Parse[id.Rights](name)
		if err != nil {
			return nil, fmt.Errorf("reading rights requests: %s.json is not named by one; move it away", name)
		}
		c, err := b.rightsCase(i)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	open := func(c RightsCase) int {
		if c.Open() {
			return 0
		}
		return 1
	}
	slices.SortFunc(all, func(a, b RightsCase) int {
		if d := open(a) - open(b); d != 0 {
			return d
		}
		return a.Due().Compare(b.Due())
	})
	return all, nil
}

// RightsCase returns one of them; ErrNotFound.
func (b *Business) RightsCase(name id.Rights) (RightsCase, error) { return b.rightsCase(name) }

func (b *Business) rightsCase(name id.Rights) (RightsCase, error) {
	var c RightsCase
	err := b.folder.read(&c, "rights", name.String()+".json")
	if errors.Is(err, fs.ErrNotExist) {
		return RightsCase{}, fmt.Errorf("reading a rights request: %w", ErrNotFound)
	}
	if err == nil && c.Stands() {
		c.Request, err = agent.VerifyRights(c.JWS)
	}
	return c, err
}

func (b *Business) keepRights(c RightsCase) error {
	if err := b.folder.write(c, "rights", c.ID.String()+".json"); err != nil {
		return fmt.Errorf("keeping a rights request: %w", err)
	}
	return nil
}

// ReplyRights replies to a rights request: acknowledges it, says why it takes longer,
// or answers it with an outcome. The reply is signed and sealed for the shopper, on
// disk before it is sent; one whose delivery was not acknowledged is sent again as it
// was. ErrAnswered, ErrNoMoreTime, ErrNotFound (also when the vault is erased), a
// *consent.Refusal when a reason is missing.
func (b *Business) ReplyRights(ctx context.Context, name id.Rights, step consent.RightsStep, outcome consent.RightsOutcome, text string) (RightsCase, error) {
	b.rights.Lock()
	defer b.rights.Unlock()
	c, err := b.rightsCase(name)
	if err != nil {
		return c, err
	}
	if !c.Stands() {
		return c, fmt.Errorf("replying to a rights request: it does not stand: %s", c.Refused)
	}
	if c.Erased {
		return c, fmt.Errorf("replying to a rights request: %w", ErrNotFound)
	}
	if c.Times.Answered > 0 {
		return c, ErrAnswered
	}
	now := b.now()
	if step == consent.RightsExtended && (!c.Request.Extendable() || c.Times.Extended == 0 && !now.Before(c.Due().AddDate(0, 0, 1))) {
		return c, ErrNoMoreTime
	}
	if !slices.ContainsFunc(c.Replies, func(r rightsReply) bool { return r.Step == step }) {
		reply, err := b.newReply(c.Request, step, outcome, text, now)
		if err != nil {
			return c, fmt.Errorf("replying to a rights request: %w", err)
		}
		c.Replies = append(c.Replies, reply)
		if err := b.keepRights(c); err != nil {
			return c, err
		}
	}
	c, err = b.sendReplies(ctx, c)
	if nerr := b.noteCase(ctx, c); nerr != nil {
		b.log.Info("a rights request is not in the trail yet", "error", nerr)
	}
	return c, err
}

func (b *Business) newReply(q consent.RightsRequest, step consent.RightsStep, outcome consent.RightsOutcome, text string, now time.Time) (rightsReply, error) {
	payload := consent.NewRightsReply(q, step, outcome, text, now).Payload()
	if _, err := consent.ParseRightsReply(payload, b.keys.did); err != nil {
		return rightsReply{}, err
	}
	jws, err := b.keys.signer.SignJWS(consent.TypeReply, payload)
	if err != nil {
		return rightsReply{}, err
	}
	to, err := q.AgreementKey.Public()
	if err != nil {
		return rightsReply{}, err
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), to.Bytes())
	if err != nil {
		return rightsReply{}, err
	}
	sealed, err := seal.SealEnvelope(key, consent.TypeSealedRights, []byte(jws))
	return rightsReply{Step: step, JWS: jws, Sealed: sealed}, err
}

var rightsPaths = map[consent.RightsStep]string{
	consent.RightsAcknowledged: "acknowledge", consent.RightsExtended: "extend", consent.RightsAnswered: "answer",
}

// sendReplies sends what the operator may not have. One that it refuses for good is
// dropped: it never reached the shopper.
func (b *Business) sendReplies(ctx context.Context, c RightsCase) (RightsCase, error) {
	for i := 0; i < len(c.Replies); i++ {
		if c.Replies[i].Taken {
			continue
		}
		var a rightsAnswer
		path := "/business/v1/rights/" + c.ID.String() + "/" + rightsPaths[c.Replies[i].Step]
		err := b.client.call(ctx, http.MethodPost, path, map[string]string{"sealed": c.Replies[i].Sealed}, &a)
		if err != nil && (passing(err) || ctx.Err() != nil) {
			return c, fmt.Errorf("replying to a rights request: %w", err)
		}
		if err != nil {
			c.Replies = slices.Delete(c.Replies, i, i+1)
			return c, errors.Join(fmt.Errorf("replying to a rights request: %w", denial(err)), b.keepRights(c))
		}
		c.Replies[i].Taken, c.Times = true, a.times()
		if err := b.keepRights(c); err != nil {
			return c, err
		}
	}
	return c, nil
}
