package transform_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/sms"
	"smsetl/transform"
)

var sent = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// news reads "export 10h: pending", "push 1/2 3h: DELIVRD", "hint 2/2 4h at 9h: UNDELIV", "export 80h charged 2: DELIVRD": who
// says it, of which piece of how many, when it was reported (a push) or the export made, and what. ok is false for a typo.
func news(t testing.TB, text string) *sms.Message {
	t.Helper()
	head, code, ok := strings.Cut(text, ": ")
	words := strings.Fields(head)
	m := &sms.Message{ID: "m1", Origin: sms.FromPush, Account: sms.Account{Vendor: sms.Huawei}}
	switch words[0] {
	case "export":
		m.Origin, m.SentAt = sms.FromExport, sent
		m.Account.ID = "shop"
		m.Grain = sms.Grain{Day: sms.DayOf(sent), Template: sms.Named("t1"), Label: sms.None, MessageType: sms.Named("promotion"), Country: sms.Named("DE")}
	case "hint":
		m.IsHint = true
	case "push":
	default:
		ok = false
	}
	for i := 1; i < len(words); i++ {
		word := words[i]
		if hours, err := time.ParseDuration(word); err == nil {
			m.SeenAt = sent.Add(hours)
			if m.Origin == sms.FromPush {
				m.ReportedAt = m.SeenAt
			}
			continue
		}
		switch {
		case strings.Contains(word, "/"):
			fmt.Sscanf(word, "%d/%d", &m.Piece, &m.Pieces)
		case word == "charged":
			i++
			var n int64
			fmt.Sscan(words[i], &n)
			m.Charged = sms.Reported(n)
		case word == "template":
			i++
			m.Template = sms.Named(words[i])
		default:
			ok = false
		}
	}
	if !ok {
		t.Fatalf("%q is no news", text)
	}
	m.Code = code
	switch {
	case code == "pending":
		m.Code, m.Outcome = "", sms.OutcomePending
	case code == "DELIVRD":
		m.Outcome = sms.OutcomeDelivered
	case strings.HasPrefix(code, "E2"):
		m.Outcome, m.Reason = sms.OutcomeProcessingFailed, &sms.Reason{Code: code, Stage: sms.Processing}
	default:
		m.Outcome, m.Reason = sms.OutcomeSendFailed, &sms.Reason{Code: code, Stage: sms.Sending}
	}
	return m
}

func TestKnown(t *testing.T) {
	for name, c := range map[string]struct {
		news string // separated by commas
		at   string // "" for when the newest export was made
		want string // outcome, code, charged, whether it rests on a hint; "" for a message that belongs to no day
	}{
		"export":                      {"export 10h charged 1: DELIVRD", "", "delivered DELIVRD 1"},
		"nothing yet":                 {"export 10h charged 2: pending", "", "pending  2"},
		"push alone":                  {"push 1/1 1h: DELIVRD", "", ""},
		"newer export":                {"export 80h: DELIVRD,export 10h: pending", "", "delivered DELIVRD not reported"},
		"newer pending":               {"export 80h: pending,export 10h: DELIVRD", "", "delivered DELIVRD not reported"},
		"newer says otherwise":        {"export 80h: UNDELIV,export 10h: DELIVRD", "", "send_failed UNDELIV not reported"},
		"newer says better":           {"export 80h: DELIVRD,export 10h: UNDELIV", "", "delivered DELIVRD not reported"},
		"newer charge":                {"export 80h charged 0: DELIVRD,export 10h charged 3: pending", "", "delivered DELIVRD 0"},
		"newer charge not told":       {"export 80h: DELIVRD,export 10h charged 3: pending", "", "delivered DELIVRD 3"},
		"push fills in":               {"export 1h: pending,push 1/1 2h: DELIVRD", "", "delivered DELIVRD not reported"},
		"one piece of two":            {"export 1h: pending,push 1/2 2h: DELIVRD", "", "pending  not reported"},
		"two pieces of two":           {"export 1h: pending,push 2/2 2h: DELIVRD,push 1/2 1h: DELIVRD", "", "delivered DELIVRD not reported"},
		"a piece failed":              {"export 1h: pending,push 2/2 2h: UNDELIV", "", "send_failed UNDELIV not reported"},
		"the first piece that failed": {"export 1h: pending,push 3/3 2h: UNDELIV,push 2/3 3h: REJECTD,push 1/3 3h: DELIVRD", "", "send_failed REJECTD not reported"},
		"stopped":                     {"export 1h charged 0: E200018", "", "processing_failed E200018 0"},
		"pieces of an export":         {"export 1/2 9h charged 1: DELIVRD,export 2/2 9h charged 1: DELIVRD", "", "delivered DELIVRD 2"},
		"a piece is missing":          {"export 1/2 9h charged 1: DELIVRD", "", "pending  1"},
		"expired piece":               {"export 1/2 80h: DELIVRD,export 2/2 80h: EXPIRED", "", "send_failed EXPIRED not reported"},
		"late report wins":            {"export 80h: pending,push 1/1 72h: EXPIRED,push 1/1 75h: DELIVRD", "", "delivered DELIVRD not reported"},
		"hint fills in":               {"export 1h: pending,hint 1/1 2h: DELIVRD", "", "delivered DELIVRD not reported hint"},
		"hint against an export":      {"export 9h: DELIVRD,hint 1/1 99h: UNDELIV", "", "delivered DELIVRD not reported"},
		"hint against a push":         {"export 1h: pending,push 1/1 2h: UNDELIV,hint 1/1 99h: DELIVRD", "", "send_failed UNDELIV not reported"},
		"hint of more pieces":         {"export 1h: pending,push 1/1 2h: DELIVRD,hint 1/9 3h: DELIVRD,hint 7/9 3h: UNDELIV", "", "delivered DELIVRD not reported"},
		"hint of the missing piece":   {"export 1h: pending,push 1/2 2h: DELIVRD,hint 2/2 3h: DELIVRD", "", "delivered DELIVRD not reported hint"},
		"hint against a piece":        {"export 1h: pending,push 1/2 2h: DELIVRD,hint 1/2 99h: UNDELIV,push 2/2 2h: DELIVRD", "", "delivered DELIVRD not reported"},
		"export against pieces":       {"export 80h: DELIVRD,push 1/2 1h: UNDELIV", "", "delivered DELIVRD not reported"},
		"pending at 71h":              {"export 71h: pending", "", "pending  not reported"},
		"expired at 72h":              {"export 72h: pending", "", "send_failed EXPIRED not reported"},
		"early export, now late":      {"export 1h: pending", "72h", "send_failed EXPIRED not reported"},
		"late export, as of then":     {"export 80h: pending", "71h", "pending  not reported"},
		"accepted for now":            {"export 1/1 1h: pending,push 1/1 2h: pending", "", "pending  not reported"},
	} {
		t.Run(name, func(t *testing.T) {
			var all []*sms.Message
			for text := range strings.SplitSeq(c.news, ",") {
				all = append(all, news(t, text))
			}
			at := time.Time{}
			if c.at != "" {
				after, err := time.ParseDuration(c.at)
				if err != nil {
					t.Fatal(err)
				}
				at = sent.Add(after)
			}
			for _, order := range [][]*sms.Message{all, reversed(all)} {
				var k transform.Known
				for _, m := range order {
					k.Observe(m)
				}
				if got := settled(&k, at); got != c.want {
					t.Errorf("%s: %q, want %q", c.news, got, c.want)
				}
			}
		})
	}
}

// Where an export says that a message was delivered and not when, the reports of its pieces do, once there is one of each.
func TestWhenDelivered(t *testing.T) {
	for text, want := range map[string]time.Duration{ // 0 for not known
		"export 9h: DELIVRD":                                           0,
		"export 9h: DELIVRD,push 1/1 2h: DELIVRD":                      2 * time.Hour,
		"export 9h: DELIVRD,hint 1/1 2h: DELIVRD":                      0,
		"export 9h: DELIVRD,push 1/1 2h: UNDELIV":                      0,
		"export 9h: DELIVRD,push 1/2 2h: DELIVRD":                      0,
		"export 9h: DELIVRD,push 1/2 2h: DELIVRD,push 2/2 3h: DELIVRD": 3 * time.Hour,
		"export 9h: DELIVRD,push 1/1 2h: DELIVRD,hint 1/9 1h: DELIVRD": 2 * time.Hour,
		"export 1h: pending,push 2/2 4h: DELIVRD,push 1/2 1h: DELIVRD": 4 * time.Hour,
	} {
		var k transform.Known
		for part := range strings.SplitSeq(text, ",") {
			k.Observe(news(t, part))
		}
		m, _ := k.Settle(time.Time{})
		got := time.Duration(0)
		if !m.ReportedAt.IsZero() {
			got = m.ReportedAt.Sub(sent)
		}
		if got != want || m.Outcome != sms.OutcomeDelivered {
			t.Errorf("%s: delivered after %s (%s), want %s", text, got, m.Outcome, want)
		}
	}
}

func reversed(all []*sms.Message) []*sms.Message {
	all = slices.Clone(all)
	slices.Reverse(all)
	return all
}

func settled(k *transform.Known, at time.Time) string {
	m, ok := k.Settle(at)
	if !ok {
		return ""
	}
	text := fmt.Sprintf("%s %s %s", m.Outcome, m.Code, m.Charged)
	if m.IsHint {
		text += " hint"
	}
	return text
}

// drawnNews draws news about one message: of few values, so that they often meet.
func drawnNews(r *rapid.T) *sms.Message {
	codes := []string{"DELIVRD", "UNDELIV", "EXPIRED", "REJECTD", "E200018", ""}
	m := &sms.Message{ID: "m1", Piece: rapid.IntRange(0, 2).Draw(r, "piece"), Pieces: rapid.IntRange(0, 2).Draw(r, "pieces")}
	hours := func(what string) time.Time {
		return sent.Add(time.Duration(rapid.IntRange(0, 1).Draw(r, what)) * time.Hour)
	}
	m.SeenAt = hours("seen")
	if rapid.Bool().Draw(r, "has report time") {
		m.ReportedAt = hours("reported")
	}
	m.Source = sms.StatusSource(rapid.IntRange(2, 3).Draw(r, "source"))
	switch m.Code = rapid.SampledFrom(codes).Draw(r, "code"); {
	case m.Code == "DELIVRD":
		m.Outcome = sms.OutcomeDelivered
	case m.Code == "":
		m.Outcome = sms.OutcomePending
	case m.Source == sms.SourcePlatform || m.Code == "E200018":
		m.Outcome, m.Reason = sms.OutcomeProcessingFailed, &sms.Reason{Code: m.Code, Stage: sms.Processing}
	default:
		m.Outcome, m.Reason = sms.OutcomeSendFailed, &sms.Reason{Code: m.Code, Stage: sms.Sending}
	}
	if rapid.Bool().Draw(r, "export") {
		m.Origin, m.SentAt = sms.FromExport, sent.Add(time.Duration(rapid.IntRange(0, 1).Draw(r, "sent"))*time.Second)
		keys := []sms.Key{sms.NotReported, sms.Named("a")}
		m.Grain = sms.Grain{Day: sms.DayOf(m.SentAt), Template: rapid.SampledFrom(keys).Draw(r, "template"), Country: rapid.SampledFrom(keys).Draw(r, "country")}
		m.Account = sms.Account{Vendor: sms.Huawei, ID: rapid.SampledFrom([]string{"x", "y"}).Draw(r, "application")}
		m.IsDerived = rapid.Bool().Draw(r, "derived")
		if rapid.Bool().Draw(r, "told charge") {
			m.Charged = sms.Reported(rapid.Int64Range(0, 2).Draw(r, "charged"))
		}
	} else {
		m.Origin, m.IsHint = sms.FromPush, rapid.Bool().Draw(r, "hint")
	}
	return m
}

func settle(all []*sms.Message) (sms.Message, bool) {
	var k transform.Known
	for _, m := range all {
		k.Observe(m)
	}
	return k.Settle(time.Time{})
}

// What is known does not depend on the order in which it was told, on how it was grouped, or on what was told twice.
func TestKnownIsAFold(t *testing.T) {
	compare := cmp.Options{cmp.AllowUnexported(sms.Count{}, sms.Zone{}), cmp.Comparer(func(a, b sms.Key) bool { return a == b })}
	// Few values, so that tellings differ in their last part only now and then: a hundred tries are too few to meet that.
	for range 20 {
		rapid.Check(t, func(r *rapid.T) {
			all := rapid.SliceOfN(rapid.Custom(drawnNews), 1, 9).Draw(r, "news")
			want, wantOK := settle(all)
			same := func(what string, got sms.Message, ok bool) {
				if diff := cmp.Diff(want, got, compare); diff != "" || ok != wantOK {
					r.Fatalf("%s changes it (%t, %t):\n%s", what, wantOK, ok, diff)
				}
			}
			got, ok := settle(rapid.Permutation(all).Draw(r, "order"))
			same("another order", got, ok)
			got, ok = settle(append(slices.Clone(all), rapid.SliceOfN(rapid.SampledFrom(all), 1, 5).Draw(r, "repeats")...))
			same("a repetition", got, ok)
			cuts := [2]int{rapid.IntRange(0, len(all)).Draw(r, "cut"), rapid.IntRange(0, len(all)).Draw(r, "cut")}
			slices.Sort(cuts[:])
			var parts [3]transform.Known
			for i, m := range all {
				part := 0
				if i >= cuts[0] {
					part = 1
				}
				if i >= cuts[1] {
					part = 2
				}
				parts[part].Observe(m)
			}
			left, right := transform.Known{}, transform.Known{}
			left.Merge(&parts[0]) // (a+b)+c
			left.Merge(&parts[1])
			left.Merge(&parts[2])
			right.Merge(&parts[2]) // c+(b+a)
			right.Merge(&parts[1])
			right.Merge(&parts[0])
			right.Merge(&right)
			got, ok = left.Settle(time.Time{})
			same("grouping", got, ok)
			got, ok = right.Settle(time.Time{})
			same("merging backwards", got, ok)
			// Hints change nothing about a message whose end is confirmed.
			var confirmed []*sms.Message
			for _, m := range all {
				if !m.IsHint {
					confirmed = append(confirmed, m)
				}
			}
			if without, ok := settle(confirmed); ok && without.Outcome.IsFinal() && without.Code != "EXPIRED" {
				same("taking the hints away", without, ok)
			}
			if !wantOK {
				return
			}
			if want.Outcome == 0 || (want.Reason != nil) != (want.Outcome == sms.OutcomeSendFailed || want.Outcome == sms.OutcomeProcessingFailed) {
				r.Fatalf("outcome %s with reason %v", want.Outcome, want.Reason)
			}
		})
	}
}
