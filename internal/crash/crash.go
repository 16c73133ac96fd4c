// Package crash names the places where a program that writes may be cut off. In a daemon
// nothing happens there. A test makes its own process die at one of them, again and
// again until all had their turn, and looks at what is left on the disk.
//
// # Trust
//
// Nothing but a test sets [At]; no flag, file or environment variable of a daemon reaches
// it. A compromise costs availability.
package crash

// Point is a place where something is about to be written, or just was.
type Point string

// All that there are; a test lists them from here.
const (
	Begun         Point = "begun"          // a transaction, with nothing in it
	Saved         Point = "saved"          // one writer's savepoint was made
	Released      Point = "released"       // one writer's work is in the transaction
	Committing    Point = "committing"     // before the commit
	Committed     Point = "committed"      // after it, and nobody was told
	Folding       Point = "folding"        // before the log is folded into the file
	Folded        Point = "folded"         // after it
	Rewriting     Point = "rewriting"      // before the file is rewritten
	Rewritten     Point = "rewritten"      // after it; the new pages are in the log
	KeyMaking     Point = "key-making"     // before a vault's key is made
	KeyMade       Point = "key-made"       // after it
	KeyDestroying Point = "key-destroying" // before a vault's key is destroyed
	KeyDestroyed  Point = "key-destroyed"  // it is, and its bytes may be in the file still
	KeyGone       Point = "key-gone"       // they are not, and the database does not know
	BackupBegun   Point = "backup-begun"   // its file is there and empty
	BackupWritten Point = "backup-written" // it is whole and has no name
	BackupNamed   Point = "backup-named"   // it has its name and its old one
	FileWritten   Point = "file-written"   // a small file is whole and has no name
)

// At is nil but in a test's process, which sets it before it begins.
var At func(Point)

// Here is the place.
func Here(p Point) {
	if At != nil {
		At(p)
	}
}
