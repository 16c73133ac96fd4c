package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func build(ctx context.Context, folder string) (string, error) {
	to := filepath.Join(folder, "cofferd")
	c := exec.CommandContext(ctx, "go", "build", "-o", to, "./cmd/cofferd")
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("building cofferd: %w; run it in the module's folder, or name a binary with -cofferd", err)
	}
	return to, nil
}

// freeAddress is one that was free a moment ago.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return fmt.Sprintf("localhost:%d", l.Addr().(*net.TCPAddr).Port), nil
}

// initialize makes a data folder without a limit on what a business may ask.
func initialize(ctx context.Context, daemon, folder, address, database string) error {
	c := exec.CommandContext(ctx, daemon, "init", "--data", folder, "--origin", "http://"+address, "--listen", address, "--database", database)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("cofferd init: %w: %s", err, out)
	}
	path := filepath.Join(folder, "cofferd.json")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var config map[string]any
	if err := json.Unmarshal(b, &config); err != nil {
		return err
	}
	config["business_rate"], config["bearer_tokens"] = 0, true
	if b, err = json.Marshal(config); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}

// start runs a program until stop, and returns when it answers.
func start(ctx context.Context, address string, program string, args ...string) (pid int, stop func(), err error) {
	c := exec.CommandContext(ctx, program, args...)
	log, err := os.CreateTemp("", "coffer-load-log-")
	if err != nil {
		return 0, nil, err
	}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		return 0, nil, err
	}
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }()
	stop = func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			_ = c.Process.Kill()
			<-ended
		}
		log.Close()
		os.Remove(log.Name())
	}
	for deadline := time.Now().Add(time.Minute); ; {
		resp, err := http.Get("http://" + address + "/.well-known/oauth-authorization-server")
		if err == nil {
			resp.Body.Close()
			return c.Process.Pid, stop, nil
		}
		select {
		case <-ended:
			text, _ := os.ReadFile(log.Name())
			return 0, nil, fmt.Errorf("%s ended: %s", filepath.Base(program), strings.TrimSpace(string(text)))
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			stop()
			return 0, nil, fmt.Errorf("%s does not answer", filepath.Base(program))
		}
	}
}

// spent is the processor time a process has used, of which the figures per request
// are less in need of an idle machine than those per second. 0 where there is no /proc.
func spent(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	var ticks int64 // user and system, 100 a second on Linux
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// costing runs a measurement and notes what it cost the server.
func costing(pid int, measure func() (measured, error)) (measured, error) {
	before := spent(pid)
	m, err := measure()
	m.cost = spent(pid) - before
	return m, err
}

// bareBody is as long as a gated answer of two attributes.
var bareBody = strings.Repeat("x", 2200)

// bare is the yardstick: a server that answers every request from memory. It writes
// its address and serves until its input ends or it is stopped.
func bare(stdout io.Writer) int {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return 1
	}
	fmt.Fprintln(stdout, l.Addr())
	_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(bareBody)))
		_, _ = io.WriteString(w, bareBody)
	}))
	return 0
}

func measureBare(ctx context.Context, s settings) (measured, error) {
	self, err := os.Executable()
	if err != nil {
		return measured{}, err
	}
	c := exec.CommandContext(ctx, self, "bare")
	out, err := c.StdoutPipe()
	if err != nil {
		return measured{}, err
	}
	if err := c.Start(); err != nil {
		return measured{}, err
	}
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return measured{}, fmt.Errorf("starting the bare server: %w", err)
	}
	address = strings.TrimSpace(address)
	request := []byte("POST /grants/AAAAAAAAAAAAAAAAAAAAAA/collect HTTP/1.1\r\nHost: " + address + "\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"attributes\":[]}")
	m, err := costing(c.Process.Pid, func() (measured, error) {
		return drive(ctx, s, address, func(int) func([]byte) []byte {
			return func(b []byte) []byte { return append(b, request...) }
		})
	})
	m.what = "bare HTTP answer from memory"
	return m, err
}
