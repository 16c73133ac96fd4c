// Package audit holds a business's trail against the ledger.
//
// # Trust
//
// (being written)
package audit
