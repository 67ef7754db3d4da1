package load_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/load"
	"smsetl/sms"
	"smsetl/transform"
)

var shop = sms.Account{Vendor: sms.Huawei, ID: "shop"}

// drawTelling draws a row of an export, of few messages and moments, so that much is told of each.
func drawTelling(t *rapid.T) sms.Message {
	hour := func(name string, most int) time.Time {
		return day("01-05").UTC().Add(time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Hour)
	}
	key := func(name string) sms.Key {
		return rapid.SampledFrom([]sms.Key{sms.None, sms.NotReported, sms.Named("(none)"), sms.Named("a"), sms.Named("海")}).Draw(t, name)
	}
	m := sms.Message{
		Account: shop, ID: rapid.SampledFrom([]string{"m", "n"}).Draw(t, "id"), Origin: sms.FromExport,
		Piece: rapid.IntRange(0, 2).Draw(t, "piece"), SentAt: hour("sent", 3), SeenAt: hour("seen", 90),
		Grain: sms.Grain{Day: day("01-05"), Template: key("template"), Label: key("label"), MessageType: sms.None, Country: sms.Unknown},
	}
	m.Pieces = rapid.IntRange(m.Piece, 2).Draw(t, "pieces")
	if rapid.Bool().Draw(t, "reported") {
		m.ReportedAt = hour("reported at", 2)
	}
	if n := rapid.IntRange(-1, 2).Draw(t, "charged"); n >= 0 {
		m.Charged = sms.Reported(int64(n))
	}
	m.Source = rapid.SampledFrom([]sms.StatusSource{0, 2}).Draw(t, "source")
	m.Outcome = rapid.SampledFrom([]sms.Outcome{sms.OutcomePending, sms.OutcomeDelivered, sms.OutcomeSendFailed}).Draw(t, "outcome")
	switch m.Outcome {
	case sms.OutcomeDelivered:
		m.Code = "DELIVRD"
	case sms.OutcomeSendFailed:
		m.Code = rapid.SampledFrom([]string{"UNDELIV", "BLACK"}).Draw(t, "code")
	default:
	}
	return m
}

// facts gives rows as texts.
func facts(deliveries []sms.Delivery, failures []sms.Failure) (all []string) {
	for _, d := range deliveries {
		all = append(all, fmt.Sprintf("%v %v %v %v", d.Day, d.Template, d.Label, d.Measures))
	}
	for _, f := range failures {
		all = append(all, fmt.Sprintf("%v %v %v %v %v", f.Day, f.Template, f.Label, *f.Reason, f.Messages))
	}
	return all
}

// What the table knows of messages is what transform.Known knows, however the tellings were shared out between imports.
func TestMessagesMergeAsKnown(t *testing.T) {
	t.Parallel()
	wh := open(t, shop)
	s := scope(shop, "01-05", shop.Vendor.Groups()[0]...)
	whole := load.Export{Name: "whole", MadeAt: at("01-10 00:00"), Covers: sms.Span{From: day("01-05").UTC(), To: day("01-06").UTC()}}
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		if _, err := wh.Pool().Exec(ctx, `TRUNCATE etl.huawei_message`); err != nil {
			t.Fatal(err)
		}
		var got []string
		put := func(messages []sms.Message) load.Imported {
			loadID, err := wh.Begin(ctx, load.Start{Scope: s, Now: at("01-20 12:00")})
			if err != nil {
				t.Fatal(err)
			}
			done, err := wh.Import(ctx, load.Import{
				LoadID: loadID, Scope: s, Exports: []load.Export{whole},
				Messages: func(each func(*sms.Message) error) error {
					for i := range messages {
						if err := each(&messages[i]); err != nil {
							return err
						}
					}
					return nil
				},
				Fold: func(_ []sms.Span, tellings func(func(*sms.Message) error) error) ([]sms.Delivery, []sms.Failure, error) {
					var days transform.Days
					err := tellings(func(m *sms.Message) error { days.Tell(m); return nil })
					deliveries, failures := days.Facts(shop)
					got = facts(deliveries, failures)
					return deliveries, failures, err
				},
			}, load.PutOptions{Now: at("01-20 12:00"), SettleDays: 4, TransformVersion: 1})
			if err != nil {
				t.Fatal(err)
			}
			return done
		}
		all := rapid.SliceOfN(rapid.Custom(drawTelling), 1, 12).Draw(t, "tellings")
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		put(all[:cut])
		put(all[cut:])

		known := map[string]*transform.Known{}
		for i := range all {
			m := &all[i]
			if known[m.ID] == nil {
				known[m.ID] = new(transform.Known)
			}
			if m.Outcome == sms.OutcomeSendFailed {
				m.Reason = map[string]*sms.Reason{
					"UNDELIV": {Code: "UNDELIV", Stage: sms.Sending, Category: sms.Unreachable},
					"BLACK":   {Code: "BLACK", Stage: sms.Sending, Category: sms.BlockedOptOut},
				}[m.Code]
			}
			known[m.ID].Tell(m)
		}
		var daily transform.Daily
		for _, k := range known {
			if m, ok := k.Settle(time.Time{}); ok {
				daily.Add(&m)
			}
		}
		if diff := cmp.Diff(facts(daily.Facts(shop)), got); diff != "" {
			t.Fatalf("(-known +table):\n%s", diff)
		}
		slices.Reverse(all)
		if again := put(all); again.NewMessages+again.ChangedMessages != 0 || again.Outcome != load.Unchanged {
			t.Fatalf("told once more: %+v", again)
		}
	})
}
