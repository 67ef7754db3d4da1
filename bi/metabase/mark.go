package metabase

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// mark stands at the end of the description of everything that is made here:
//
//	(etl SMS delivery: card.delivery_rate 0f1e2d3c4b 0f1e2d3c4b)
//
// The first checksum is of what was meant, the second of what Metabase gave back when it was stored, which need not be
// the same: Metabase normalizes. Meant as before and stored as before is unchanged. Stored otherwise was changed by a
// person, and is left to them. Only the rest may be written.
type mark struct {
	set    string // what the marks of one warehouse share: the name of its connection
	thing  string // card.delivery_rate
	meant  string
	stored string // unfinished until everything is there
}

// unfinished is the checksum of what a broken run has left behind.
const unfinished = "unfinished"

var markForm = regexp.MustCompile(`\n?\(etl ([^():]+): ([a-z_.]+) ([0-9a-f]+|unfinished) ([0-9a-f]+|unfinished)\)\s*$`)

func (m mark) String() string {
	return fmt.Sprintf("(etl %s: %s %s %s)", m.set, m.thing, m.meant, m.stored)
}

// after gives a text with the mark below it.
func (m mark) after(text string) string {
	if text == "" {
		return m.String()
	}
	return text + "\n" + m.String()
}

// readMark splits a description. ok is false where there is no mark, or one of another warehouse.
func readMark(set, description string) (text string, m mark, ok bool) {
	at := markForm.FindStringSubmatchIndex(description)
	if at == nil {
		return description, mark{}, false
	}
	part := func(i int) string { return description[at[2*i]:at[2*i+1]] }
	m = mark{set: part(1), thing: part(2), meant: part(3), stored: part(4)}
	return description[:at[0]], m, m.set == set
}

// checksum is the same for the same content, whatever the order of keys.
func checksum(content any) string {
	sum := sha256.Sum256(encoded(content))
	return hex.EncodeToString(sum[:5])
}

// canonical gives JSON with sorted keys and without what is empty, as Metabase adds and drops empty parts.
func canonical(document json.RawMessage) json.RawMessage {
	var object map[string]json.RawMessage
	var list []json.RawMessage
	switch {
	case json.Unmarshal(document, &object) == nil:
		for _, key := range sortedKeys(object) {
			if object[key] = canonical(object[key]); isEmpty(object[key]) {
				delete(object, key)
			}
		}
		return encoded(object)
	case json.Unmarshal(document, &list) == nil:
		for i := range list {
			list[i] = canonical(list[i])
		}
		return encoded(list)
	case len(document) == 0:
		return encoded(nil)
	}
	return document
}

func isEmpty(document json.RawMessage) bool {
	return slices.Contains([]string{"null", "{}", "[]"}, string(document))
}

// encoded gives a value of this package as JSON.
func encoded(value any) json.RawMessage {
	document, err := json.Marshal(value)
	if err != nil {
		panic(err) // the types are this package's, and encode
	}
	return document
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// identifier gives a name the form of a UUID, the same one each time: Metabase wants ids from whoever writes a question or a
// dashboard.
func identifier(name string) string {
	sum := sha256.Sum256([]byte(name))
	text := hex.EncodeToString(sum[:16])
	return strings.Join([]string{text[:8], text[8:12], "5" + text[13:16], "a" + text[17:20], text[20:32]}, "-")
}
