//go:build unix

package business

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the folder for this process; the kernel gives it back when the
// process ends, however it ends.
func (f folder) lock() (*os.File, error) {
	l, err := os.OpenFile(f.path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(l.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		l.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrInUse
		}
		return nil, err
	}
	return l, nil
}
