//go:build !unix

package business

import "os"

// lock only opens the file where there is no flock: there, whoever runs two
// processes on one folder must not.
func (f folder) lock() (*os.File, error) {
	return os.OpenFile(f.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
}
