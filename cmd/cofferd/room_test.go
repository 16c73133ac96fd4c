package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/internal/sqldb"
	"coffer/internal/wallettest"
	"coffer/vault/vaulttest"
)

// onSmallDisk is what the process of a test does in a file system of its own: it is the
// daemon on a data folder that has 4 MiB, and whose ledger is elsewhere; or, with read-only
// first, on a folder that nobody can write.
func onSmallDisk(ctx context.Context, args []string) int {
	readOnly := args[0] == "read-only"
	if readOnly {
		args = args[1:]
	}
	folder, ledger := args[0], args[1]
	err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=4m")
	if err == nil {
		err = os.Symlink(ledger, ledgerPath(folder))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "making a small disk:", err)
		return 3
	}
	if readOnly {
		if code := run(ctx, []string{"init", "--data", folder}, os.Stdout, os.Stderr); code != 0 {
			return 3
		}
		if err := syscall.Mount("tmpfs", folder, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			fmt.Fprintln(os.Stderr, "making it read-only:", err)
			return 3
		}
		return run(ctx, []string{"serve", "--data", folder, "--listen", args[2]}, os.Stdout, os.Stderr)
	}
	return run(ctx, []string{"serve", "--dev", "--data", folder, "--listen", args[2], "--origin", args[3]}, os.Stdout, os.Stderr)
}

// apart makes a command run in a file system and as a user of its own, who may mount.
func apart(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), "COFFERD_TEST=small-disk")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}}
	return c
}

// TestNoRoom: the disk under the store is full. Who writes hears that, and what to do;
// who reads notices nothing; and with room again writing goes on without a restart.
func TestNoRoom(t *testing.T) {
	l, origin := freeListener(t)
	address := l.Addr().String()
	l.Close()
	folder, ledger := filepath.Join(t.TempDir(), "coffer"), filepath.Join(t.TempDir(), "ledger")
	if err := errors.Join(os.Mkdir(folder, 0o700), os.Mkdir(ledger, 0o700)); err != nil {
		t.Fatal(err)
	}
	var said noise
	daemon := apart(folder, ledger, address, origin)
	daemon.Stdout, daemon.Stderr = &said, &said
	if err := daemon.Start(); err != nil {
		t.Fatalf("starting in a file system of its own: %v; allow user namespaces (sysctl user.max_user_namespaces)", err)
	}
	ended := make(chan struct{})
	go func() { daemon.Wait(); close(ended) }()
	t.Cleanup(func() { daemon.Process.Kill(); <-ended })
	if err := eventually(func() (bool, error) {
		select {
		case <-ended:
			return false, fmt.Errorf("the daemon ended: %s", said.String())
		default:
		}
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil, nil
	}); err != nil {
		t.Fatal(err)
	}

	ctx := t.Context()
	s := wallettest.New(origin)
	if err := s.Open(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Set(ctx, "name", planted["name"]); err != nil {
		t.Fatal(err)
	}
	filler := fmt.Sprintf("/proc/%d/root%s/filler", daemon.Process.Pid, folder)
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if f.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal("filling the disk: ", err)
	}

	refused := 0
	for i := 0; refused < 3; i++ {
		if i == 300 {
			t.Fatal("the disk does not get full")
		}
		err := s.Set(ctx, "name", fmt.Sprintf("version %d %s", i, strings.Repeat("x", 3000)))
		if err == nil {
			continue
		}
		p, ok := errors.AsType[*vaulttest.Refused](err)
		if !ok || p.Status != 507 || !errors.Is(err, vaulttest.Code("no-room")) {
			t.Fatalf("writing on a full disk: %v, want 507 no-room", err)
		}
		refused++
		if err := s.Stored(ctx); err != nil { // reads go on, and have all that was acknowledged
			t.Fatalf("reading on a full disk: %v", err)
		}
	}
	if said := said.String(); !strings.Contains(said, "make room, and writing goes on by itself") {
		t.Errorf("the log says nothing of it: %s", said)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := s.Set(ctx, "shoe-size", planted["shoe-size"]); err != nil {
		t.Errorf("writing with room again: %v", err)
	}
	if err := s.Stored(ctx); err != nil {
		t.Error(err)
	}
}

// A folder that cannot be written is refused, with what to do.
func TestReadOnlyFolder(t *testing.T) {
	l, _ := freeListener(t)
	address := l.Addr().String()
	l.Close()
	folder, ledger := filepath.Join(t.TempDir(), "coffer"), filepath.Join(t.TempDir(), "ledger")
	if err := errors.Join(os.Mkdir(folder, 0o700), os.Mkdir(ledger, 0o700)); err != nil {
		t.Fatal(err)
	}
	out, err := apart("read-only", folder, ledger, address).CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 1 || !bytes.Contains(out, []byte("read-only file system; let the user that cofferd runs as write the folder")) {
		t.Errorf("%v: %s", err, out)
	}
}

// A damaged page is named by fsck before anything believes the file, and a file that does
// not even begin right is refused by serve; both say what to do.
func TestDamagedDatabase(t *testing.T) {
	l, origin := freeListener(t)
	address := l.Addr().String()
	l.Close()
	folder := filepath.Join(t.TempDir(), "coffer")
	config := Defaults()
	config.Origin, config.Listen, config.Chain = origin, address, "damaged"
	if err := create(folder, config); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(databasePath(folder))
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for _, c := range []struct {
		name, command string
		from, to      int
		says          string
	}{
		{"the last pages, for fsck", "fsck", len(whole) - 6*page, len(whole), "the database is damaged: "},
		{"pages in the middle, for fsck", "fsck", 30 * page, 40 * page, sqldb.ErrDamaged.Error()},
		{"the first page, for fsck", "fsck", 0, page, sqldb.ErrDamaged.Error()},
		{"the first page, for serve", "serve", 0, page, sqldb.ErrDamaged.Error()},
		{"the tables' own page, for serve", "serve", 100, page, sqldb.ErrDamaged.Error()},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := bytes.Clone(whole)
			for i := c.from; i < c.to; i++ {
				b[i] = 0xa5
			}
			if err := os.WriteFile(databasePath(folder), b, 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if code := run(t.Context(), []string{c.command, "--data", folder}, &out, &out); code != 1 || !strings.Contains(out.String(), c.says) || !strings.Contains(out.String(), "cofferd restore --help") {
				t.Errorf("status %d: %s", code, out.String())
			}
		})
	}
}

// Two daemons do not work on one folder: the second says so and touches nothing.
func TestTwoDaemonsOneFolder(t *testing.T) {
	w := newWorld(t)
	l, _ := freeListener(t)
	address := l.Addr().String()
	l.Close()
	out, err := func() ([]byte, error) {
		c := exec.Command(os.Args[0], "serve", "--dev", "--data", w.folder, "--listen", address)
		c.Env = append(os.Environ(), "COFFERD_TEST=cofferd")
		return c.CombinedOutput()
	}()
	if err == nil || !bytes.Contains(out, []byte("another cofferd is working on this data folder; stop it first")) {
		t.Errorf("%v: %s", err, out)
	}
	s := w.shopper()
	w.step("the first goes on", func() error { return s.Set(t.Context(), "name", "x") })
}
