package huawei

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAppendDigits(t *testing.T) {
	for _, c := range []struct {
		text, abroad, mainland string // digits where the mainland is not home, and where it is; "" for none, ? for not certain
	}{
		{"+8613800138000", "8613800138000", "8613800138000"},
		{"008613800138000", "8613800138000", "8613800138000"},
		{"8613800138000", "8613800138000", "8613800138000"},
		{"+86 138-0013 8000", "8613800138000", "8613800138000"},
		{" (+86) 138.0013.8000 ", "8613800138000", "8613800138000"},
		{"＋８６１３８００１３８０００", "8613800138000", "8613800138000"},
		{"'+8613800138000", "8613800138000", "8613800138000"},
		{"\u202d+8613800138000\u202c", "8613800138000", "8613800138000"},
		{"138\u00a00013\u30008000", "13800138000?", "8613800138000"},
		{"13800138000", "13800138000?", "8613800138000"},
		{"138–0013–8000", "13800138000?", "8613800138000"},
		{"+13805550123", "13805550123", "13805550123"}, // Ohio, by its plus
		{"12025550123", "12025550123", "12025550123"},
		{"+49 1512 3456789", "4915123456789", "4915123456789"},
		{"86+13800138000", "", ""}, {"++8613800138000", "", ""}, {"138001380ab", "", ""}, {"8.6138E+12", "", ""},
		{"1234", "", ""}, {"", "", ""}, {"-", "", ""}, {"1234567890123456", "", ""}, {"138****8000", "", ""},
	} {
		for want, mainland := range map[string]bool{c.abroad: false, c.mainland: true} {
			digits, isCertain, ok := appendDigits([]byte("x"), []byte(c.text), mainland)
			got := string(digits[1:])
			if ok && !isCertain {
				got += "?"
			}
			if c.abroad == c.mainland && mainland {
				want = c.mainland
			}
			if got != want || ok != (want != "") || digits[0] != 'x' {
				t.Errorf("%q (mainland %t) is %q (%t), want %q", c.text, mainland, got, ok, want)
			}
		}
	}
}

// However a number is written, its hash is the same; another number has another, and no hash shows its number.
func TestSpellingsHaveOneHash(t *testing.T) {
	k, err := newKeyed(testKey, "huawei-main")
	if err != nil {
		t.Fatal(err)
	}
	hash := func(text string) string {
		digits, _, ok := appendDigits(nil, []byte(text), true)
		if !ok {
			return ""
		}
		return string(k.append(nil, digits))
	}
	rapid.Check(t, func(r *rapid.T) {
		number := rapid.StringMatching(`8613[0-9]{9}`).Draw(r, "number")
		other := rapid.StringMatching(`8613[0-9]{9}`).Draw(r, "other")
		want := hash("+" + number)
		if len(want) != hashLen || strings.Contains(want, number) {
			r.Fatalf("%q is no hash", want)
		}
		prefix := rapid.SampledFrom([]string{"+86", "0086", "86", "", "+86 ", "(+86)", "＋８６", "+86-"}).Draw(r, "prefix")
		filler := rapid.SliceOfN(rapid.SampledFrom([]string{"", "", " ", "-", "\u00a0", "\u3000", "\u200b", "."}), 11, 11).Draw(r, "filler")
		isWide := rapid.Bool().Draw(r, "wide")
		spelled := prefix
		for i, d := range number[2:] {
			if isWide {
				d += '０' - '0'
			}
			spelled += string(d) + filler[i]
		}
		if got := hash(spelled); got != want {
			r.Fatalf("%q has the hash %s, want %s", spelled, got, want)
		}
		if other != number && hash(other) == want {
			r.Fatalf("%s and %s have one hash", number, other)
		}
	})
}

func TestDialLen(t *testing.T) {
	for number, want := range map[string]string{
		"12025550123": "1202", "12425550123": "1242", "77011234567": "77", "79011234567": "79", "201012345678": "20", "211912345678": "211",
		"27821234567": "27", "33612345678": "33", "35312345678": "353", "38612345678": "386", "390612345678": "39", "421912345678": "421",
		"447400123456": "44", "4915123456789": "49", "50912345678": "509", "51912345678": "51", "59112345678": "591", "6591234567": "65",
		"67012345678": "670", "818012345678": "81", "8613800138000": "86", "85261234567": "852", "88012345678": "880", "905321234567": "90",
		"96012345678": "960", "989121234567": "98", "99212345678": "992", "01234567": "", "1234": "",
	} {
		if got := number[:dialLen([]byte(number))]; got != want {
			t.Errorf("+%s starts with %q, want %q", number, got, want)
		}
	}
}

func TestHoldsNumber(t *testing.T) {
	for _, c := range []struct {
		cell, number string
		want         bool
	}{
		{"13800138000", "8613800138000", true}, {"shop 138-0013-8000!", "8613800138000", true}, {"id_8613800138000_7", "8613800138000", true},
		{"2025550123", "12025550123", true}, {"id 1380013800", "8613800138000", false}, {"13900138000", "8613800138000", false},
		{"", "8613800138000", false}, {"1234567", "1234567", true}, {"91234567", "6591234567", true},
	} {
		if got := holdsNumber([]byte(c.cell), []byte(c.number), nil); got != c.want {
			t.Errorf("%q holds %s: %t, want %t", c.cell, c.number, got, c.want)
		}
	}
}
