// Package telemetry is what a daemon tells whoever watches it: numbers for Prometheus and
// lines for a log. Both have a closed vocabulary, and all of it stands in this package
// (vocabulary.go): what a metric is called, which labels it has and which values these may
// have, and under which keys a line may say something. Nobody can pass a label a free
// string: labels are numbers with a fixed text, and routes are those that were registered.
// There are no traces. FORMAT.md lists the metrics and what to be alarmed by.
//
// # Trust
//
// What is told here leaves the operator's hands more easily than anything else it keeps:
// dashboards, log collectors, a supplier's cloud. So nothing of a shopper may be in it. A
// compromise of this package costs that; it decides nothing.
package telemetry
