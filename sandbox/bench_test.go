package sandbox

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"smsetl/sandbox/traffic"
)

// BenchmarkWide answers 30 days of 2,740 rows: a twelfth of the million rows that the pipeline is measured with.
func BenchmarkWide(b *testing.B) {
	box := newBox(func(o *Options) {
		o.Users = []User{{Source: "wide", SMSUser: "wide", Key: "k", Profile: traffic.Wide, Templates: 2740}}
	})
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, "/v1/stats_day?"+days("2026-01-01", "2026-01-30").Encode(), nil)
		r.SetBasicAuth("wide", "k")
		w := httptest.NewRecorder()
		box.EngageLab().ServeHTTP(w, r)
		b.SetBytes(int64(w.Body.Len()))
	}
}
