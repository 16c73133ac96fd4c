package audit

// The steps of verifying a receipt, by what they check.
const (
	stepSigned   = "receipt signed by the shopper's pairwise key"
	stepFields   = "receipt fields (ISO/IEC TS 27560)"
	stepGrant    = "ledger entry is a grant"
	stepWallet   = "entry signed by the grant's wallet key"
	stepOpens    = "opening fits the entry's commitment"
	stepLength   = "entry lasts as long as the receipt says"
	stepProof    = "proof is well-formed"
	stepLedger   = "header is of the ledger"
	stepNames    = "header names the validator set"
	stepThirds   = "header signed by more than two thirds"
	stepLog      = "entry is in the log"
	stepUnknown  = "proof"
	stepCounter  = "receipt counter-signed by the business"
	stepEndSign  = "later receipt signed by the same shopper"
	stepEnds     = "later receipt follows this receipt"
	stepEndEntry = "withdrawal entry signed by the grant's wallet key"
	stepEndLog   = "withdrawal is on the ledger"
)

// explanation says of a step why it is made, and what it means when it fails.
type explanation struct{ why, broken string }

var explanations = map[string]explanation{
	stepSigned: {"Only the shopper holds this key, and uses it with this one business: nobody else can have made the receipt, nor changed a letter of it.",
		"Somebody other than the shopper made this receipt, or it was changed after it was signed. Nothing that it says can be relied on."},
	stepFields: {"A consent record must say who asked, what for, which data, how long, where to complain and how to withdraw, or it records no informed consent.",
		"The record does not say all that a consent record must say. The signature may be real, and the consent still not informed."},
	stepGrant: {"The ledger's entry behind this receipt has to be one that gives something, not a withdrawal or a permit.",
		"The file points at another entry than a grant. It does not show that anything was given."},
	stepWallet: {"The shopper's wallet made the entry: neither the business nor the operator can enter a grant on the ledger by itself.",
		"The entry was not made by the shopper's wallet for this ledger. A grant that the shopper did not enter is none."},
	stepOpens: {"The ledger holds a sealed commitment, not the receipt. That it opens to exactly these bytes is what ties this receipt to that entry.",
		"The entry was made for another text. Either receipt or entry was exchanged: the ledger does not vouch for this receipt."},
	stepLength: {"The business may collect only while the entry lasts, so entry and receipt must agree on it.",
		"The shopper signed another duration than the ledger enforces. Take the shorter of the two as what was agreed, and ask why."},
	stepProof: {"What follows is computed from the proof, so it must be one.",
		"The proof cannot be read. The receipt may be real, but nothing in this file shows that it is on the ledger."},
	stepLedger: {"A proof counts for one ledger only, and the signatures must be over this very header.",
		"The proof is of another ledger, or its signatures are for another header than it shows."},
	stepNames: {"Who may vouch for the ledger is fixed by the validator set that you brought. Take it from the ledger's members, never from the one who hands you the receipt.",
		"The ledger was signed by others than those in your validator set. Either members joined or left since you saved it (give the succession, or if the receipt is older, the set that the ledger began with), or the ledger is not the one you trust."},
	stepThirds: {"No single member can make the ledger say something: it takes more than two thirds of them.",
		"Too few members signed. The entry may never have been accepted."},
	stepLog: {"The signed header sums up every entry in one hash; the path shows that this entry is among them. So it cannot have been added later, or be taken out.",
		"The entry is not in the log that the members signed. The ledger does not hold it at that place."},
	stepUnknown: {"", "The proof does not hold, for a reason that this program does not know. Use a newer one."},
	stepCounter: {"The business has the receipt and took its terms as its own: it cannot say later that it never saw them.",
		"The business did not sign this receipt. What the shopper agreed to stands, but this file does not show that the business took it."},
	stepEndSign: {"Only who gave may end, pause or change it: the same key signed both.",
		"The later receipt is not signed by the shopper who gave."},
	stepEnds: {"The later receipt names this one as its predecessor and repeats its terms word for word, or, where another grant takes this one's place, gives no more. So the two are one chain.",
		"The later receipt is of something else, or says other terms. It does not show what became of this grant."},
	stepEndEntry: {"The withdrawal on the ledger is made with the same key as the grant: nobody else can end it there, or pretend that it ended.",
		"The withdrawal's entry is not this grant's, or was not signed by the shopper's wallet."},
	stepEndLog: {"From this entry on, the ledger accepts no permit under the grant: nothing can be collected lawfully any more.",
		"Nothing in this file shows that the ledger knows of the withdrawal."},
}

// notLooked is what a skipped step means.
const notLooked = "It was not looked at, because what it rests on does not hold."
