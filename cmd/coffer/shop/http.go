package shop

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"coffer"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed static
var staticFiles embed.FS

// pages are the parsed templates.
type pages struct{ all *template.Template }

func parsePages() (*pages, error) {
	t, err := template.ParseFS(pageFiles, "pages/*.html")
	if err != nil {
		return nil, err
	}
	return &pages{t}, nil
}

// policy lets a page load its own style and script and talk to its own shop.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

var sizes = []string{"38", "39", "40", "41", "42", "43", "44", "45"}

// Handler serves the shop's pages.
func (s *Shop) Handler() http.Handler {
	static, err := fs.Sub(staticFiles, "static")
	if err != nil {
		panic(err) // embedded: wrong in every build or in none
	}
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", s.product)
	m.HandleFunc("POST /checkout", s.checkout)
	m.HandleFunc("GET /orders/{order}", s.order)
	m.HandleFunc("GET /orders/{order}/status", s.status)
	m.HandleFunc("POST /orders/{order}/collect", s.tryCollect)
	m.HandleFunc("POST /orders/{order}/warranty", s.makeWarranty)
	m.HandleFunc("GET /records/status", s.statusList)
	m.HandleFunc("GET /office", s.office)
	m.HandleFunc("POST /office/collect", s.officeCollect)
	m.HandleFunc("POST /office/offer", s.offer)
	m.HandleFunc("POST /office/revoke", s.takeBack)
	m.HandleFunc("POST /office/rights", s.replyRights)
	m.HandleFunc("GET /office/trail.ndjson", s.trail)
	m.HandleFunc("GET /office/validators.json", s.validators)
	m.HandleFunc("GET /privacy", s.privacy)
	m.Handle("POST "+hookPath, s.business.WebhookHandler(s.handle))
	m.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.sorry(w, http.StatusNotFound, "There is nothing here", "The address leads nowhere in this shop.")
	})
	// Forms of other sites cannot make the shop ask, collect or send.
	return headers(http.NewCrossOriginProtection().Handler(m))
}

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer") // an order's address is its key
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

// frame is what every page's layout needs.
type frame struct {
	Title, Shop, Operator, Here string
}

func (s *Shop) frame(title, here string) frame {
	p := s.business.Profile()
	return frame{Title: title, Shop: p.Name, Operator: p.Operator, Here: here}
}

func (s *Shop) render(w http.ResponseWriter, status int, page string, data any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := s.pages.all.ExecuteTemplate(w, page, data); err != nil {
		s.log.Error("showing a page", "page", page, "error", err)
	}
}

func (s *Shop) sorry(w http.ResponseWriter, status int, heading, text string) {
	s.render(w, status, "sorry.html", struct {
		frame
		Heading, Text string
	}{s.frame(heading, ""), heading, text})
}

// trouble is the page for an error: what the shopper may do about it, while the
// cause goes to the log.
func (s *Shop) trouble(w http.ResponseWriter, doing string, err error) {
	s.log.LogAttrs(context.Background(), slog.LevelWarn, doing, slog.Any("error", err))
	var p *coffer.Problem
	if errors.Is(err, coffer.ErrUnreachable) || errors.Is(err, coffer.ErrLedger) || errors.As(err, &p) && p.Status >= 500 {
		s.sorry(w, http.StatusBadGateway, "Coffer does not answer", "The operator of your vault cannot be reached just now. Try again in a moment; nothing was lost.")
		return
	}
	if errors.As(err, &p) {
		s.sorry(w, http.StatusBadGateway, "Coffer says no", p.Error())
		return
	}
	s.sorry(w, http.StatusInternalServerError, "Something went wrong", "The shop could not do this. Its log says why.")
}

func (s *Shop) product(w http.ResponseWriter, r *http.Request) {
	type ask struct {
		Title, Text        string
		Required, Optional []string
	}
	var asks []ask
	for _, a := range Asked() {
		asks = append(asks, ask{titles[a.ID], a.Text["en"], mapped(a.Required, label), mapped(a.Optional, label)})
	}
	s.render(w, http.StatusOK, "product.html", struct {
		frame
		Sizes []string
		Asks  []ask
	}{s.frame("Meridian Low", "shop"), sizes, asks})
}

// checkout signs a request and shows it.
func (s *Shop) checkout(w http.ResponseWriter, r *http.Request) {
	size := r.PostFormValue("size")
	if !slices.Contains(sizes, size) {
		s.sorry(w, http.StatusBadRequest, "We do not have that size", "Choose one of those on the page.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	var secret [16]byte
	rand.Read(secret[:]) // never fails
	name := base64.RawURLEncoding.EncodeToString(secret[:])
	asked, err := s.business.Request(ctx, coffer.Ask{
		Purposes: Asked(), ReturnURL: s.url + "/orders/" + name, Open: 24 * time.Hour, Reference: name,
	})
	if err != nil {
		s.trouble(w, "asking at checkout", err)
		return
	}
	_, err = s.orders.add(order{
		V: 1, ID: name, Size: size, Placed: coffer.UnixAt(s.now()),
		Request: asked.ID, Link: asked.Link, Expires: asked.Expires,
	})
	if err != nil {
		s.trouble(w, "keeping an order", err)
		return
	}
	http.Redirect(w, r, "/orders/"+name, http.StatusSeeOther)
}

func (s *Shop) order(w http.ResponseWriter, r *http.Request) {
	o, err := s.orders.get(r.PathValue("order"))
	if err != nil {
		s.sorry(w, http.StatusNotFound, "No such order", "The address is not one of an order here.")
		return
	}
	code, err := coffer.QR(o.Link)
	if err != nil {
		s.trouble(w, "showing an order", err)
		return
	}
	s.render(w, http.StatusOK, "order.html", struct {
		frame
		QR    template.HTML
		Order orderView
	}{s.frame("Your order", ""), template.HTML(code), s.view(o)})
}

// status lets the page find out that something changed, and nothing more.
func (s *Shop) status(w http.ResponseWriter, r *http.Request) {
	o, err := s.orders.get(r.PathValue("order"))
	if err != nil {
		http.Error(w, "no such order", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"v": 1, "state": o.state(s.now()), "stamp": o.stamp(s.now())})
}

// tryCollect asks for one attribute, granted or not, to show what happens.
func (s *Shop) tryCollect(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("order")
	g, err := coffer.ParseGrant(r.PostFormValue("grant"))
	o, oerr := s.orders.get(name)
	if err != nil || oerr != nil || o.part(g) == nil {
		s.sorry(w, http.StatusNotFound, "No such grant", "The order has no such grant.")
		return
	}
	attribute := r.PostFormValue("attribute")
	if _, known := labels[attribute]; !known {
		s.sorry(w, http.StatusBadRequest, "Unknown attribute", "The shop knows no such attribute.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	if err := s.collect(ctx, name, g, attribute); err != nil {
		s.trouble(w, "collecting", err)
		return
	}
	http.Redirect(w, r, "/orders/"+name, http.StatusSeeOther)
}

func (s *Shop) privacy(w http.ResponseWriter, r *http.Request) {
	p := s.business.Profile()
	s.sorry(w, http.StatusOK, "Privacy notice", p.Name+", "+p.Address+". We keep what you gave us through your Coffer for as long as "+
		"your receipt says, for the purpose it names, and delete it when you withdraw. Write to "+p.Contact+"; you may complain to "+p.Authority+".")
}

func mapped(in []string, f func(string) string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = f(s)
	}
	return out
}
