package business

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"

	"coffer/consent"
	"coffer/internal/id"
)

// ErrSameTemplate says that the latest version of a template says all this already.
var ErrSameTemplate = errors.New("the latest version says the same; nothing was registered")

// Registered is a version of a template that the operator has, and what it means for the
// grants that stand.
type Registered struct {
	Version     int
	Differences []consent.Difference // to the version before; none for the first
	Material    bool                 // whether any of them needs the shoppers' consent anew
	Older       int                  // grants that stand under older versions
	Behind      int                  // those of them that need consent anew: see AskAgain
}

// templateFile is templates/<name>.json: the signed versions, the first one first.
type templateFile struct {
	V        int      `json:"v"`
	Versions []string `json:"versions"`
}

// RegisterTemplate signs the next version of a template, made of the profile and the
// purposes, and registers it. What stands under an older version stays as it is; if the
// new one asks materially more, AskAgain asks those shoppers.
// ErrSameTemplate.
func (b *Business) RegisterTemplate(ctx context.Context, name string, purposes []consent.Asked) (Registered, error) {
	versions, err := b.syncTemplate(ctx, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Registered{}, err
	}
	now, p := b.now(), b.profile
	t := consent.Template{
		Name: name, Version: len(versions) + 1, Iss: b.keys.did, Aud: p.Operator, Iat: consent.UnixAt(now), Controller: p.controller(),
		Jurisdictions: p.Jurisdictions, Language: p.Language, NoticeVersion: p.NoticeVersion, Purposes: purposes,
	}
	if n := len(versions); n > 0 && len(consent.Differences(versions[n-1].Asks(), t.Asks())) == 0 {
		return Registered{}, ErrSameTemplate
	}
	payload := t.Payload()
	rules := consent.ParseRules{Issuer: t.Iss, Audience: t.Aud, Now: now, Registered: p.Purposes}
	if _, err := consent.ParseTemplate(payload, rules); err != nil {
		return Registered{}, fmt.Errorf("checking the template: %w", err)
	}
	if t.JWS, err = b.keys.signer.SignJWS(consent.TypeTemplate, payload); err != nil {
		return Registered{}, fmt.Errorf("signing the template: %w", err)
	}
	var answer struct {
		Version     int                  `json:"version"`
		Differences []consent.Difference `json:"differences"`
		Material    bool                 `json:"material"`
		Older       int                  `json:"older"`
		Behind      int                  `json:"behind"`
	}
	if err := b.client.call(ctx, http.MethodPost, "/business/v1/templates", map[string]string{"template": t.JWS}, &answer); err != nil {
		return Registered{}, fmt.Errorf("registering the template: %w", err)
	}
	if err := b.keepTemplate(name, append(versions, t)); err != nil {
		return Registered{}, err
	}
	return Registered(answer), nil
}

func (p Profile) controller() consent.Controller {
	return consent.Controller{Name: p.Name, Address: p.Address, Contact: p.Contact, DPO: p.DPO, Authority: p.Authority, PrivacyNotice: p.PrivacyNotice, URL: p.URL}
}

func (b *Business) keepTemplate(name string, versions []consent.Template) error {
	file := templateFile{V: 1}
	for _, t := range versions {
		file.Versions = append(file.Versions, t.JWS)
	}
	if err := b.folder.write(file, "templates", name+".json"); err != nil {
		return fmt.Errorf("keeping a template: %w", err)
	}
	return nil
}

// syncTemplate reads the versions of a template from the folder, and those that another
// machine registered from the operator; all are this business's own, as signed.
func (b *Business) syncTemplate(ctx context.Context, name string) ([]consent.Template, error) {
	var file templateFile
	if err := b.folder.read(&file, "templates", name+".json"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	list, err := b.Template(ctx, name)
	if err != nil {
		return nil, err
	}
	known := len(file.Versions)
	for n := known + 1; n <= len(list); n++ {
		var answer struct {
			Template string `json:"template"`
		}
		if err := b.client.call(ctx, http.MethodGet, fmt.Sprintf("%s/%d", templatePath(name), n), nil, &answer); err != nil {
			return nil, fmt.Errorf("reading a template: %w", denial(err))
		}
		file.Versions = append(file.Versions, answer.Template)
	}
	var all []consent.Template
	for i, jws := range file.Versions {
		t, err := consent.OpenTemplate(ctx, b.agent, jws, consent.ParseRules{Audience: b.profile.Operator})
		if err == nil && (t.Iss != b.keys.did || t.Name != name || t.Version != i+1 || i >= len(list) || t.Hash() != list[i].Hash) {
			err = errors.New("the operator has another one than was signed here")
		}
		if err != nil {
			return nil, fmt.Errorf("reading template %s, version %d: %w", name, i+1, err)
		}
		all = append(all, t)
	}
	if len(all) > known {
		return all, b.keepTemplate(name, all)
	}
	return all, nil
}

func templatePath(name string) string { return "/business/v1/templates/" + url.PathEscape(name) }

// Templates are the business's templates, each with its latest version.
func (b *Business) Templates(ctx context.Context) (map[string]int, error) {
	var answer struct {
		Templates map[string]int `json:"templates"`
	}
	if err := b.client.call(ctx, http.MethodGet, "/business/v1/templates", nil, &answer); err != nil {
		return nil, fmt.Errorf("listing templates: %w", err)
	}
	return answer.Templates, nil
}

// TemplateVersion is one version of a template, and what it says differently from the
// one before.
type TemplateVersion struct {
	Version     int                  `json:"version"`
	Hash        consent.Hash         `json:"hash"`
	Issued      consent.Unix         `json:"issued"`
	Material    bool                 `json:"material"`
	Differences []consent.Difference `json:"differences"`
}

// Template lists the versions of a template, the first one first. ErrNotFound.
func (b *Business) Template(ctx context.Context, name string) ([]TemplateVersion, error) {
	var answer struct {
		Versions []TemplateVersion `json:"versions"`
	}
	if err := b.client.call(ctx, http.MethodGet, templatePath(name), nil, &answer); err != nil {
		return nil, fmt.Errorf("reading a template: %w", denial(err))
	}
	return answer.Versions, nil
}

// TemplateText is one version of a template, signed by this business; 0 is the latest.
// ErrNotFound.
func (b *Business) TemplateText(ctx context.Context, name string, version int) (consent.Template, error) {
	all, err := b.syncTemplate(ctx, name)
	if err == nil && (version < 0 || version > len(all) || len(all) == 0) {
		err = fmt.Errorf("reading a template: %w", ErrNotFound)
	}
	if err != nil {
		return consent.Template{}, err
	}
	if version == 0 {
		version = len(all)
	}
	return all[version-1], nil
}

// Behind is a grant that the latest version of its template asks materially more of.
type Behind struct {
	Grant   id.Grant   `json:"grant"`
	Request id.Request `json:"request"`
	Purpose string     `json:"purpose_id"`
	Version int        `json:"version"` // under which it stands
	Asked   *struct {
		Request id.Request   `json:"request"`
		State   RequestState `json:"status"` // answered: the shopper refused, and the grant stands as it was given
	} `json:"asked"` // the newest request for it by the latest version; nil while there is none
}

// Behind lists the grants that need consent anew under the latest version. ErrNotFound.
func (b *Business) Behind(ctx context.Context, name string) (all []Behind, err error) {
	for after := ""; ; {
		var answer struct {
			Grants []Behind `json:"grants"`
			Next   string   `json:"next"`
		}
		path := templatePath(name) + "/behind?after=" + url.QueryEscape(after)
		if err := b.client.call(ctx, http.MethodGet, path, nil, &answer); err != nil {
			return nil, fmt.Errorf("looking for grants behind: %w", denial(err))
		}
		all = append(all, answer.Grants...)
		if after = answer.Next; after == "" {
			return all, nil
		}
	}
}

// Again is one shopper who was asked again.
type Again struct {
	Asked
	Reference string     // of the request whose grants it would replace
	Grants    []id.Grant // that it would replace
}

// AskAgain asks every shopper whose grants are Behind, each once by the latest version
// and only for the purposes that are behind. The shopper's wallet shows the request
// without a link, with what differs first; until it is answered, and if it is refused,
// what was given stands. Who was asked already is left alone, also after a refusal; who
// let the request expire is asked again. Done twice, it asks nobody twice.
func (b *Business) AskAgain(ctx context.Context, name string, ask Ask) ([]Again, error) {
	behind, err := b.Behind(ctx, name)
	if err != nil {
		return nil, err
	}
	var order []id.Request
	of := map[id.Request][]Behind{}
	for _, g := range behind {
		if g.Asked != nil && g.Asked.State != RequestExpired {
			continue
		}
		if of[g.Request] == nil {
			order = append(order, g.Request)
		}
		of[g.Request] = append(of[g.Request], g)
	}
	var out []Again
	for _, r := range order {
		again := Again{}
		ask.Template, ask.Only, ask.Purposes = name, nil, nil
		for _, g := range of[r] {
			again.Grants = append(again.Grants, g.Grant)
			if !slices.Contains(ask.Only, g.Purpose) {
				ask.Only = append(ask.Only, g.Purpose)
			}
		}
		if file, err := b.readRequest(r); err == nil { // one made on another machine is none of ours
			again.Reference = file.Reference
		}
		ask.Reference, ask.Replaces = again.Reference, &consent.Replaces{Mode: consent.ReplaceMerge, Grants: again.Grants}
		if again.Asked, err = b.Request(ctx, ask); err != nil {
			return out, err
		}
		out = append(out, again)
	}
	return out, nil
}

// fromTemplate is what a template says, with the purposes that are asked.
func (b *Business) fromTemplate(ctx context.Context, ask Ask) (consent.Template, error) {
	if len(ask.Purposes) > 0 {
		return consent.Template{}, errors.New("a template says the purposes; choose some of them with Only")
	}
	t, err := b.TemplateText(ctx, ask.Template, 0)
	if err != nil || ask.Only == nil {
		return t, err
	}
	for _, name := range ask.Only {
		if _, ok := t.Asks().Purpose(name); !ok {
			return t, fmt.Errorf("template %s has no purpose %s", t.Name, name)
		}
	}
	t.Purposes = slices.DeleteFunc(slices.Clone(t.Purposes), func(a consent.Asked) bool { return !slices.Contains(ask.Only, a.ID) })
	return t, nil
}
