package agent

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

const (
	maxDocument  = 64 << 10
	fetchTimeout = 5 * time.Second
)

// bounded makes a client safe for addresses that strangers name.
func bounded(c *http.Client, local bool) *http.Client {
	next := http.RoundTripper(nil)
	if c == nil {
		d := &net.Dialer{Timeout: fetchTimeout, Control: publicOnly}
		if local {
			d.Control = publicOrOwn
		}
		next = &http.Transport{DialContext: d.DialContext, TLSHandshakeTimeout: fetchTimeout, MaxIdleConns: 16, IdleConnTimeout: time.Minute}
	} else if next = c.Transport; next == nil {
		next = http.DefaultTransport
	}
	return &http.Client{
		Transport: limit{next},
		Timeout:   fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("redirected") // the document is at the place that the DID names
		},
	}
}

// publicOnly refuses to reach into the operator's own network.
func publicOnly(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if ip := ap.Addr().Unmap(); !ip.IsGlobalUnicast() || ip.IsPrivate() || shared.Contains(ip) {
		return errors.New("not a public address")
	}
	return nil
}

// publicOrOwn reaches this machine, too.
func publicOrOwn(network, address string, c syscall.RawConn) error {
	if ap, err := netip.ParseAddrPort(address); err == nil && ap.Addr().IsLoopback() {
		return nil
	}
	return publicOnly(network, address, c)
}

var shared = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598

// limit cuts answers off: aries reads whatever comes.
type limit struct{ next http.RoundTripper }

func (l limit) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(res.Body, maxDocument), res.Body}
	return res, nil
}
