package anchorhttp

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"coffer/anchor"
	"coffer/internal/httpjson"
)

// tileWidth is how many hashes or entries a full tile has.
const tileWidth = 256

// maxLevel is the highest level of c2sp.org/tlog-tiles.
const maxLevel = 63

// static are answers that are files as well as answers: they never change, so
// caches, mirrors and plain file servers may hold them.
func static(r *mux.Router, path string, read func(context.Context, map[string]string) ([]byte, error)) {
	raw(r, path, "application/octet-stream", "public, max-age=31536000, immutable", read)
}

func raw(r *mux.Router, path, contentType, caching string, read func(context.Context, map[string]string) ([]byte, error)) {
	r.HandleFunc(prefix+path, func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), patience)
		defer cancel()
		body, err := read(ctx, mux.Vars(r))
		if err != nil {
			httpjson.Refuse(w, problem(err))
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Cache-Control", caching)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(body) // the client left; nothing to tell it
	}).Methods(http.MethodGet, http.MethodHead)
}

// publish adds the routes of c2sp.org/tlog-tiles; the log's prefix is
// /ledger/v1.
func publish(r *mux.Router, l anchor.Publication) {
	const text, fresh = "text/plain; charset=utf-8", "no-cache"
	raw(r, "/checkpoint", text, fresh, func(ctx context.Context, _ map[string]string) ([]byte, error) { return l.Checkpoint(ctx) })
	raw(r, "/checkpoint-key", text, fresh, func(context.Context, map[string]string) ([]byte, error) {
		return []byte(l.CheckpointKey() + "\n"), nil
	})
	static(r, "/tile/entries/{tile:.+}", func(ctx context.Context, vars map[string]string) ([]byte, error) {
		index, width, ok := parseTile(vars["tile"])
		if !ok {
			return nil, badTile
		}
		return bundle(ctx, l, index, width)
	})
	static(r, "/tile/{level:[0-9]+}/{tile:.+}", func(ctx context.Context, vars map[string]string) ([]byte, error) {
		level, err := strconv.ParseUint(vars["level"], 10, 8)
		index, width, ok := parseTile(vars["tile"])
		if err != nil || level > maxLevel || strconv.FormatUint(level, 10) != vars["level"] || !ok {
			return nil, badTile
		}
		hashes, err := l.Subtrees(ctx, 8*uint(level), index*tileWidth, width)
		if err != nil {
			return nil, err
		}
		body := make([]byte, 0, 32*width)
		for _, h := range hashes {
			body = append(body, h[:]...)
		}
		return body, nil
	})
}

var badTile = invalid("a tile is <level or entries>/<index as in x001/x234/067>, then .p/<1 to 255> if it is not full")

// bundle is entries with their lengths in front.
func bundle(ctx context.Context, l anchor.Publication, index uint64, width int) ([]byte, error) {
	entries, err := l.Range(ctx, index*tileWidth, width)
	if err != nil {
		return nil, err
	}
	body := make([]byte, 0, width*(2+anchor.GrantSize))
	for _, e := range entries {
		b := e.Bytes()
		body = append(binary.BigEndian.AppendUint16(body, uint16(len(b))), b...)
	}
	return body, nil
}

// parseTile reads an index and a width: x001/x234/067 is a full tile,
// x001/x234/067.p/8 has 8 hashes. One tile has one spelling.
func parseTile(s string) (index uint64, width int, ok bool) {
	width = tileWidth
	if path, partial, cut := strings.Cut(s, ".p/"); cut {
		w, err := strconv.ParseUint(partial, 10, 8)
		if err != nil || w == 0 || strconv.FormatUint(w, 10) != partial {
			return 0, 0, false
		}
		s, width = path, int(w)
	}
	digits := strings.NewReplacer("/", "", "x", "").Replace(s)
	// 15 digits, times the width of a tile, are far from 2^64.
	if len(digits) > 15 {
		return 0, 0, false
	}
	index, err := strconv.ParseUint(digits, 10, 64)
	return index, width, err == nil && tilePath(index) == s
}

// tilePath is an index as path elements of three digits.
func tilePath(index uint64) string {
	path := fmt.Sprintf("%03d", index%1000)
	for index >= 1000 {
		index /= 1000
		path = fmt.Sprintf("x%03d/%s", index%1000, path)
	}
	return path
}
