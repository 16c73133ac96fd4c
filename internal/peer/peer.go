// Package peer tells who sends a request, by its network address, and bounds how often
// one may.
//
// # Trust
//
// The address that a request came from is the kernel's word. A header that names
// another is believed only from the proxies that the operator lists, and only as far
// back as those reach: what a stranger writes in front of it is never looked at. If the
// list holds what is no proxy, whoever sits there passes for anybody, and no bound on
// addresses holds it.
package peer

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks from which X-Forwarded-For is believed.
type Proxies []netip.Prefix

// ParseProxies reads addresses (10.0.0.7) and networks (10.0.0.0/8).
func ParseProxies(list []string) (Proxies, error) {
	var all Proxies
	for _, text := range list {
		n, err := netip.ParsePrefix(text)
		if a, aerr := netip.ParseAddr(text); aerr == nil && a.Zone() == "" {
			n, err = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q: want an address or a network, as in 10.0.0.7 or 10.0.0.0/8", text)
		}
		if n.Bits() == 0 {
			return nil, fmt.Errorf("%q: that is everybody; name the proxies", text)
		}
		all = append(all, n.Masked())
	}
	return all, nil
}

func (p Proxies) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// Behind makes the address of a request that of who sent it to the first of the
// proxies. Without proxies nothing changes.
func (p Proxies) Behind(next http.Handler) http.Handler {
	if len(p) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a, ok := p.sender(r); ok {
			r = r.Clone(r.Context())
			r.RemoteAddr = netip.AddrPortFrom(a, 0).String()
		}
		next.ServeHTTP(w, r)
	})
}

// sender reads X-Forwarded-For from its end: each proxy adds whom it heard from. The
// first that is no proxy of ours is the sender.
func (p Proxies) sender(r *http.Request) (sender netip.Addr, ok bool) {
	at := address(r.RemoteAddr)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trusts(at); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break // a proxy that does not say: it stands for all behind it
		}
		at, sender, ok = hop.Unmap().WithZone(""), hop.Unmap().WithZone(""), true
	}
	return sender, ok
}

func address(remote string) netip.Addr {
	p, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr().Unmap().WithZone("")
}

// Of is whom a request counts for: its address, of an IPv6 address the network, because
// one subscriber has all of a /64. What is no address shares one.
func Of(r *http.Request) netip.Addr {
	a := address(r.RemoteAddr)
	if a.Is6() {
		if n, err := a.Prefix(64); err == nil {
			return n.Addr()
		}
	}
	return a
}
