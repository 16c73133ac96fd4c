package agent

import (
	"github.com/hyperledger/aries-framework-go/component/log"
	spi "github.com/hyperledger/aries-framework-go/spi/log"
)

// aries takes its logger once, before the first line, or prints to standard
// error; so this cannot wait for New.
func init() { log.Initialize(silence{}) }

// silence is aries' logger. Its lines hold headers and bodies of what people send
// each other; what we need to know comes back as errors.
type silence struct{}

func (silence) GetLogger(string) spi.Logger { return silence{} }

func (silence) Debugf(string, ...any) {}
func (silence) Infof(string, ...any)  {}
func (silence) Warnf(string, ...any)  {}
func (silence) Errorf(string, ...any) {}
func (silence) Fatalf(string, ...any) {} // it must not end the program either
func (silence) Panicf(string, ...any) { panic("aries") }
