package anchor

import (
	"bytes"
	"slices"
)

// Mix puts entries that travel together into an order that tells nothing of who handed
// them in, or when: by leaf, which nobody chooses. Entries of one handle keep their
// order, because a permit must follow its grant; they were linked before.
func Mix(entries []Entry) []Entry {
	leaves := make([]Leaf, len(entries))
	places := map[Handle][]int{} // of each handle's entries, as they came
	for i, e := range entries {
		leaves[i] = e.Leaf()
		places[e.Handle()] = append(places[e.Handle()], i)
	}
	byLeaf := make([]int, len(entries))
	for i := range byLeaf {
		byLeaf[i] = i
	}
	slices.SortStableFunc(byLeaf, func(a, b int) int { return bytes.Compare(leaves[a][:], leaves[b][:]) })
	mixed := make([]Entry, len(entries))
	for to, from := range byLeaf {
		h := entries[from].Handle()
		mixed[to] = entries[places[h][0]]
		places[h] = places[h][1:]
	}
	return mixed
}
