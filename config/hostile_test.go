package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"smsetl/config"
)

// FuzzParse feeds any bytes: parsing never panics, its error is always Mistakes, and no value from outside the file shows in it.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(strings.Repeat("[", 10_000)))
	f.Add([]byte(strings.Repeat("- ", 10_000)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(data), canary) {
			t.Skip("the file itself says it")
		}
		_, err := config.Parse("fuzzed.yaml", data, testEnv())
		if err == nil {
			return
		}
		var mistakes config.Mistakes
		if !errors.As(err, &mistakes) || len(mistakes) == 0 {
			t.Fatalf("%T: %v", err, err)
		}
		if text := err.Error(); strings.Contains(text, canary) || strings.ContainsRune(text, '\x1b') {
			t.Errorf("the message shows a credential or moves the cursor: %q", text)
		}
	})
}

// TestSlipsNeverShowLiteralCredentials breaks a file that holds credentials as people do, a few characters at a time, and
// looks for them in the messages.
func TestSlipsNeverShowLiteralCredentials(t *testing.T) {
	const file = `sources:
  - name: engagelab-main
    vendor: engagelab
    sms_user: $
    sms_key: $
    settle_days: 4
    template_ids: [a, b]
  - name: tencent-main
    vendor: tencent
    secret_id: "$"
    secret_key: |
      $
    sdk_app_ids:
    - 1400006874
    end_hour: inclusive
schedules:
  - name: daily
    sources: [engagelab-main, tencent-main]
`
	broken := 0
	rapid.Check(t, func(t *rapid.T) {
		text := []rune(file)
		for range rapid.IntRange(1, 4).Draw(t, "slips") {
			i := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			if text[i] == '$' {
				continue
			}
			slip := []rune(rapid.SampledFrom([]string{"", " ", "\n", "\t", "x", ":", "-", "\"", "[", "{", "#", ": ", "- ", ", "}).Draw(t, "slip"))
			text = append(text[:i:i], append(slip, text[i+rapid.IntRange(0, 1).Draw(t, "cut"):]...)...)
		}
		// Without braces, so that the planted text is what the file says and not what a variable holds.
		_, err := config.Parse("slip.yaml", []byte(strings.ReplaceAll(string(text), "$", "canary-literal")), testEnv())
		if err == nil {
			return
		}
		broken++
		if strings.Contains(err.Error(), canary) {
			t.Errorf("%s\n----\n%s", err, string(text))
		}
	})
	if broken < 20 {
		t.Errorf("only %d of the files were broken", broken)
	}
}
