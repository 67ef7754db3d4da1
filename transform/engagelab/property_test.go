package engagelab_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/internal/dev/transformtest"
	"smsetl/internal/pack"
	"smsetl/sms"
)

// The properties draw the truth, write it as a vendor would in any spelling, and ask the transform for the truth back.

// writeAnswer writes rows as EngageLab does.
func writeAnswer(s transformtest.Speller, rows []string) []byte {
	return []byte(s.Object([][2]string{
		{"result", "[" + strings.Join(rows, s.Space()+","+s.Space()) + "]"},
		{"count", s.Count(sms.Reported(int64(len(rows))))},
		{"total", s.OneOf("", strconv.Itoa(len(rows)))},
	}))
}

var anyKey = rapid.Custom(func(t *rapid.T) sms.Key {
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		return sms.None
	case 2:
		return sms.Named(rapid.SampledFrom([]string{"nonesuch", "-1", "Größe", "a b", "2.50", "1e3", `q"\`, "007"}).Draw(t, "name"))
	}
	return sms.Named(strconv.Itoa(rapid.IntRange(1, 40).Draw(t, "id")))
})

// anyType may also be 0, the type of domestic messages.
var anyType = rapid.OneOf(anyKey, rapid.Just(sms.Named("0")))

func drawGrain(t *rapid.T, w sms.Window) sms.Grain {
	return sms.Grain{
		Day:      w.First() + sms.Day(rapid.IntRange(0, w.Len()-1).Draw(t, "day")),
		Template: anyKey.Draw(t, "template"), Label: anyKey.Draw(t, "label"), MessageType: anyType.Draw(t, "type"), Country: sms.NotReported,
	}
}

func keys(s transformtest.Speller, g sms.Grain, account string) [][2]string {
	return [][2]string{
		{"send_date", `"` + g.Day.String() + `"`}, {"sms_user", s.Key(sms.Named(account))},
		{"template_id", s.ID(g.Template)}, {"label_id", s.ID(g.Label)}, {"msg_type", s.Key(g.MessageType)},
	}
}

func TestStatsDayGivesTheTruthBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		account := rapid.SampledFrom([]string{"marketing", "7", "用户"}).Draw(t, "account")
		scope := scopeOver(account, sms.StatsDay)
		s := transformtest.Speller{T: t}
		var want []sms.Delivery
		var rows []string
		for range rapid.IntRange(0, 12).Draw(t, "rows") {
			d := sms.Delivery{Grain: drawGrain(t, scope.Window)}
			fields := keys(s, d.Grain, account)
			for _, f := range []struct {
				name string
				to   *sms.Count
			}{
				{"targets", &d.Requested}, {"sent", &d.VendorSent}, {"process_failed", &d.ProcessingFailed}, {"delivered", &d.Delivered},
				{"send_failed", &d.SendFailed}, {"wait_result", &d.Pending}, {"billing_count", &d.BilledSegments},
			} {
				*f.to = transformtest.AnyCount.Draw(t, f.name)
				fields = append(fields, [2]string{f.name, s.Count(*f.to)})
			}
			fields = append(fields, [2]string{"delivered_percent", s.OneOf("", "0", "0.0", `"60.47"`)}, [2]string{"note", s.OneOf("", `"x"`, `{"a":[1]}`)})
			d.Accepted = transformtest.Less(d.Requested, d.ProcessingFailed)
			want, rows = append(want, d), append(rows, s.Object(fields))
		}
		got, err := vendors.Batch(scope, []sms.Payload{answerTo(scope, writeAnswer(s, rows))})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.AllDeliveries(), want) || len(got.Rejects) > 0 {
			t.Fatalf("rejects %v, deliveries (-want +got):\n%s", got.Rejects, cmp.Diff(transformtest.Deliveries(want), transformtest.Deliveries(got.AllDeliveries())))
		}
	})
}

func TestFailuresGiveTheTruthBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dataset := rapid.SampledFrom([]sms.Dataset{sms.ProcessFailed, sms.SendFailed}).Draw(t, "dataset")
		scope := scopeOver("marketing", dataset)
		s := transformtest.Speller{T: t}
		var reasons []sms.Reason
		for _, r := range vendors.Reasons(sms.EngageLab) {
			if (r.Stage == sms.Processing) == (dataset == sms.ProcessFailed) {
				reasons = append(reasons, r)
			}
		}
		stage := reasons[0].Stage
		known := len(reasons)
		reasons = append(reasons, sms.Reason{Code: "roaming_barred", Stage: stage, Category: sms.Unmapped})
		var want []sms.Failure
		var rows []string
		for range rapid.IntRange(0, 8).Draw(t, "rows") {
			g := drawGrain(t, scope.Window)
			fields := keys(s, g, "marketing")
			for i := range reasons {
				c := transformtest.AnyCount.Draw(t, reasons[i].Code)
				if i == known {
					c = sms.Reported(c.Or(0)) // a field that nobody knows can only be known to be a reason by a number
				}
				fields = append(fields, [2]string{reasons[i].Code, s.Count(c)})
				if c != sms.Reported(0) {
					want = append(want, sms.Failure{Grain: g, Reason: &reasons[i], Messages: c})
				}
			}
			rows = append(rows, s.Object(fields))
		}
		got, err := vendors.Batch(scope, []sms.Payload{answerTo(scope, writeAnswer(s, rows))})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(transformtest.Failures(want), transformtest.Failures(got.AllFailures())); diff != "" || len(got.Rejects) > 0 {
			t.Fatalf("rejects %v, failures (-want +got):\n%s", got.Rejects, diff)
		}
	})
}

func scopeOver(account string, dataset sms.Dataset) sms.Scope {
	w, _ := sms.NewWindow(sms.Date(2024, 2, 27), sms.Date(2024, 3, 2), sms.Zone{})
	return sms.Scope{Account: sms.Account{Vendor: sms.EngageLab, ID: account}, Datasets: []sms.Dataset{dataset}, Window: w}
}

func answerTo(scope sms.Scope, body []byte) sms.Payload {
	return sms.Payload{Account: scope.Account, Dataset: scope.Datasets[0], Window: scope.Window, Body: pack.Bytes(body)}
}
