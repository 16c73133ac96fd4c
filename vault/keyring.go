package vault

// Keyring is what a wallet needs to get in: the vault's salt and state, its
// passkeys, and the vault key under each way in.
type Keyring struct {
	Vault    Vault
	Passkeys []Passkey
	Wraps    []Wrap
	// Next is the vault's next key under each way in that keeps opening, while a
	// rotation has begun and is not finished; empty otherwise.
	Next []Wrap
	// Recovery: the words do not only open the vault, they also sign in.
	Recovery bool
}

// Has reports whether the credential is one of the vault's passkeys.
func (k Keyring) Has(credential []byte) bool {
	for _, p := range k.Passkeys {
		if string(p.ID) == string(credential) {
			return true
		}
	}
	return false
}
