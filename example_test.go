package coffer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"

	"coffer"
	"coffer/internal/wallettest"
)

// A shop, from nothing to a delivery address.
func Example() {
	// Once: a folder with fresh keys, and who asks. From then on coffer.Open(folder).
	b, err := coffer.Create(newFolder(), coffer.Profile{
		V: 1, Operator: operator(), // as in https://coffer.example
		Name: "Corner Shop", Address: "Lindenallee 4, 10115 Berlin", URL: "https://corner-shop.example",
		Contact: "privacy@corner-shop.example", DPO: "dpo@corner-shop.example", Authority: "BlnBDI",
		PrivacyNotice: "https://corner-shop.example/privacy", Jurisdictions: []string{"DE"}, Language: "en", NoticeVersion: "1",
		Purposes: []string{"https://w3id.org/dpv#DeliveryOfGoods"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	if _, err := b.Register(ctx); err != nil {
		log.Fatal(err)
	}

	// At each checkout: ask this shopper, for this order.
	asked, err := b.Request(ctx, coffer.Ask{Reference: "order 1001", Purposes: []coffer.Purpose{{
		ID: "delivery", Purpose: "https://w3id.org/dpv#DeliveryOfGoods",
		Text:     map[string]string{"en": "We hand your order to Parcel Co with your name and address."},
		Required: []string{"name", "postal-address"}, Optional: []string{"phone"}, Days: 31, Retention: "P90D",
		Recipients: []coffer.Recipient{{Name: "Parcel Co", Country: "DE"}}, LawfulBasis: coffer.ByConsent,
	}}})
	if err != nil {
		log.Fatal(err)
	}
	// asked.Link is for the shopper: a link, a redirect, or coffer.QR(asked.Link).
	shopperGives(asked.Link, "delivery", "name", "postal-address")

	status, err := b.Wait(ctx, asked.ID)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range status.Purposes {
		if !p.Given {
			continue // this purpose was refused: do without
		}
		got, err := b.Collect(ctx, p.Grant)
		if err != nil {
			log.Fatal(err)
		}
		for _, v := range got.Values {
			fmt.Println(status.Reference, v.Attribute, v.Text())
		}
	}
	// Output:
	// order 1001 name Quillon Vasterhaven
	// order 1001 postal-address {"city":"Leipzig","country":"DE","postcode":"04109","street":"Zwirbelgasse 77"}
}

// With a redirect the shop knows that the browser that comes back is the one that
// answered: hold the reference against the session that you sent away.
func ExampleBusiness_Returned() {
	b := newShop()
	defer b.Close()
	asked, err := b.Request(ctx, coffer.Ask{Purposes: purposes(), Redirect: "https://corner-shop.example/back", Reference: "session 7"})
	check(err)
	// http.Redirect(w, r, asked.Link, http.StatusSeeOther), and then, at /back, r.URL.Query():
	query := shopperReturns(asked.Link, "delivery", "name", "postal-address")

	status, err := b.Returned(ctx, query)
	check(err)
	for _, p := range status.Purposes {
		fmt.Println(status.Reference, p.ID, p.Given)
	}
	_, err = b.Returned(ctx, query)
	fmt.Println(errors.Is(err, coffer.ErrReturned))
	// Output:
	// session 7 delivery true
	// session 7 marketing false
	// true
}

// What was not given is refused attribute by attribute, with the reason; what is over
// is denied as a whole.
func ExampleBusiness_Collect() {
	b := newShop()
	defer b.Close()
	grant := given(b, "delivery", "name", "postal-address")

	got, err := b.Collect(ctx, grant, "name", "birth-date")
	fmt.Println(got.Values[0].Text(), got.Refused[0].What, got.Refused[0].Reason, err)

	shopperWithdraws(grant)
	_, err = b.Collect(ctx, grant)
	switch {
	case errors.Is(err, coffer.Withdrawn):
		fmt.Println("delete what you have of it")
	case errors.Is(err, coffer.Expired):
		fmt.Println("ask again")
	case errors.Is(err, coffer.ErrUnreachable):
		fmt.Println("try again")
	}
	// Output:
	// Quillon Vasterhaven birth-date not-covered <nil>
	// delete what you have of it
}

// Everything under a purpose, as a stream; then only what changed since.
func ExampleBusiness_CollectAll() {
	b := newShop()
	defer b.Close()
	given(b, "delivery", "name", "postal-address")

	cursor, seen := "", 0 // keep the cursor with what you store
	each := func(l coffer.Line) error {
		switch {
		case l.Cursor != "":
			cursor = l.Cursor // all before it is safe
		case l.Denied != nil:
			fmt.Println(l.Grant, l.Denied.Reason)
		default:
			v, err := l.Open()
			if err != nil {
				return err
			}
			seen++
			fmt.Println(v.Attribute)
		}
		return nil
	}
	const deliveries = "https://w3id.org/dpv#DeliveryOfGoods"
	check(b.CollectAll(ctx, deliveries, "", each))
	check(b.CollectAll(ctx, deliveries, cursor, each)) // nothing is new
	fmt.Println(seen)
	// Output:
	// name
	// postal-address
	// 2
}

func ExampleBusiness_Send() {
	b := newShop()
	defer b.Close()
	grant := given(b, "marketing", "email")

	_, err := b.Send(ctx, grant, "New in your size", "The Meridian Low is back in green.")
	fmt.Println(err)
	_, err = b.Send(ctx, given(b, "delivery", "name", "postal-address"), "Psst", "Nobody gave us a channel here.")
	fmt.Println(errors.Is(err, coffer.NotCovered))
	// Output:
	// <nil>
	// true
}

// The operator tells the shop of what happens. A withdrawal is acknowledged, and its
// keys are gone, when the handler is called; what the shop copied is for the shop to
// delete, and to say so.
func ExampleBusiness_WebhookHandler() {
	b := newShop()
	defer b.Close()
	done := make(chan string, 8)
	handle := func(ctx context.Context, e coffer.Event) error {
		if e.Type != coffer.EventWithdrawn {
			return nil
		}
		// … delete the copies, then:
		err := b.StateDeletion(ctx, e.Grant, coffer.Statement{Text: "We deleted everything."})
		done <- "deleted after it was " + string(e.Type)
		return err // an error that passes makes the event come again
	}
	server := httptest.NewServer(b.WebhookHandler(handle))
	defer server.Close()
	check(b.SetWebhook(ctx, server.URL))

	shopperWithdraws(given(b, "delivery", "name", "postal-address"))
	fmt.Println(<-done)
	// Output: deleted after it was withdrawn
}

// A shop without a webhook asks for its events.
func ExampleBusiness_Poll() {
	b := newShop()
	defer b.Close()
	shopperWithdraws(given(b, "delivery", "name", "postal-address"))
	_, err := b.Poll(ctx, func(_ context.Context, e coffer.Event) error {
		fmt.Println(e.Type)
		return nil
	})
	check(err)
	// Output:
	// answered
	// live
	// withdrawn
}

// A shopper claims a right under a grant; the law sets the day.
func ExampleBusiness_ReplyRights() {
	b := newShop()
	defer b.Close()
	grant := given(b, "delivery", "name", "postal-address")
	shopperClaims(wallettest.Demand{Regime: "gdpr", Right: coffer.RightAccess, Grants: []coffer.GrantID{grant}})

	check(b.SyncRights(ctx))
	all, err := b.Rights()
	check(err)
	for _, c := range all {
		fmt.Println(c.Request.Right, c.Open())
		c, err = b.ReplyRights(ctx, c.ID, coffer.RightsAnswered, coffer.OutcomeDone, "Your order and your address; both are in the letter.")
		check(err)
		fmt.Println(c.Request.Right, c.Open())
	}
	// Output:
	// access true
	// access false
}

// The trail is for your DPO, who checks it with coffer audit. It holds no value.
func ExampleBusiness_ExportTrail() {
	b := newShop()
	defer b.Close()
	_, err := b.Collect(ctx, given(b, "delivery", "name", "postal-address"))
	check(err)
	var trail bytes.Buffer
	check(b.ExportTrail(ctx, &trail))
	fmt.Println(bytes.Contains(trail.Bytes(), []byte("postal-address")), bytes.Contains(trail.Bytes(), []byte("Zwirbelgasse")))
	// Output: true false
}
