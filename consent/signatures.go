package consent

import (
	"context"
	"errors"
)

// ErrUnreachable says that who signed cannot be told now: a did:web's host does not
// answer. It is passing, and no refusal.
var ErrUnreachable = errors.New("the DID's host does not answer")

// Header types ("typ") of what is signed: one payload never passes for another.
const (
	TypeRequest   = "coffer-request+jwt"
	TypeTemplate  = "coffer-template+jwt" // by a business key
	TypeCard      = "coffer-business+jwt"
	TypeMessage   = "coffer-message+jwt"
	TypeRights    = "coffer-rights+jwt"       // by a pairwise key
	TypeReply     = "coffer-rights-reply+jwt" // to a rights request, by a business key
	TypeReceipt   = "JWT"                     // JWT-VC, by a pairwise key
	TypeAssertion = "JWT"                     // client assertion (RFC 7523), by a business key; may be left out

	TypeWebhook         = "coffer-webhook+jwt"         // by a business key, as the next two
	TypeAcknowledgement = "coffer-acknowledgement+jwt" // of a grant's end
	TypeDeletion        = "coffer-deletion+jwt"        // what was deleted after it

	TypeRecord = "JWT" // JWT-VC, by its issuer

	TypeRequestObject = "oauth-authz-req+jwt" // RFC 9101, by a business key
)

// TypeSealedRights is the header type of the envelope around a rights request and
// around a reply to one.
const TypeSealedRights = "coffer-rights+jwe"

// Signatures tells who signed. Package consent/agent implements it.
type Signatures interface {
	// VerifyJWS verifies a compact ES256 JWS of the given header type and returns
	// the DID whose key signed it. If the payload has an "iss" it is that DID.
	// Errors are a *Refusal (BadSignature, WrongIssuer) or ErrUnreachable.
	VerifyJWS(ctx context.Context, compact, typ string) (DID, []byte, error)
	// VerifyReceipt verifies a receipt's JWT-VC and its pairwise signature, and
	// parses it.
	VerifyReceipt(ctx context.Context, jwt string) (Receipt, error)
	// VerifyRights verifies a rights request's pairwise signature, and parses it.
	VerifyRights(ctx context.Context, jws string) (RightsRequest, error)
	// VerifyRecord verifies a JWT-VC of anyone, ES256 or EdDSA, and parses it.
	VerifyRecord(ctx context.Context, jwt string) (Record, error)
	// CheckStatus asks whether a verified record was revoked, where its Statuses say:
	// nil, a *Refusal (Revoked, BadStatus), or ErrUnreachable.
	CheckStatus(ctx context.Context, r Record) error
	// Published fetches what an issuer publishes, unverified: a status list under its
	// URL, or the document of a did:web. Errors are a *Refusal (BadStatus), or
	// ErrUnreachable.
	Published(ctx context.Context, address string) (string, error)
}
