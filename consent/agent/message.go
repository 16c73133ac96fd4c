package agent

import (
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"errors"

	"github.com/hyperledger/aries-framework-go/component/storageutil/mem"
	ariescrypto "github.com/hyperledger/aries-framework-go/pkg/crypto"
	"github.com/hyperledger/aries-framework-go/pkg/crypto/tinkcrypto"
	"github.com/hyperledger/aries-framework-go/pkg/didcomm/packer/anoncrypt"
	ariesjose "github.com/hyperledger/aries-framework-go/pkg/doc/jose"
	"github.com/hyperledger/aries-framework-go/pkg/doc/util/jwkkid"
	vdrapi "github.com/hyperledger/aries-framework-go/pkg/framework/aries/api/vdr"
	"github.com/hyperledger/aries-framework-go/pkg/kms"
	"github.com/hyperledger/aries-framework-go/pkg/kms/localkms"
	"github.com/hyperledger/aries-framework-go/pkg/secretlock"
	"github.com/hyperledger/aries-framework-go/pkg/secretlock/noop"
	"github.com/hyperledger/aries-framework-go/pkg/vdr"
	vdrkey "github.com/hyperledger/aries-framework-go/pkg/vdr/key"
	"github.com/hyperledger/aries-framework-go/spi/storage"

	"coffer/consent"
)

// errPacked is the one answer to a message that does not open.
var errPacked = errors.New("the message does not open")

// PackMessage encrypts a signed message to the shopper's agreement key: aries
// anoncrypt on P-256 with A256GCM, a compact JWE. Who sent it stands inside.
func PackMessage(jws string, to consent.AgreementKey) (string, error) {
	return pack(consent.TypeMessage, jws, to)
}

// PackDeposit does the same with a deposit.
func PackDeposit(jws string, to consent.AgreementKey) (string, error) {
	return pack(consent.TypeDeposit, jws, to)
}

func pack(typ, jws string, to consent.AgreementKey) (string, error) {
	public, err := to.Public()
	if err != nil {
		return "", err
	}
	recipient, err := keyName(public)
	if err != nil {
		return "", err
	}
	key, err := json.Marshal(ariescrypto.PublicKey{KID: recipient, Curve: "P-256", Type: "EC", X: to.X, Y: to.Y})
	if err != nil {
		return "", errors.New("packing a message: no key")
	}
	p, err := newPacker(nil)
	if err != nil {
		return "", err
	}
	packed, err := p.Pack(typ, []byte(jws), nil, [][]byte{key})
	if err != nil {
		return "", errors.New("packing a message: aries refused the key")
	}
	if len(packed) > consent.MaxPacked {
		return "", &consent.Refusal{Code: consent.Malformed, Cause: errors.New("too long to send")}
	}
	return string(packed), nil
}

// UnpackMessage opens a packed message with the shopper's agreement key and
// returns the JWS inside, unverified. Errors explain nothing. Wallets in a browser
// do the same in TypeScript.
func UnpackMessage(packed string, key *ecdh.PrivateKey) (jws string, err error) {
	defer func() {
		if recover() != nil {
			jws, err = "", errPacked
		}
	}()
	if len(packed) > consent.MaxPacked {
		return "", errPacked
	}
	p, err := newPacker(key)
	if err != nil {
		return "", err
	}
	opened, err := p.Unpack([]byte(packed))
	if err != nil {
		return "", errPacked
	}
	return string(opened.Message), nil
}

// OpenMessage unpacks, verifies and parses a message, and returns its JWS too: the
// permit commits to the digest of that.
func (a *Agent) OpenMessage(ctx context.Context, packed string, key *ecdh.PrivateKey) (consent.Message, string, error) {
	jws, err := UnpackMessage(packed, key)
	if err != nil {
		return consent.Message{}, "", err
	}
	from, payload, err := a.VerifyJWS(ctx, jws, consent.TypeMessage)
	if err != nil {
		return consent.Message{}, "", err
	}
	m, err := consent.ParseMessage(payload, from)
	if err != nil {
		return consent.Message{}, "", err
	}
	return m, jws, nil
}

// OpenDeposit unpacks, verifies and parses a deposit. Its record is still to be opened.
func (a *Agent) OpenDeposit(ctx context.Context, packed string, key *ecdh.PrivateKey) (consent.Deposit, error) {
	jws, err := UnpackMessage(packed, key)
	if err != nil {
		return consent.Deposit{}, err
	}
	from, payload, err := a.VerifyJWS(ctx, jws, consent.TypeDeposit)
	if err != nil {
		return consent.Deposit{}, err
	}
	return consent.ParseDeposit(payload, from)
}

// keyName is the recipient's kid: aries wants a did:key. The key is pairwise, so
// the name links nothing.
func keyName(public *ecdh.PublicKey) (string, error) {
	d, err := KeyDID(public)
	return string(d), err
}

// newPacker makes aries' packer, with one private key or none.
func newPacker(private *ecdh.PrivateKey) (*anoncrypt.Packer, error) {
	store, err := kms.NewAriesProviderWrapper(mem.NewProvider())
	if err != nil {
		return nil, errors.New("packing: no key store")
	}
	keys, err := localkms.New("local-lock://coffer", lockless{store})
	if err != nil {
		return nil, errors.New("packing: no key store")
	}
	crypt, err := tinkcrypto.New()
	if err != nil {
		return nil, errors.New("packing: no cryptography")
	}
	if private != nil {
		if err := importKey(keys, private); err != nil {
			return nil, err
		}
	}
	return anoncrypt.New(parts{keys, crypt}, ariesjose.A256GCM)
}

// importKey puts the private key where aries looks for the recipient that a JWE
// names.
func importKey(keys *localkms.LocalKMS, private *ecdh.PrivateKey) error {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), private.Bytes())
	if err != nil {
		return errPacked
	}
	public := consent.NewAgreementKey(private.PublicKey())
	named, err := json.Marshal(ariescrypto.PublicKey{Curve: "P-256", Type: "EC", X: public.X, Y: public.Y})
	if err != nil {
		return errPacked
	}
	name, err := jwkkid.CreateKID(named, kms.NISTP256ECDHKWType)
	if err != nil {
		return errPacked
	}
	if _, _, err := keys.ImportPrivateKey(key, kms.NISTP256ECDHKWType, kms.WithKeyID(name)); err != nil {
		return errPacked
	}
	return nil
}

// lockless is a key store in memory that lives as long as one call.
type lockless struct{ store kms.Store }

func (l lockless) StorageProvider() kms.Store   { return l.store }
func (lockless) SecretLock() secretlock.Service { return &noop.NoLock{} }

// pairwiseOnly resolves did:key and nothing else: packing reaches no network.
var pairwiseOnly = vdr.New(vdr.WithVDR(vdrkey.New()))

// parts are what aries' packer is made of.
type parts struct {
	keys  kms.KeyManager
	crypt ariescrypto.Crypto
}

func (p parts) KMS() kms.KeyManager             { return p.keys }
func (p parts) Crypto() ariescrypto.Crypto      { return p.crypt }
func (parts) StorageProvider() storage.Provider { return nil }
func (parts) VDRegistry() vdrapi.Registry       { return pairwiseOnly }
