package main

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"

	"coffer/consent"
	"coffer/consent/audit"
)

//go:embed page.html
var pageText string

//go:embed style.html
var styleText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"words": inWords, "duration": duration, "moment": moment, "momentOf": momentOf, "basis": basis, "listed": listed,
	"right": func(r string) string {
		if said := rightsInWords[r]; said != "" {
			return said
		}
		return inWords(r)
	},
	"ended": func(r consent.Receipt) [2]string { what, since := ended(r); return [2]string{what, since} },
	"web":   func(s string) bool { return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") },
}).Parse(styleText + pageText))

// writePage writes a receipt as a page for people: one file, no script, nothing
// fetched. What the receipt says is shown only if its signature holds.
func writePage(w io.Writer, v audit.Verified, chain string, validators int) error {
	data := struct {
		audit.Verified
		Sound      bool
		Sentence   string
		Broken     []audit.Check
		Chain      string
		Validators int
		Claims     string
		Data       template.JS
	}{Verified: v, Sound: audit.Sound(v.Checks), Chain: chain, Validators: validators}
	for _, c := range v.Checks {
		if c.Outcome == audit.Failed {
			data.Broken = append(data.Broken, c)
		}
	}
	if v.Receipt != nil {
		data.Sentence = sentence(*v.Receipt)
		data.Claims = pretty(v.Bundle.Receipt)
	}
	// json.Marshal writes < > & as escapes, so no byte of it ends the element.
	data.Data = template.JS(v.Bundle.Bytes())
	return page.Execute(w, data)
}

// pretty is what a JWT says, indented.
func pretty(jwt string) string {
	var b bytes.Buffer
	parts := strings.Split(jwt, ".")
	claims, err := base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)])
	if err != nil || json.Indent(&b, claims, "", " ") != nil {
		return ""
	}
	return b.String()
}

const (
	blockBegins = `<script type="application/json" id="receipt">`
	blockEnds   = `</script>`
)

// bundleIn is the receipt in a file: the file itself, or the data block of a page
// that writePage wrote.
func bundleIn(file []byte) ([]byte, error) {
	if !bytes.HasPrefix(bytes.ToLower(bytes.TrimSpace(file)), []byte("<!doctype html")) {
		return file, nil
	}
	_, rest, begins := bytes.Cut(file, []byte(blockBegins))
	block, _, ends := bytes.Cut(rest, []byte(blockEnds))
	if !begins || !ends {
		return nil, fmt.Errorf("the page holds no receipt; ask for the file that it was made of")
	}
	return block, nil
}
