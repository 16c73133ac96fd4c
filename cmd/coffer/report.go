package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"slices"
	"time"

	"coffer/consent"
	"coffer/consent/audit"
)

//go:embed report.html
var reportText string

var reportPage = template.Must(template.New("report").Funcs(template.FuncMap{
	"date": func(u consent.Unix) string { return u.Time().UTC().Format(time.RFC1123) },
}).Parse(styleText + reportText))

// foundOf is how often one kind of finding came.
type foundOf struct {
	N     int
	Means string
}

// writeReport writes an audit's report as a page for people: one file, no script,
// nothing fetched.
func writeReport(path string, r audit.Report) error {
	var kinds []foundOf
	for _, f := range r.Findings {
		i := slices.IndexFunc(kinds, func(k foundOf) bool { return k.Means == f.Means })
		if i < 0 {
			i, kinds = len(kinds), append(kinds, foundOf{Means: f.Means})
		}
		kinds[i].N++
	}
	var b bytes.Buffer
	err := reportPage.Execute(&b, struct {
		audit.Report
		Kinds []foundOf
	}{r, kinds})
	if err == nil {
		err = os.WriteFile(path, b.Bytes(), 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
