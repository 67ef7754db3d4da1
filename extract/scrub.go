package extract

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// shortest is the length from which a secret is looked for in texts. Shorter ones would blank out ordinary words.
const shortest = 4

// Scrubber takes secrets out of what a vendor said before it is kept or shown: error pages like to repeat the request.
type Scrubber struct{ replacer *strings.Replacer }

// NewScrubber gives a scrubber of the secrets: plain, in base64, in hex, and escaped for URLs, JSON and HTML.
func NewScrubber(secrets ...string) *Scrubber {
	var forms []string
	for _, s := range secrets {
		if len(s) < shortest {
			continue
		}
		b := []byte(s)
		quoted, _ := json.Marshal(s) //nolint:errchkjson // a string always marshals
		forms = append(forms, s,
			base64.StdEncoding.EncodeToString(b), base64.RawStdEncoding.EncodeToString(b),
			base64.URLEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b),
			hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
			url.QueryEscape(s), url.PathEscape(s),
			strings.Trim(string(quoted), `"`), html.EscapeString(s))
	}
	// The longest form first: a secret that is part of another must not leave the other's tail.
	slices.SortFunc(forms, func(a, b string) int {
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	forms = slices.Compact(forms)
	pairs := make([]string, 0, 2*len(forms))
	for _, f := range forms {
		pairs = append(pairs, f, "[secret]")
	}
	return &Scrubber{strings.NewReplacer(pairs...)}
}

// Bytes gives b without the secrets.
func (s *Scrubber) Bytes(b []byte) []byte { return []byte(s.replacer.Replace(string(b))) }

// Text gives a vendor's words for use in an error: without the secrets, on one line, at most 200 bytes.
func (s *Scrubber) Text(words string) string {
	const most = 200
	words = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s.replacer.Replace(words))
	words = strings.Join(strings.Fields(words), " ")
	if len(words) > most {
		words = strings.ToValidUTF8(words[:most], "") + "..."
	}
	return words
}
