package consent

// Ending says why a grant gives a business less, or nothing any more. Each is the name of
// the event that tells the business, and each starts the withdrawal loop. The set is
// closed.
type Ending string

const (
	EndWithdrawn  Ending = "withdrawn"  // by the shopper
	EndExpired    Ending = "expired"    // its time is over
	EndErased     Ending = "erased"     // with its vault
	EndTerminated Ending = "terminated" // by the business, by an order to the operator, or refused by the ledger
	EndSuspended  Ending = "suspended"  // the business was suspended; the grant stands and gives nothing

	// In favour of a successor that does not name every attribute.
	EndNarrowed = Ending(ChangeNarrowed)
	EndRenewed  = Ending(ChangeRenewed)
	EndMerged   = Ending(ChangeMerged)
	EndReplaced = Ending(ChangeReplaced)
)

// Endings are all of them.
var Endings = []Ending{EndWithdrawn, EndExpired, EndErased, EndTerminated, EndSuspended, EndNarrowed, EndRenewed, EndMerged, EndReplaced}

// IsEnding reports whether an event of this name ends a grant. One that a successor
// follows starts the loop only if the successor does not name every attribute.
func IsEnding(event string) bool {
	for _, e := range Endings {
		if string(e) == event {
			return true
		}
	}
	return false
}
