package transform

import (
	_ "embed"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Country gives the ISO 3166-1 alpha-2 code of a country or region that a vendor names: by its code of two or three
// letters, its name in English or Chinese, or the dial code that numbers of it start with (86, +86, 0086; 1242 for the
// Bahamas, which share +1). ok is false for what no table knows.
//
// Names are those of the Unicode CLDR, by golang.org/x/text, with the spellings beside them that consoles use.
func Country(text string) (iso string, ok bool) {
	key := plainCountry(text)
	if key == "" {
		return "", false
	}
	names, dials := countryTables()
	if key[0] >= '0' && key[0] <= '9' {
		return dialCountry(dials, strings.TrimPrefix(key, "00"))
	}
	if iso, ok := names[key]; ok {
		return iso, true
	}
	if len(key) == 2 || len(key) == 3 {
		region, err := language.ParseRegion(strings.ToUpper(key))
		if err == nil && region.IsCountry() {
			return region.Canonicalize().String(), true
		}
	}
	return "", false
}

// plainCountry gives a name as it is compared.
func plainCountry(text string) string {
	text = strings.ToLower(text)
	text = strings.NewReplacer("&", "and", "saint ", "st ", "st. ", "st ").Replace(text)
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 0x80 && !strings.ContainsRune("’‘（）·，、。 \u00a0\u3000·", r):
			return r
		default:
			return -1
		}
	}, text)
}

// countryTable has a country a line: its code, its dial codes and its spellings, between tabs.
//
// Dial codes: ITU-T E.164, list of assigned country codes, and the North American Numbering Plan's areas outside of the
// United States. Where several countries share one, it stands at the largest. Spellings: names that the tables of CLDR
// lack, or could lose when it follows a country that renames itself.
//
//go:embed country.tsv
var countryTable string

// countryTables gives the codes of the names in English and Chinese, and of the dial codes.
var countryTables = sync.OnceValues(func() (names, dials map[string]string) {
	names, dials = make(map[string]string), make(map[string]string)
	english, chinese := display.English.Regions(), display.Chinese.Regions()
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			region, err := language.ParseRegion(string([]rune{a, b}))
			if err != nil || !region.IsCountry() || region.Canonicalize() != region {
				continue
			}
			for _, name := range []string{english.Name(region), chinese.Name(region)} {
				if key := plainCountry(name); len(key) > 1 {
					names[key] = region.String()
				}
			}
		}
	}
	for line := range strings.Lines(countryTable) {
		cells := strings.Split(strings.TrimSpace(line), "\t")
		iso, spellings := cells[0], cells[2:]
		for dial := range strings.SplitSeq(cells[1], ",") {
			dials[dial] = iso
		}
		for _, name := range spellings {
			names[plainCountry(name)] = iso
		}
	}
	return names, dials
})

// dialCountry gives the country of a dial code.
func dialCountry(dials map[string]string, dial string) (iso string, ok bool) {
	iso, ok = dials[dial]
	switch {
	case !ok && len(dial) == 4 && dial[0] == '1':
		return "US", dial[1] >= '2' // an area of North America, which start at 2
	case !ok && len(dial) == 2 && dial[0] == '7':
		return "RU", true
	}
	return iso, ok
}
