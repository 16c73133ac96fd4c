package coffer

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// QR draws a request's link as an SVG image, one path with the quiet zone of four
// modules that readers need, to be put into a page as it is.
func QR(link string) (string, error) {
	code, err := qr.Encode(link, qr.M)
	if err != nil {
		return "", fmt.Errorf("drawing the QR code: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+4, y+4, run, run)
				x += run
			}
		}
	}
	size := code.Size + 8
	return fmt.Sprintf(
		`<svg viewBox="0 0 %d %d" role="img" aria-label="QR code of the request's link" shape-rendering="crispEdges"><path d="%s"/></svg>`,
		size, size, path.String()), nil
}
