package business

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxAnswer bounds what is read of an answer: a collection of every attribute
	// of one grant stays far below it.
	maxAnswer = 8 << 20
	attempts  = 5
	firstWait = 100 * time.Millisecond
	maxWait   = 5 * time.Second
	// maxPatience bounds how long a Retry-After is waited for: who is wrong about it must
	// not silence a business for a day.
	maxPatience = 10 * time.Minute
)

// client speaks to the operator. Everything it sends names itself by an id that
// was chosen before the first attempt, so that an attempt whose answer was lost
// can be repeated: the operator does it once.
type client struct {
	origin string
	http   *http.Client
	now    func() time.Time
	wait   func(context.Context, time.Duration) error
	assert func(audience string, now time.Time) (string, error) // makes a client assertion
	prover prover

	mu    sync.Mutex
	token string
	until time.Time // when the token is renewed, half a minute before it ends

	nonce atomic.Pointer[string] // the operator's newest, for the next DPoP proof
}

// call sends in as JSON (nil: no body) and decodes the answer into out (nil: not
// read). It returns *Problem for an answer that says no, and what the transport
// said, wrapped with ErrUnreachable, when there was no answer.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	return c.do(ctx, method, path, in, out, true)
}

// callOpenly is call without a token.
func (c *client) callOpenly(ctx context.Context, method, path string, in, out any) error {
	return c.do(ctx, method, path, in, out, false)
}

func (c *client) do(ctx context.Context, method, path string, in, out any, signed bool) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	var a admission
	return c.retry(ctx, func() error {
		header := http.Header{"Accept": {"application/json, application/problem+json"}}
		if in != nil {
			header.Set("Content-Type", "application/json")
		}
		if signed {
			if err := c.admit(ctx, method, path, header); err != nil {
				return err
			}
		}
		err := c.once(ctx, method, path, header, body, out)
		if signed {
			err = a.again(c, err)
		}
		return err
	})
}

// again marks an error after which the same call is made at once.
type again struct{ error }

func (a *again) Unwrap() error { return a.error }

// retry repeats the call while its error is a passing one: no answer, or an
// answer that blames the server or asks for patience.
func (c *client) retry(ctx context.Context, call func() error) error {
	pause := firstWait
	for try := 1; ; try++ {
		err := call()
		var now *again
		if errors.As(err, &now) {
			continue
		}
		if err == nil || !passing(err) || try == attempts || ctx.Err() != nil {
			return err
		}
		wait := pause/2 + rand.N(pause) // jitter: many clients must not come back together
		var p *Problem
		if errors.As(err, &p) && p.RetryAfter > wait {
			wait = min(p.RetryAfter, maxWait)
		}
		if werr := c.wait(ctx, wait); werr != nil {
			return err
		}
		pause = min(2*pause, maxWait)
	}
}

func passing(err error) bool {
	var p *Problem
	if errors.As(err, &p) {
		return p.Status >= 500 || p.Status == http.StatusTooManyRequests
	}
	return errors.Is(err, ErrUnreachable)
}

func (c *client) once(ctx context.Context, method, path string, header http.Header, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.origin+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = header
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%w from %s: %w", ErrUnreachable, c.origin, withoutAddress(err))
	}
	defer resp.Body.Close()
	c.heard(resp.Header)
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if len(b) > maxAnswer {
		return fmt.Errorf("reading the operator's answer: longer than %d bytes", maxAnswer)
	}
	if resp.StatusCode >= 300 {
		return c.problem(resp, b)
	}
	if p, ok := out.(interface{ patience(time.Duration) }); ok {
		p.patience(retryAfter(resp.Header))
	}
	if out == nil {
		return nil
	}
	// Keys we do not know are the operator's freedom to grow; what is signed is
	// parsed strictly where it is verified.
	if err := json.Unmarshal(b, out); err != nil {
		return errors.New("reading the operator's answer: not the JSON that was expected; is that the operator's address?")
	}
	return nil
}

// withoutAddress drops the URL of a transport error: ids are in it.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// problem is an answer that says no. Where a clock could be why, it says how far ours is
// from the operator's.
func (c *client) problem(resp *http.Response, body []byte) *Problem {
	p := readProblem(resp, body)
	theirs, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return p
	}
	switch p.Status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusConflict, http.StatusUnprocessableEntity:
	default:
		return p
	}
	if off := c.now().Sub(theirs); off.Abs() > 30*time.Second {
		p.ClockOff = off.Round(10 * time.Second) // a Date has whole seconds, and took its time
	}
	return p
}

// retryAfter is when the operator wants to be asked again, within a year; 0 if it does
// not say.
func retryAfter(h http.Header) time.Duration {
	const year = 365 * 24 * time.Hour
	s, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || s < 0 {
		return 0
	}
	return min(time.Duration(s), year/time.Second) * time.Second
}

func readProblem(resp *http.Response, body []byte) *Problem {
	p := &Problem{Status: resp.StatusCode, Title: http.StatusText(resp.StatusCode), RetryAfter: retryAfter(resp.Header)}
	switch t, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); t {
	case "application/problem+json":
	case "application/json": // the token endpoint speaks RFC 6749, section 5.2
		var doc struct {
			Error  string `json:"error"`
			Detail string `json:"error_description"`
		}
		if json.Unmarshal(body, &doc) == nil {
			p.Code, p.Detail = doc.Error, doc.Detail
		}
		return p
	default:
		if p.Status < http.StatusInternalServerError { // a proxy in between may say 502
			p.Detail = "that is not how an operator answers; is that the operator's address?"
		}
		return p
	}
	var doc struct {
		Type      string `json:"type"`
		Title     string `json:"title"`
		Detail    string `json:"detail"`
		Attribute string `json:"attribute"`
		Reason    string `json:"reason"`
		Successor string `json:"successor"`
	}
	if json.Unmarshal(body, &doc) != nil {
		return p
	}
	p.Code = strings.TrimPrefix(doc.Type, "urn:coffer:problem:")
	p.Detail, p.Attribute, p.Reason, p.Successor = doc.Detail, doc.Attribute, doc.Reason, doc.Successor
	if doc.Title != "" {
		p.Title = doc.Title
	}
	return p
}

// sleep waits without outliving the context.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// stream is call for an answer that read takes as it comes. read is asked again from
// the start when an attempt failed in a passing way.
func (c *client) stream(ctx context.Context, path string, in any, read func(io.Reader) error) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	var a admission
	return c.retry(ctx, func() error {
		header := http.Header{"Accept": {"application/x-ndjson, application/problem+json"}, "Content-Type": {"application/json"}}
		if err := c.admit(ctx, http.MethodPost, path, header); err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.origin+path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header = header
		resp, err := c.http.Do(req)
		if err != nil {
			return fmt.Errorf("%w from %s: %w", ErrUnreachable, c.origin, withoutAddress(err))
		}
		defer resp.Body.Close()
		c.heard(resp.Header)
		if resp.StatusCode == http.StatusOK {
			return read(resp.Body)
		}
		b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		if err != nil {
			return fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
		return a.again(c, c.problem(resp, b))
	})
}
