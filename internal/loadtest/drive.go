package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// measured is one row of the table.
type measured struct {
	vaults    int
	what      string
	count     int // of requests or attributes
	perSecond float64
	took      []time.Duration // ascending
	errors    int
	cost      time.Duration // of the server's processor time, all in all
}

// at is a percentile in milliseconds.
func (m measured) at(percent int) float64 {
	return float64(m.took[min(len(m.took)-1, len(m.took)*percent/100)].Microseconds()) / 1000
}

// drive lets clients ask again and again, each on a connection of its own. requests
// makes what a client asks: it appends a whole HTTP request. A client of net/http
// would take more of the machine than what it measures.
func drive(ctx context.Context, s settings, address string, requests func(client int) func([]byte) []byte) (m measured, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.each)
	defer cancel()
	took := make([][]time.Duration, s.clients)
	failed := make([]int, s.clients)
	problems := make([]error, s.clients)
	var wg sync.WaitGroup
	begin := time.Now()
	for c := range s.clients {
		wg.Go(func() {
			next := requests(c)
			conn, err := net.Dial("tcp", address)
			if err != nil {
				problems[c] = err
				return
			}
			defer conn.Close()
			in := bufio.NewReaderSize(conn, 16<<10)
			var out []byte
			for ctx.Err() == nil {
				out = next(out[:0])
				sent := time.Now()
				if _, err := conn.Write(out); err != nil {
					problems[c] = err
					return
				}
				status, err := answer(in)
				if err != nil {
					problems[c] = err
					return
				}
				took[c] = append(took[c], time.Since(sent))
				if status != 200 {
					failed[c]++
				}
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(begin)
	m.took = slices.Concat(took...)
	slices.Sort(m.took)
	for c := range failed {
		m.errors += failed[c]
	}
	m.count = len(m.took)
	m.perSecond = float64(len(m.took)-m.errors) / elapsed.Seconds()
	return m, errors.Join(problems...)
}

var (
	lengthHeader  = []byte("Content-Length: ")
	chunkedHeader = []byte("Transfer-Encoding: chunked")
)

// answer reads one response of net/http's server and drops its body.
func answer(in *bufio.Reader) (status int, err error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, fmt.Errorf("status line of %d bytes", len(line))
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length, chunked := -1, false
	for {
		if line, err = in.ReadSlice('\n'); err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if n, ok := bytes.CutPrefix(line, lengthHeader); ok {
			if length, err = strconv.Atoi(string(n)); err != nil {
				return 0, err
			}
		}
		chunked = chunked || bytes.Equal(line, chunkedHeader)
	}
	switch {
	case length >= 0:
		_, err = in.Discard(length)
		return status, err
	case !chunked:
		return 0, errors.New("an answer without a length")
	}
	for {
		if line, err = in.ReadSlice('\n'); err != nil {
			return 0, err
		}
		n, err := strconv.ParseInt(string(bytes.TrimRight(line, "\r\n")), 16, 32)
		if err != nil {
			return 0, err
		}
		if _, err := in.Discard(int(n) + 2); err != nil {
			return 0, err
		}
		if n == 0 {
			return status, nil
		}
	}
}

// count reads a stream of lines, and returns how many of a kind came and the last line.
func count(body io.Reader, kind []byte) (n int, last []byte, err error) {
	in := bufio.NewReaderSize(body, 256<<10)
	for {
		line, err := in.ReadSlice('\n')
		if err == io.EOF {
			return n, last, nil
		}
		if err != nil {
			return n, last, err
		}
		if bytes.HasPrefix(line, kind) {
			n++
		}
		last = append(last[:0], line...)
	}
}
