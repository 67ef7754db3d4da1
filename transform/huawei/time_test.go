package huawei

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"smsetl/sms"
)

func TestParseTime(t *testing.T) {
	zone, err := sms.ParseZone("+08:00")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-01-31 15:04:05":                 "2026-01-31T07:04:05Z",
		"2026-01-31T15:04:05":                 "2026-01-31T07:04:05Z",
		"2026-01-31T15:04:05Z":                "2026-01-31T15:04:05Z",
		"2026-01-31T15:04:05.123Z":            "2026-01-31T15:04:05.123Z",
		"2026-01-31 15:04:05 +0100":           "2026-01-31T14:04:05Z",
		"2026-01-31T15:04:05-03:30":           "2026-01-31T18:34:05Z",
		"2026-01-31 15:04:05 GMT+08:00":       "2026-01-31T07:04:05Z",
		"2026-01-31 15:04:05 (UTC+2)":         "2026-01-31T13:04:05Z",
		"2026-01-31 15:04:05 UTC":             "2026-01-31T15:04:05Z",
		"2026/01/31 15:04:05 GMT+08:00":       "2026-01-31T07:04:05Z",
		"2026/1/2 3:04":                       "2026-01-01T19:04:00Z",
		"2026.1.2 3:04:05":                    "2026-01-01T19:04:05Z",
		"2026年1月31日 15:04:05":                 "2026-01-31T07:04:05Z",
		"2026年1月31日 15时04分05秒":                "2026-01-31T07:04:05Z",
		"Jan 31, 2026 15:04:05 GMT+08:00":     "2026-01-31T07:04:05Z",
		"Jan 2, 2026, 15:04:05":               "2026-01-02T07:04:05Z",
		"20260131150405":                      "2026-01-31T07:04:05Z",
		"202601311504":                        "2026-01-31T07:04:00Z",
		"1769843045000":                       "2026-01-31T07:04:05Z",
		"1769843045":                          "2026-01-31T07:04:05Z",
		"2024-02-29 00:00:00":                 "2024-02-28T16:00:00Z",
		"2026-01-31 24:00:00":                 "",
		"2026-02-29 00:00:00":                 "",
		"2026-13-01 00:00:00":                 "",
		"2026-01-00 00:00:00":                 "",
		"1026-01-01 00:00:00":                 "",
		"2026-01-31 15:60:05":                 "",
		"2026-01-31 15:04:65":                 "",
		"2026-01-31":                          "",
		"31/01/2026 15:04":                    "",
		"01/02/2026 03:04:05 PM":              "",
		"2026-01-31 3:04:05 PM":               "",
		"2026-01-31 15:04:05 x":               "",
		"2026-01-31 15:04:05 +99:00":          "",
		"2026-01-31 15:04:05 (UTC+2":          "",
		"2026-01/31 15:04:05":                 "",
		"2026-01-31 15:04:0x":                 "",
		"Foo 31, 2026 15:04:05":               "",
		"":                                    "",
		"-":                                   "",
		"46023.5":                             "",
		"99999999999999":                      "",
		"123":                                 "",
		"2026-01-31 15":                       "",
		"2026-01-31 15:04:05.":                "",
		"２０２６-01-31 15:04:05":                 "",
		"2026-01-31\t15:04:05":                "",
		"2026-01-31 15:04:05 GMT+08:00 extra": "",
	} {
		var c timeCache
		at, ok := c.parse([]byte(text), zone)
		got := ""
		if ok {
			got = at.Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// Every second of every zone is read back, whatever was read before it.
func TestParseTimeRoundTrip(t *testing.T) {
	var c timeCache
	rapid.Check(t, func(r *rapid.T) {
		at := time.Unix(rapid.Int64Range(946684800+86400, 7_000_000_000).Draw(r, "at"), 0).UTC()
		hours := rapid.IntRange(-11, 13).Draw(r, "hours")
		zone, err := sms.ParseZone(time.Unix(0, 0).In(time.FixedZone("", hours*3600)).Format("-07:00"))
		if err != nil {
			r.Fatal(err)
		}
		local := at.In(zone.Location())
		form := rapid.SampledFrom([]string{time.DateTime, "2006/1/2 15:04:05", "20060102150405", time.RFC3339, "Jan 2, 2006 15:04:05 GMT-07:00", "2006年1月2日 15:04:05"}).Draw(r, "form")
		if got, ok := c.parse([]byte(local.Format(form)), zone); !ok || !got.Equal(at) {
			r.Fatalf("%q in %s is %s (%t), want %s", local.Format(form), zone, got, ok, at)
		}
		if day := dayIn(at, zone); day != sms.DayOf(local) {
			r.Fatalf("%s falls on %s in %s, want %s", at, day, zone, sms.DayOf(local))
		}
	})
}
