package transform

import (
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

func TestCountry(t *testing.T) {
	for text, want := range map[string]string{
		"CN": "CN", "cn": "CN", "CHN": "CN", "China": "CN", "中国": "CN", "中国大陆": "CN", "Chinese mainland": "CN", "86": "CN", "+86": "CN", "0086": "CN",
		"HK": "HK", "Hong Kong (China)": "HK", "中国香港": "HK", "852": "HK", "Macao SAR China": "MO", "中国台湾": "TW", "886": "TW",
		"UK": "GB", "United Kingdom": "GB", "英国": "GB", "44": "GB", "USA": "US", "United States": "US", "美国": "US", "1": "US", "+1": "US",
		"1212": "US", "1242": "BS", "1416": "CA", "1809": "DO", "7": "RU", "77": "KZ", "79": "RU", "76": "KZ",
		"Germany": "DE", "DEU": "DE", "德国": "DE", "49": "DE", "South Korea": "KR", "Korea, Republic of": "KR", "韩国": "KR",
		"Türkiye": "TR", "Turkey": "TR", "Côte d’Ivoire": "CI", "Ivory Coast": "CI", "Viet Nam": "VN", "越南": "VN",
		"Trinidad & Tobago": "TT", "Trinidad and Tobago": "TT", "Saint Lucia": "LC", "St. Lucia": "LC",
		"The Netherlands": "NL", " netherlands ": "NL", "阿拉伯联合酋长国": "AE", "刚果(金)": "CD", "刚果（布）": "CG", "XK": "XK",
	} {
		if got, ok := Country(text); got != want || !ok {
			t.Errorf("%q is %q (%t), want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{"", " ", "-", "Atlantis", "ZZ", "XX", "AA", "999", "0", "1000", "EU", "150", "World", "+", "12345", "火星"} {
		if got, ok := Country(text); ok {
			t.Errorf("%q is %s, want none", text, got)
		}
	}
}

// Every dial code belongs to a country that exists, and every country has a name that leads back to it, in both languages.
func TestCountryTables(t *testing.T) {
	_, dials := countryTables()
	for dial, iso := range dials {
		if got, ok := Country(iso); !ok || got != iso {
			t.Errorf("+%s is of %s, which is %q", dial, iso, got)
		}
	}
	if n := len(dials); n < 280 {
		t.Errorf("%d dial codes", n)
	}
	seen := make(map[string]bool)
	for _, iso := range dials {
		if seen[iso] {
			continue
		}
		seen[iso] = true
		region := language.MustParseRegion(iso)
		for _, name := range []string{display.English.Regions().Name(region), display.Chinese.Regions().Name(region)} {
			if got, ok := Country(name); !ok || got != iso {
				t.Errorf("%s is called %q, which is %q", iso, name, got)
			}
		}
	}
	if len(seen) < 220 {
		t.Errorf("%d countries have a dial code", len(seen))
	}
}
