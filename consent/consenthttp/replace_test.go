package consenthttp_test

import (
	"testing"

	"coffer/consent"
	"coffer/consent/consenttest"
)

// A decision about a newer request ends what it replaces, with its own papers, or nothing.
func TestReplacing(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	given := person.give(shop)
	delivery, marketing := given.Held[0], given.Held[1]
	q := shop.ask(consenttest.Replacing(consent.ReplaceMerge, delivery.Grant, marketing.Grant))
	onlyDelivery := consenttest.Choice{"delivery": {"name", "postal-address"}}
	decide := func() *consenttest.Answer { return person.shopper.Decide(q, onlyDelivery) }

	// Exactly the grants that end come with it, each with its own entry and receipt.
	person.answer(decide()).is(400, "malformed")
	person.answer(decide().Ending(marketing)).is(400, "malformed")
	person.answer(decide().Ending(delivery, marketing)).is(400, "malformed")
	forged := decide().Ending(delivery)
	forged.Ends[0].(map[string]any)["receipt"] = person.shopper.WithdrawalReceipt(marketing)
	person.answer(forged).is(422, "wrong-receipt")
	late := decide().Ending(delivery)
	late.Ends[0].(map[string]any)["entry"] = consent.Bytes(delivery.Withdraw(delivery.Entry.Start + 9).Bytes())
	person.answer(late).is(422, "bad-entry")
	foreign := decide().Ending(delivery)
	foreign.Ends[0].(map[string]any)["entry"] = consent.Bytes(marketing.Withdraw(marketing.Entry.Start).Bytes())
	person.answer(foreign).is(422, "bad-entry")
	person.answer(person.shopper.Decide(shop.ask(), onlyDelivery).Ending(delivery)).is(400, "malformed") // replaces nothing

	shop.permit(delivery).into(&struct{}{})
	shop.collect(delivery).is(200, "") // all of that changed nothing
	good := decide().Ending(delivery)
	person.answer(good).is(200, "")
	shop.collect(delivery).is(403, "replaced")
	shop.permit(marketing).into(&struct{}{})
	shop.collect(marketing).is(200, "") // merge: what is refused stays
	shop.permit(good.Held[0]).into(&struct{}{})
	shop.collect(good.Held[0]).is(200, "")
	w.sound()

	// Refusing everything ends nothing, also where all would be replaced.
	all := shop.ask(consenttest.Replacing(consent.ReplaceAll, good.Held[0].Grant, marketing.Grant))
	person.do("POST", "/wallet/v1/decisions", person.shopper.Decide(all, nil).Body()).is(200, "")
	shop.collect(marketing).is(200, "")

	// A grant that was withdrawn meanwhile has ended: nothing comes with it.
	last := shop.ask(consenttest.Replacing(consent.ReplaceAll, good.Held[0].Grant, marketing.Grant))
	person.withdraw(good.Held[0]).into(&struct{}{})
	person.answer(person.shopper.Decide(last, onlyDelivery).Ending(marketing)).is(200, "")
	shop.collect(marketing).is(403, "withdrawn")
	w.sound()
}
