package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/internal/crash"
	"coffer/internal/wallettest"
)

// dying is cofferd that kills itself when it comes to a point: its first argument is the
// point and at which visit, as in "committed:3".
func dying(ctx context.Context, args []string) int {
	point, n, _ := strings.Cut(args[0], ":")
	left, _ := strconv.Atoi(n)
	crash.At = func(p crash.Point) {
		if p != crash.Point(point) {
			return
		}
		if left--; left == 0 {
			time.Sleep(20 * time.Millisecond) // so that who was told too early says so
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it is dead
		}
	}
	return run(ctx, args[1:], os.Stdout, os.Stderr)
}

func killedThere(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// TestDaemonKilledAtPoints kills a daemon at the points at which a vault begins and ends
// and at which everybody's writing ends, one after another on the same folder. What was
// acknowledged is there afterwards, what was not is there whole or not at all, and fsck
// finds nothing. The points inside the database have a test of their own (sqldb).
func TestDaemonKilledAtPoints(t *testing.T) {
	l, origin := freeListener(t)
	address := l.Addr().String()
	l.Close()
	folder := filepath.Join(t.TempDir(), "coffer")
	config := Defaults()
	config.Origin, config.Listen, config.Dev, config.Chain, config.ErasureHours = origin, address, true, "points", 0
	if err := create(folder, config); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	keeps := wallettest.New(origin) // acknowledged before the first kill, and never lost
	type step struct {
		point crash.Point
		visit int
		do    func(*wallettest.Wallet) error // during which it dies
	}
	opens := func(s *wallettest.Wallet) error { return s.Open(ctx) }
	erases := func(s *wallettest.Wallet) error {
		if err := s.Open(ctx); err != nil {
			return fmt.Errorf("not there yet: %w", err)
		}
		if err := s.Set(ctx, "name", "x"); err != nil {
			return fmt.Errorf("not there yet: %w", err)
		}
		return s.Erase(ctx)
	}
	for i, p := range []step{
		{crash.Committed, 30, func(s *wallettest.Wallet) error {
			if err := s.Open(ctx); err != nil {
				return err
			}
			for {
				if err := s.Set(ctx, "name", "y"); err != nil {
					return err
				}
			}
		}},
		{crash.KeyMaking, 1, opens},
		{crash.KeyMade, 1, opens},
		{crash.KeyDestroying, 1, erases},
		{crash.KeyDestroyed, 1, erases},
		{crash.KeyGone, 1, erases},
	} {
		t.Run(string(p.point), func(t *testing.T) {
			daemon := process(t, "dying", address, fmt.Sprintf("%s:%d", p.point, p.visit), "serve", "--dev", "--data", folder)
			if i == 0 {
				if err := errors.Join(keeps.Open(ctx), keeps.Set(ctx, "name", planted["name"])); err != nil {
					t.Fatal(err)
				}
			} else if err := keeps.Stored(ctx); err != nil {
				t.Errorf("after the kill before: %v", err)
			}
			s := wallettest.New(origin)
			if err := p.do(s); err == nil || strings.Contains(err.Error(), "not there yet") {
				t.Fatalf("it was not killed on the way: %v", err)
			}
			if err := daemon.Wait(); !killedThere(err) {
				t.Fatalf("it ended otherwise: %v", err)
			}
			var out bytes.Buffer
			if code := run(ctx, []string{"fsck", "--data", folder}, &out, &out); code != 0 {
				t.Errorf("fsck after it: %s", out.String())
			}
		})
	}
}

// TestBackupKilled kills cofferd backup while it writes: there is no file under the name
// that was wanted, or a whole one, and the next backup is not in its way.
func TestBackupKilled(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "coffer")
	config := Defaults()
	config.Chain = "backups"
	if err := create(folder, config); err != nil {
		t.Fatal(err)
	}
	for _, p := range []crash.Point{crash.BackupBegun, crash.BackupWritten, crash.BackupNamed, crash.FileWritten} {
		t.Run(string(p), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "backup")
			c := exec.Command(os.Args[0], string(p)+":1", "backup", "--data", folder, path)
			c.Env = append(os.Environ(), "COFFERD_TEST=dying")
			if out, err := c.CombinedOutput(); !killedThere(err) {
				t.Fatalf("it was not killed there: %v: %s", err, out)
			}
			if _, err := os.Stat(path); err == nil == (p == crash.BackupBegun || p == crash.BackupWritten) {
				t.Errorf("the file: %v", err)
			}
			if _, err := os.Stat(path); err != nil {
				var out bytes.Buffer
				if code := run(t.Context(), []string{"backup", "--data", folder, path}, &out, &out); code != 0 {
					t.Fatalf("the next backup: %s", out.String())
				}
			}
			var out bytes.Buffer
			if code := run(t.Context(), []string{"fsck", "--backup", path}, &out, &out); code != 0 {
				t.Errorf("the backup: %s", out.String())
			}
		})
	}
}
