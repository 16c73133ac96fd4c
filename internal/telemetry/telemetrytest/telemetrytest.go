// Package telemetrytest holds what a daemon tells Prometheus to the vocabulary.
//
// # Trust
//
// For tests only. It reads the text itself, so that no mistake of the library that wrote
// it is made twice.
package telemetrytest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"coffer/internal/telemetry"
)

var (
	sample = regexp.MustCompile(`^([a-z_]+)(?:\{(.*)\})? [-+0-9.eEINanf]+$`)
	label  = regexp.MustCompile(`([a-z]+)="((?:[^"\\]|\\.)*)",?`)
	figure = regexp.MustCompile(`^([0-9.e+-]+|\+Inf)$`)
)

// Words reports every metric, label and value in the text that is not in the vocabulary,
// and how many samples it read.
func Words(text, version string, routes []string) (wrong []string, samples int) {
	allowed := telemetry.Labels(version, routes)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m := sample.FindStringSubmatch(line)
		if m == nil {
			wrong = append(wrong, fmt.Sprintf("a line of another form: %.60s", line))
			continue
		}
		samples++
		if !strings.HasPrefix(m[1], "coffer_") && !strings.HasPrefix(m[1], "go_") && !strings.HasPrefix(m[1], "process_") {
			wrong = append(wrong, "metric "+m[1])
		}
		if rest := label.ReplaceAllString(m[2], ""); rest != "" {
			wrong = append(wrong, fmt.Sprintf("labels of another form in %s", m[1]))
		}
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			if l[1] == "le" || l[1] == "quantile" {
				if !figure.MatchString(l[2]) {
					wrong = append(wrong, fmt.Sprintf("%s{%s=%q}", m[1], l[1], l[2]))
				}
			} else if !slices.Contains(allowed[l[1]], l[2]) {
				wrong = append(wrong, fmt.Sprintf("%s{%s=%q}", m[1], l[1], l[2]))
			}
		}
	}
	return wrong, samples
}
