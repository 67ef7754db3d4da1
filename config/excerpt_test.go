package config

import (
	"strings"
	"testing"
)

// canary is the value of every credential that the tests plant.
const canary = "canary"

// excerptsOf knows the keys of every source, and some of one vendor.
func excerptsOf(text string) *excerpts {
	r := &reader{text: excerpts{lines: strings.Split(text, "\n")}}
	r.know()
	r.text.know([]Key{{Name: "region"}, {Name: "paths"}, {Name: "sdk_app_ids", IsList: true}, {Name: "sms_key", Hidden: true}})
	return &r.text
}

// TestSafeLine shows the last line of each text; $ stands for what must not be shown.
func TestSafeLine(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a known key", "  region: ap-guangzhou", "  region: ap-guangzhou"},
		{"a credential", "  sms_key: $", "  sms_key: ***"},
		{"a credential without a value", "  sms_key:", "  sms_key:"},
		{"a mistyped credential", "  sms_kye: $", "  sms_kye: ***"},
		{"a quoted key", `  "sms_key": $`, `  "sms_key": ***`},
		{"a comment", "  region: x # $", "  region: x"},
		{"a second key in the line", "  region: x, sms_key: $", "  region: ***"},
		{"a flow mapping", "  paths: {sms_key: $}", "  paths: {***"},
		{"an address with a password", "  base_url: https://u:$@host", "  base_url: ***"},
		{"a cron descriptor", `  cron: "@every 1h"`, `  cron: "@every 1h"`},
		{"a variable", "  region: ${REGION}", "  region: ${REGION}"},
		{"a block under a credential", "  sms_key: |\n    $", "    ***"},
		{"a known key in a block under a credential", "  sms_key: |\n    region: $", "    ***"},
		{"deeper in a block under a credential", "  sms_key: |\n      a\n\n    $", "    ***"},
		{"an item of a list", "  sdk_app_ids:\n  - 1400", "  - 1400"},
		{"an item under another key", "  region:\n    - $", "    - ***"},
		{"an item of two words", "  sdk_app_ids:\n  - a $", "  - ***"},
		{"an item without a list", "- $", "- ***"},
		{"an item under words without a colon", "  secret key\n      - $", "      - ***"},
		{"a key after a block", "  sms_key: |\n    $\n  region: x", "  region: x"},
		{"a known key without a colon", "  region x", "  region ***"},
		{"words", "$", "***"},
		{"brackets", "  sdk_app_ids: [\n    ]", "    ]"},
		{"control characters", "  region: a\tb\x1b[2J", "  region: a→b·[2J"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := test.text
			if !strings.Contains(text, "${") {
				text = strings.ReplaceAll(text, "$", canary)
			}
			x := excerptsOf(text)
			if got := x.safeLine(len(x.lines) - 1); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestExcerptOfLongLine(t *testing.T) {
	line := "region: " + strings.Repeat("x", 300)
	if got := excerptsOf(line).at(1, 200); len([]rune(got)) > 300 || !strings.HasSuffix(got, "^") || !strings.Contains(got, "…") {
		t.Errorf("excerpt: %s", got)
	}
}
