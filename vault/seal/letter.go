package seal

import "crypto/ecdsa"

const letterType = "coffer-letter+json"

// SealLetter seals a grant letter to the agreement key of a business's request: an
// envelope of its own type. What a letter says is consent's.
func SealLetter(to *ecdsa.PublicKey, letter []byte) (string, error) {
	return SealEnvelope(to, letterType, letter)
}

// OpenLetter is SealLetter undone.
func OpenLetter(key *ecdsa.PrivateKey, letter string) ([]byte, error) {
	return OpenEnvelope(key, letterType, letter)
}
