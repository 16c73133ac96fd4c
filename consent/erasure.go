package consent

import "coffer/internal/id"

// ErasureType is the JWS type of an erasure receipt.
const ErasureType = "coffer-erasure+jwt"

// Erasure is what an operator signs when it has erased a vault: the vault's key is
// destroyed, so that neither the database nor any backup holds anything of it that
// somebody could open, its grants are withdrawn and its rows are deleted. The shopper
// keeps it; the operator does not, since it names the vault.
type Erasure struct {
	V        int      `json:"v"`
	Operator string   `json:"iss"`
	Vault    id.Vault `json:"vault"`
	Erased   Unix     `json:"iat"`
	Grants   int      `json:"grants_withdrawn"`
}
