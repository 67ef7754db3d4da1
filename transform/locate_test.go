package transform_test

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"smsetl/internal/dev/transformtest"
	"smsetl/internal/pack"
	"smsetl/sms"
	"smsetl/transform"
)

// at is a vendor's row about some facts.
type at struct {
	dataset sms.Dataset
	grain   sms.Grain
}

// Every number of every case can be computed again from the fields of the row that it is said to come from, read by another
// JSON reader at the place that is given.
func TestLocateFindsEveryNumber(t *testing.T) {
	numbers := 0
	for _, vendor := range []sms.Vendor{sms.EngageLab, sms.Tencent} {
		files, err := filepath.Glob(filepath.Join(string(vendor), "testdata", "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatal(len(files), err)
		}
		for _, file := range files {
			scope, payloads := transformtest.Case(t, file, vendor)
			batch, err := vendors.Batch(scope, payloads)
			if err != nil {
				continue
			}
			t.Run(string(vendor)+"/"+filepath.Base(file), func(t *testing.T) {
				places := map[at]transform.Place{}
				for day := range scope.Window.Days() {
					found, err := vendors.Locate(scope, payloads, day)
					if err != nil {
						t.Fatal(err)
					}
					for _, p := range found {
						places[at{p.Dataset, p.Grain}] = p
						checkPlace(t, payloads, p)
					}
				}
				for _, d := range batch.AllDeliveries() {
					for measure, got := range measuresOf(&d.Measures) {
						fields := vendors.MeasureFields(vendor, measure)
						if n, reported := got.Value(); reported {
							numbers++
							checkNumber(t, places, d.Grain, fields, n, measure)
						}
					}
				}
				for _, f := range batch.AllFailures() {
					if n, reported := f.Messages.Value(); reported {
						numbers++
						checkNumber(t, places, f.Grain, vendors.ReasonFields(vendor, *f.Reason), n, f.Reason.Code)
					}
				}
			})
		}
	}
	if numbers < 100 {
		t.Errorf("only %d numbers were looked at", numbers)
	}
}

func checkPlace(t *testing.T, payloads []sms.Payload, p transform.Place) {
	t.Helper()
	for i := range payloads {
		if payloads[i].Body.Hash != p.Payload {
			continue
		}
		body, err := pack.Unpack(payloads[i].Body)
		if err != nil {
			t.Fatal(err)
		}
		if end := int(p.Offset) + len(p.Row); end > len(body) || string(body[p.Offset:end]) != string(p.Row) {
			t.Errorf("row %d does not stand at byte %d: %s", p.Position, p.Offset, p.Row)
		}
		return
	}
	t.Errorf("row %d stands in answer %s, which is none of these", p.Position, p.Payload)
}

// checkNumber takes the other fields from the first.
func checkNumber(t *testing.T, places map[at]transform.Place, g sms.Grain, fields []transform.Field, want int64, what string) {
	t.Helper()
	if len(fields) == 0 {
		t.Errorf("%s is %d, and is said to be made of nothing", what, want)
		return
	}
	var sum int64
	for i, f := range fields {
		row := map[string]json.RawMessage{}
		p := places[at{f.Dataset, g}]
		if err := json.Unmarshal(p.Row, &row); err != nil {
			t.Errorf("%s of %v: %v", what, g, err)
			return
		}
		if string(row[f.Name]) != p.Value(f.Name) {
			t.Errorf("%s: field %s is %s, and not %s", what, f.Name, row[f.Name], p.Value(f.Name))
		}
		text := p.Value(f.Name)
		if strings.HasPrefix(text, `"`) {
			if err := json.Unmarshal([]byte(text), &text); err != nil {
				t.Errorf("%s: field %s: %v", what, f.Name, err)
			}
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			t.Errorf("%s: field %s is %q: %v", what, f.Name, p.Value(f.Name), err)
		}
		if i > 0 {
			n = -n
		}
		sum += int64(n)
	}
	if sum != want {
		t.Errorf("%s of %s is %d, while %v give %d", what, g.Day, want, fields, sum)
	}
}

func measuresOf(m *sms.Measures) map[string]sms.Count {
	return map[string]sms.Count{
		"requested": m.Requested, "accepted": m.Accepted, "processing_failed": m.ProcessingFailed, "delivered": m.Delivered,
		"send_failed": m.SendFailed, "pending": m.Pending, "billed_segments": m.BilledSegments, "vendor_sent": m.VendorSent,
	}
}

// Answers for other days are not read, and those of another scope are refused.
func TestLocateReadsOnlyWhatItMust(t *testing.T) {
	scope, payloads := transformtest.Stats(t, `{"result":[`+transformtest.Row+`],"count":1}`)
	day, err := sms.ParseDay("2026-01-02")
	if err != nil {
		t.Fatal(err)
	}
	other := payloads[0]
	other.Window, other.Body = sms.OneDay(day+1, scope.Window.Zone()), pack.Bytes([]byte(`not read`))
	refused := payloads[0]
	refused.Refused, refused.Body = "no", other.Body
	places, err := vendors.Locate(scope, []sms.Payload{other, refused, payloads[0]}, day)
	if err != nil || len(places) != 1 || string(places[0].Row) != transformtest.Row || places[0].Offset != int64(len(`{"result":[`)) {
		t.Errorf("%+v, %v", places, err)
	}
	if places, err := vendors.Locate(scope, payloads, day-1); err != nil || len(places) != 0 {
		t.Errorf("another day: %+v, %v", places, err)
	}
	payloads[0].Account.ID = "other"
	if _, err := vendors.Locate(scope, payloads, day); err == nil {
		t.Error("an answer of another account was read")
	}
}
