package agent

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/hyperledger/aries-framework-go/pkg/doc/did"
	vdrapi "github.com/hyperledger/aries-framework-go/pkg/framework/aries/api/vdr"
	"github.com/hyperledger/aries-framework-go/pkg/vdr/fingerprint"
	"github.com/hyperledger/aries-framework-go/pkg/vdr/web"

	"coffer/consent"
)

// known is a did:web document that was fetched.
type known struct {
	doc   *did.Doc
	until time.Time
}

// maxKnown bounds the documents kept.
const maxKnown = 1024

var (
	keyForm = regexp.MustCompile(`^did:key:z[1-9A-HJ-NP-Za-km-z]{40,100}$`)
	// A host, perhaps a port, perhaps a path; nothing that could leave the path.
	webForm = regexp.MustCompile(`^did:web:[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(%3A[0-9]{1,5})?(:[A-Za-z0-9][A-Za-z0-9._-]{0,63}){0,8}$`)
)

var errDocument = errors.New("the DID has no readable document")

// KeyDID is the did:key of a public key: P-256 or Ed25519.
func KeyDID(public crypto.PublicKey) (consent.DID, error) {
	switch k := public.(type) {
	case ed25519.PublicKey:
		d, _ := fingerprint.CreateDIDKey(k)
		return consent.DID(d), nil
	case *ecdsa.PublicKey:
		p, err := k.ECDH()
		if err != nil {
			return "", errors.New("naming a key: no point on its curve")
		}
		return KeyDID(p)
	case *ecdh.PublicKey:
		if k.Curve() != ecdh.P256() {
			break
		}
		p := k.Bytes() // 4 ‖ x ‖ y
		compressed := append([]byte{2 | p[64]&1}, p[1:33]...)
		d, _ := fingerprint.CreateDIDKeyByCode(fingerprint.P256PubKeyMultiCodec, compressed)
		return consent.DID(d), nil
	}
	return "", errors.New("naming a key: want P-256 or Ed25519")
}

// KeyID is the one verification method of a did:key.
func KeyID(d consent.DID) string {
	return string(d) + "#" + strings.TrimPrefix(string(d), "did:key:")
}

// resolve finds the DID's document.
func (a *Agent) resolve(d consent.DID) (*did.Doc, error) {
	switch {
	case keyForm.MatchString(string(d)):
		return a.read(d)
	case webForm.MatchString(string(d)):
	default:
		return nil, errors.New("want did:key or did:web")
	}
	a.mu.Lock()
	k, ok := a.docs[d]
	a.mu.Unlock()
	if now := a.now(); ok && now.Before(k.until) {
		return k.doc, nil
	}
	doc, err := a.read(d)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.docs) >= maxKnown {
		clear(a.docs)
	}
	a.docs[d] = known{doc, a.now().Add(a.keep)}
	return doc, nil
}

// read asks aries. Its errors quote bodies, so none gets out of here.
func (a *Agent) read(d consent.DID) (doc *did.Doc, err error) {
	defer func() {
		if recover() != nil {
			doc, err = nil, errDocument
		}
	}()
	res, err := a.registry.Resolve(string(d), vdrapi.WithOption(web.HTTPClientOpt, a.http))
	if _, unreachable := errors.AsType[*url.Error](err); unreachable {
		return nil, consent.ErrUnreachable
	}
	if err != nil || res.DIDDocument == nil || res.DIDDocument.ID != string(d) {
		return nil, errDocument
	}
	return res.DIDDocument, nil
}

// keyOf is the public key that the DID URL kid names, if its DID lists it for
// signing.
func (a *Agent) keyOf(kid string) (consent.DID, crypto.PublicKey, error) {
	name, fragment, ok := strings.Cut(kid, "#")
	if !ok || fragment == "" || strings.Contains(fragment, "#") || len(kid) > 1024 {
		return "", nil, errors.New("want a DID URL")
	}
	doc, err := a.resolve(consent.DID(name))
	if err != nil {
		return "", nil, err
	}
	methods := doc.VerificationMethods(did.AssertionMethod, did.Authentication)
	for _, relation := range []did.VerificationRelationship{did.AssertionMethod, did.Authentication} {
		for _, m := range methods[relation] {
			if m.VerificationMethod.ID == kid && (m.VerificationMethod.Controller == "" || m.VerificationMethod.Controller == name) {
				public, err := publicKey(m.VerificationMethod)
				return consent.DID(name), public, err
			}
		}
	}
	return "", nil, errors.New("the DID lists no such key for signing")
}

func publicKey(m did.VerificationMethod) (crypto.PublicKey, error) {
	if j := m.JSONWebKey(); j != nil && j.Key != nil {
		switch k := j.Key.(type) {
		case *ecdsa.PublicKey:
			return k, nil
		case ed25519.PublicKey:
			return k, nil
		}
		return nil, errors.New("want a P-256 or an Ed25519 key")
	}
	if m.Type == "Ed25519VerificationKey2018" && len(m.Value) == ed25519.PublicKeySize {
		return ed25519.PublicKey(m.Value), nil
	}
	return nil, errors.New("want a P-256 or an Ed25519 key")
}
