package load_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"smsetl/load"
	"smsetl/sms"
	"smsetl/transform"
)

var shop = sms.Account{Vendor: sms.Huawei, ID: "shop"}

// drawAlone draws a row of a message that no other row is about.
func drawAlone(t *rapid.T) sms.Message {
	m := drawTelling(t)
	m.ID, m.Piece = rapid.SampledFrom([]string{"m", "n", "o", "=p", "海"}).Draw(t, "alone"), 0
	return m
}

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

// importing imports rows as one file that covers the day, and gives what is counted of the day then.
func importing(wh *load.Warehouse, s sms.Scope, messages []sms.Message, isAlone bool) (done load.Imported, counted []string, err error) {
	ctx := context.Background()
	whole := load.Export{Name: "whole", MadeAt: at("01-10 00:00"), Covers: sms.Span{From: s.Window.First().UTC(), To: (s.Window.Last() + 1).UTC()}}
	loadID, err := wh.Begin(ctx, load.Start{Scope: s, Now: at("01-20 12:00")})
	if err != nil {
		return done, nil, err
	}
	done, err = wh.Import(ctx, load.Import{
		LoadID: loadID, Scope: s, Exports: []load.Export{whole}, Alone: isAlone,
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
			counted = facts(deliveries, failures)
			return deliveries, failures, err
		},
	}, load.PutOptions{Now: at("01-20 12:00"), Rules: rules(4), TransformVersion: 1})
	return done, counted, err
}

// factsOf counts tellings by the reference.
func factsOf(tellings []sms.Message) []string {
	known := map[string]*transform.Known{}
	for i := range tellings {
		m := tellings[i]
		if known[m.ID] == nil {
			known[m.ID] = new(transform.Known)
		}
		if m.Outcome == sms.OutcomeSendFailed {
			m.Reason = map[string]*sms.Reason{
				"UNDELIV": {Code: "UNDELIV", Stage: sms.Sending, Category: sms.Unreachable},
				"BLACK":   {Code: "BLACK", Stage: sms.Sending, Category: sms.BlockedOptOut},
			}[m.Code]
		}
		known[m.ID].Tell(&m)
	}
	var daily transform.Daily
	for _, k := range known {
		if m, ok := k.Settle(time.Time{}); ok {
			daily.Add(&m)
		}
	}
	return facts(daily.Facts(shop))
}

// What the table knows of messages is what transform.Known knows, however the tellings were shared out between imports, and
// whether the first of them was copied straight into the table or merged.
func TestMessagesMergeAsKnown(t *testing.T) {
	t.Parallel()
	wh := open(t, shop)
	s := scope(shop, "01-05", shop.Vendor.Groups()[0]...)
	rapid.Check(t, func(t *rapid.T) {
		if _, err := wh.Pool().Exec(context.Background(), `TRUNCATE etl.huawei_message`); err != nil {
			t.Fatal(err)
		}
		var all []sms.Message
		put := func(messages []sms.Message, isAlone bool) load.Imported {
			done, got, err := importing(wh, s, messages, isAlone)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, messages...)
			if diff := cmp.Diff(factsOf(all), got); diff != "" {
				t.Fatalf("(-known +table):\n%s", diff)
			}
			return done
		}
		alone := rapid.SliceOfNDistinct(rapid.Custom(drawAlone), 0, 5, func(m sms.Message) string { return m.ID }).Draw(t, "alone")
		if done := put(alone, true); done.NewMessages != int64(len(alone)) || done.ChangedMessages != 0 {
			t.Fatalf("%d messages: %+v", len(alone), done)
		}
		rest := rapid.SliceOfN(rapid.Custom(drawTelling), 1, 12).Draw(t, "tellings")
		cut := rapid.IntRange(0, len(rest)).Draw(t, "cut")
		put(rest[:cut], false)
		put(rest[cut:], false)
		again := slices.Clone(all)
		slices.Reverse(again)
		if done := put(again, false); done.NewMessages+done.ChangedMessages != 0 || done.Outcome != load.Unchanged {
			t.Fatalf("told once more: %+v", done)
		}
		if done := put(alone, true); done.NewMessages+done.ChangedMessages != 0 {
			t.Fatalf("the first ones once more: %+v", done)
		}
	})
}

// A message that is known to be of another day is found when it is copied straight into the table, too, and nothing is left of the
// copy.
func TestMessagesOfOtherDaysAreFound(t *testing.T) {
	t.Parallel()
	wh := open(t, shop)
	message := func(id, on string) sms.Message {
		return sms.Message{
			Account: shop, ID: id, Origin: sms.FromExport, SentAt: day(on).UTC(), SeenAt: at("01-10 00:00"), Outcome: sms.OutcomeDelivered, Code: "DELIVRD",
			Grain: sms.Grain{Day: day(on), Template: sms.None, Label: sms.None, MessageType: sms.None, Country: sms.None},
		}
	}
	fifth, sixth := scope(shop, "01-05", shop.Vendor.Groups()[0]...), scope(shop, "01-06", shop.Vendor.Groups()[0]...)
	if _, _, err := importing(wh, fifth, []sms.Message{message("a", "01-05"), message("b", "01-05")}, true); err != nil {
		t.Fatal(err)
	}
	_, _, err := importing(wh, sixth, []sms.Message{message("c", "01-06"), message("b", "01-06")}, true)
	if !errors.Is(err, sms.ErrMalformed) || !strings.Contains(err.Error(), "1 messages are known to be of other days") {
		t.Errorf("%v", err)
	}
	var n int
	if err := wh.Pool().QueryRow(t.Context(), `SELECT count(*) FROM etl.huawei_message`).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d messages are known, want 2; %v", n, err)
	}
	if _, counted, err := importing(wh, sixth, []sms.Message{message("c", "01-06")}, true); err != nil || len(counted) != 1 {
		t.Errorf("%v, %v", counted, err)
	}
}
