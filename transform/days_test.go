package transform_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/sms"
	"smsetl/transform"
)

// forms are what stored forms say, by the first byte of their hashes. They stand for the forms themselves.
type forms [][]*sms.Message

// basis gives the forms as kept ones, of which the last ones are new, and reports as pushes.
func (f forms) basis(account sms.Account, isNew int, reports []*sms.Message) *transform.MessageBasis {
	payload := func(i int) *sms.Payload {
		return &sms.Payload{Account: account, Body: sms.Body{Hash: sms.Hash{byte(i)}}}
	}
	all := append(slices.Clone(f), reports)
	return &transform.MessageBasis{
		Account: account,
		Payloads: func(_ sms.Day, each func(*sms.Payload, bool) error) error {
			for i := range f {
				if err := each(payload(i), i >= len(f)-isNew); err != nil {
					return err
				}
			}
			return nil
		},
		Reports: func(_ []string, each func(*sms.Payload) error) error { return each(payload(len(f))) },
		Read: func(rows transform.Rows, p *sms.Payload, each func(*sms.Message) error) (transform.Reading, error) {
			for _, m := range all[p.Body.Hash[0]] {
				if rows.ID != nil && !rows.ID([]byte(m.ID)) {
					continue
				}
				if err := each(m); err != nil {
					return transform.Reading{}, err
				}
			}
			return transform.Reading{}, nil
		},
	}
}

func everyDay(sms.Day) bool { return true }

// Days are what transform.Known makes of all rows and reports of a message, whatever forms they stand in and in whatever order; what is new
// says nothing more when it comes once more.
func TestDaysAreCountedAsKnown(t *testing.T) {
	day := sms.DayOf(sent)
	rapid.Check(t, func(r *rapid.T) {
		var rows, reports []*sms.Message
		for i, m := range rapid.SliceOfN(rapid.Custom(drawnNews), 1, 12).Draw(r, "news") {
			m.ID, m.Account = fmt.Sprint("m", i%3), sms.Account{Vendor: sms.Huawei, ID: "x"}
			if m.Origin == sms.FromPush {
				reports = append(reports, m)
			} else {
				m.Day = day
				rows = append(rows, m)
			}
		}
		known := map[string]*transform.Known{}
		for _, m := range slices.Concat(rows, reports) {
			if known[m.ID] == nil {
				known[m.ID] = new(transform.Known)
			}
			known[m.ID].Observe(m)
		}
		var daily transform.Daily
		for _, k := range known {
			if m, ok := k.Settle(time.Time{}); ok {
				daily.Add(&m)
			}
		}
		account := sms.Account{Vendor: sms.Huawei, ID: "x"}
		var want sms.Rows
		daily.AddFacts(account, &want)
		cut := rapid.IntRange(0, len(rows)).Draw(r, "cut")
		for _, f := range []forms{{rows}, {rows[:cut], rows[cut:]}, {rows[cut:], rows[:cut], rows}} {
			got, err := f.basis(account, 1, reports).Count([]sms.Day{day}, everyDay)
			if err != nil {
				r.Fatal(err)
			}
			compare := cmp.Options{cmp.AllowUnexported(sms.Count{}), cmp.Comparer(func(a, b sms.Key) bool { return a == b })}
			if diff := cmp.Diff(want.AllDeliveries(), got.Facts.AllDeliveries(), compare); diff != "" {
				r.Fatalf("(-known +counted):\n%s", diff)
			}
			if diff := cmp.Diff(want.AllFailures(), got.Facts.AllFailures(), compare); diff != "" {
				r.Fatalf("(-known +counted):\n%s", diff)
			}
			if len(f) == 3 && got.New+got.Changed != 0 {
				r.Fatalf("rows that are known already: %d new, %d changed", got.New, got.Changed)
			}
		}
	})
}

func detail(i int, at, seen time.Time) *sms.Message {
	return &sms.Message{
		Account: sms.Account{Vendor: sms.Huawei, ID: "x"}, ID: fmt.Sprint("m", i), Origin: sms.FromExport, SentAt: at, SeenAt: seen,
		Grain: sms.Grain{Day: sms.DayOf(at)}, Outcome: sms.OutcomeDelivered, Code: "DELIVRD",
	}
}

// A day with more messages than are in memory at a time is counted as any other.
func TestDayOfManyMessages(t *testing.T) {
	const many = 150_000
	var old, young []*sms.Message
	for i := range many {
		old = append(old, detail(i, sent, sent))
		if i%3 == 0 {
			young = append(young, detail(i, sent, sent.Add(time.Hour)))
		}
		if i%5 == 0 {
			young = append(young, detail(many+i, sent, sent.Add(time.Hour)))
		}
	}
	basis := forms{old, young}.basis(sms.Account{Vendor: sms.Huawei, ID: "x"}, 1, nil)
	got, err := basis.Count([]sms.Day{sms.DayOf(sent)}, everyDay)
	if err != nil {
		t.Fatal(err)
	}
	if n := got.Facts.Delivery(0).Requested.Or(0); len(got.Facts.Deliveries) != 1 || n != many+many/5 {
		t.Errorf("%d messages in %d rows, want %d", n, len(got.Facts.Deliveries), many+many/5)
	}
	if got.New != many/5 || got.Changed != many/3 || got.Rows != int64(len(young)) {
		t.Errorf("%d new, %d changed, %d rows", got.New, got.Changed, got.Rows)
	}
}

// A message that new rows know of another day than the others is refused: the zone of the times was another one.
func TestMessagesOfOtherDaysAreFound(t *testing.T) {
	account := sms.Account{Vendor: sms.Huawei, ID: "x"}
	old := []*sms.Message{detail(1, sent, sent), detail(2, sent, sent)}
	next := sent.AddDate(0, 0, 1)
	days := []sms.Day{sms.DayOf(sent), sms.DayOf(next)}
	nextDay := func(day sms.Day) bool { return day == days[1] }
	_, err := forms{old, {detail(3, next, next), detail(2, next, next)}}.basis(account, 1, nil).Count(days, nextDay)
	if !errors.Is(err, sms.ErrMalformed) || !errors.Is(err, transform.ErrMovedMessages) {
		t.Errorf("%v", err)
	}
	got, err := forms{old, {detail(3, next, next)}}.basis(account, 1, nil).Count(days, nextDay)
	if err != nil || len(got.Facts.Deliveries) != 1 || got.New != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}
