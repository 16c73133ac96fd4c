package agent_test

import (
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/hyperledger/aries-framework-go/pkg/common/log"

	"coffer/consent"
	"coffer/consent/agent"
)

// aries would print headers and bodies; nothing of that may reach a log. Its
// logger took its file when the program started, so the file is watched.
func TestSilence(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range []int{1, 2} {
		kept, err := syscall.Dup(fd)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Dup3(int(w.Fd()), fd, 0); err != nil {
			t.Fatal(err)
		}
		defer syscall.Close(kept)
		defer syscall.Dup3(kept, fd, 0)
	}
	key := agreement(t, "person")
	_, jws := write(t)
	packed, _ := agent.PackMessage(jws, consent.NewAgreementKey(key.PublicKey()))
	agent.UnpackMessage(packed, key)
	agent.UnpackMessage(packed, agreement(t, "other"))
	agent.UnpackMessage(`{"canary":1}`, key)
	log.New("coffer-canary").Errorf("canary")
	os.Stdout.WriteString("end")
	out := make([]byte, 4096)
	n, err := r.Read(out)
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	if string(out[:n]) != "end" {
		t.Errorf("printed %d bytes", n-3)
	}
}
