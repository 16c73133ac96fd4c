package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
)

var quickstart = filepath.Join("..", "..", "consent", "quickstart")

// The quick-start is followed as its README says: its commands are run, its shop is
// compiled strictly, and a shopper orders, gives, and withdraws.
func TestQuickstart(t *testing.T) {
	needNode(t)
	w := newWorld(t)
	w.step("follow the quick-start", func() error { return follow(w) })
}

// follow does what the README says.
func follow(w *world) error {
	dir := w.TempDir()
	if err := os.CopyFS(dir, os.DirFS(quickstart)); err != nil {
		return err
	}
	commands := snippets(w.T, "sh")
	lines := strings.Split(strings.TrimSpace(commands[0]), "\n")
	if len(commands) != 1 || len(lines) != 3 || lines[0] != "npm install" {
		return fmt.Errorf("the README's commands are %q", commands)
	}
	// What npm install would bring is installed for the wallet, in the same versions.
	modules, err := filepath.Abs(filepath.Join("..", "..", "wallet-web", "node_modules"))
	if err == nil {
		err = os.Symlink(modules, filepath.Join(dir, "node_modules"))
	}
	if err != nil {
		return err
	}
	compile := exec.Command("sh", "-ec", lines[1])
	compile.Dir = dir
	if out, err := compile.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", lines[1], err, out)
	}
	// The README's addresses are the defaults; here are others.
	l, url := freeListener(w)
	l.Close()
	start := strings.NewReplacer("http://localhost:8080", w.config.Origin, "http://localhost:8082", url).Replace(lines[2])
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	node := exec.CommandContext(ctx, "sh", "-ec", "exec "+start)
	node.Dir = dir
	var stderr bytes.Buffer
	node.Stderr = &stderr
	out, err := node.StdoutPipe()
	if err != nil {
		return err
	}
	if err := node.Start(); err != nil {
		return err
	}
	says := bufio.NewScanner(out)
	err = order(ctx, w, url, says)
	cancel()
	_ = node.Wait() // it was ended
	if err == nil && stderr.Len() > 0 {
		err = errors.New("the shop complains")
	}
	if err != nil {
		return fmt.Errorf("%w\n%s", err, stderr.String())
	}
	return kept(dir)
}

// kept looks at what the shop wrote down: a permit is worth keeping if its opening opens
// what the ledger has.
func kept(dir string) error {
	if info, err := os.Stat(filepath.Join(dir, "shop.json")); err != nil || info.Mode().Perm() != 0o600 {
		return fmt.Errorf("shop.json: %v", err)
	}
	var receipt struct{ Receipt string }
	var permit struct {
		Entry    consent.Bytes
		Document string
		Opening  anchor.Opening
	}
	for name, into := range map[string]any{"receipts.ndjson": &receipt, "permits.ndjson": &permit} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = json.Unmarshal(b, into)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if _, err := agent.VerifyReceipt(receipt.Receipt); err != nil {
		return err
	}
	entry, err := anchor.ParseEntry(permit.Entry)
	if err != nil {
		return err
	}
	if _, err := consent.ParsePermit([]byte(permit.Document)); err != nil {
		return err
	}
	p := entry.(anchor.Permit)
	if p.Scheme != permit.Opening.Scheme {
		return errors.New("the permit's opening is of another scheme")
	}
	return permit.Opening.Verify(p.Commitment, []byte(permit.Document))
}

// order is the shopper at the shop: orders, gives, sees the address, withdraws.
func order(ctx context.Context, w *world, url string, says *bufio.Scanner) error {
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		return err
	}
	person := w.shopper()
	for _, name := range []string{"name", "postal-address"} {
		if err := person.Set(ctx, name, planted[name]); err != nil {
			return err
		}
	}
	if !says.Scan() || says.Text() != "open "+url {
		return fmt.Errorf("the shop says %q", says.Text())
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.Post(url+"/checkout", "", nil)
	if err != nil {
		return err
	}
	res.Body.Close()
	given := map[string]wallettest.Choice{"delivery": {Attributes: []string{"name", "postal-address"}}}
	back, err := decide(ctx, w, person, res.Header.Get("Location"), given, catalogue)
	if err != nil {
		return err
	}
	if res, err = browser.Get(back); err != nil {
		return err
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(page), "77 Gramophone Crescent") {
		return fmt.Errorf("the shop shows %d %s: %v", res.StatusCode, page, err)
	}
	var grant id.Grant
	for g := range person.Held {
		grant = g
	}
	log, err := person.Accesses(ctx, grant)
	if err != nil || len(log) != 1 {
		return fmt.Errorf("access log %+v: %v", log, err)
	}
	if _, err := person.Withdraw(ctx, grant); err != nil {
		return err
	}
	if !says.Scan() || says.Text() != "withdrawn: deleted name, postal-address" {
		return fmt.Errorf("after the withdrawal the shop says %q", says.Text())
	}
	loop, err := person.Loop(ctx, grant)
	if err != nil || loop == nil || loop.Acknowledged == 0 || loop.Stated == 0 {
		return fmt.Errorf("the loop is %+v: %v", loop, err)
	}
	return nil
}

// snippets are the fenced blocks of the README in a language.
func snippets(t *testing.T, language string) (out []string) {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(quickstart, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		out = append(out, m[1])
	}
	if len(out) == 0 {
		t.Fatalf("the README has no %s", language)
	}
	return out
}

// The code in the README is code of the shop, the shop imports the two packages and
// nothing else, and their versions are those that were tested.
func TestQuickstartSaysWhatRuns(t *testing.T) {
	shop, err := os.ReadFile(filepath.Join(quickstart, "shop.ts"))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range snippets(t, "ts") {
		if !strings.Contains(string(shop), code) {
			t.Errorf("shop.ts has no\n%s", code)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^import .* from '(.*)'`).FindAllStringSubmatch(string(shop), -1) {
		if m[1] != "jose" && m[1] != "openid-client" && !strings.HasPrefix(m[1], "node:") {
			t.Errorf("shop.ts imports %s", m[1])
		}
	}
	type versions struct{ Dependencies, DevDependencies map[string]string }
	read := func(path string) (v versions) {
		b, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(b, &v)
		}
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	ours, wallet := read(filepath.Join(quickstart, "package.json")), read(filepath.Join("..", "..", "wallet-web", "package.json"))
	for _, list := range []map[string]string{ours.Dependencies, ours.DevDependencies} {
		for name, version := range list {
			if wallet.Dependencies[name] != version && wallet.DevDependencies[name] != version {
				t.Errorf("%s %s is not the version that the wallet has", name, version)
			}
		}
	}
	if len(ours.Dependencies) != 2 {
		t.Errorf("the quick-start depends on %v", ours.Dependencies)
	}
	readme, _ := os.ReadFile(filepath.Join(quickstart, "README.md"))
	if n := bytes.Count(readme, []byte("\n")); n > 60 {
		t.Errorf("the README has %d lines", n)
	}
}
