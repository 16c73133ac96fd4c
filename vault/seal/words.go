package seal

import (
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// english is the English list of BIP-39, one word a line.
//
//go:embed english.txt
var english string

// wordCount is how many words stand for 32 bytes.
const wordCount = 24

// ErrWords means that words are not those of a sheet. Which one is wrong is in the
// message by its place; no word ever is.
var ErrWords = errors.New("not the words of a sheet")

// Words writes 32 bytes as 24 words (BIP-39, English): eleven bits each, the last eight a
// checksum.
func Words(entropy [32]byte) []string {
	list := strings.Fields(english)
	sum := sha256.Sum256(entropy[:])
	bits := append(entropy[:], sum[0])
	out := make([]string, wordCount)
	for i := range out {
		at := 0
		for b := i * 11; b < (i+1)*11; b++ {
			at = at<<1 | int(bits[b/8]>>(7-b%8)&1)
		}
		out[i] = list[at]
	}
	return out
}

// ParseWords reads what Words wrote, as a person typed it: case, line breaks, commas and
// numbers before the words do not matter.
func ParseWords(typed string) ([32]byte, error) {
	words := strings.FieldsFunc(strings.ToLower(typed), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsDigit(r) || strings.ContainsRune(",;.:)", r)
	})
	if len(words) != wordCount {
		return [32]byte{}, fmt.Errorf("%d words, want %d: %w", len(words), wordCount, ErrWords)
	}
	places := map[string]int{}
	for i, w := range strings.Fields(english) {
		places[w] = i
	}
	var bits [33]byte
	for i, w := range words {
		at, known := places[w]
		if !known {
			return [32]byte{}, fmt.Errorf("word %d is not on the list: %w", i+1, ErrWords)
		}
		for b := range 11 {
			bits[(i*11+b)/8] |= byte(at>>(10-b)&1) << (7 - (i*11+b)%8)
		}
	}
	entropy := [32]byte(bits[:32])
	if sum := sha256.Sum256(entropy[:]); sum[0] != bits[32] {
		return [32]byte{}, fmt.Errorf("at least one word is another than on the sheet: %w", ErrWords)
	}
	return entropy, nil
}
