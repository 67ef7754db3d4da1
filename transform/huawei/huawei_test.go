package huawei_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smsetl/internal/dev/golden"
	"smsetl/internal/dev/transformtest"
	"smsetl/internal/pack"
	"smsetl/sms"
	"smsetl/transform"
	"smsetl/transform/huawei"
)

var fetched = time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)

func payloadOf(t testing.TB, body []byte) sms.Payload {
	t.Helper()
	zone, err := sms.ParseZone("+08:00")
	if err != nil {
		t.Fatal(err)
	}
	account := sms.Account{Vendor: sms.Huawei, ID: "(file)", Zone: zone}
	return sms.Payload{Account: account, Dataset: sms.SendingDetails, FetchedAt: fetched, Body: pack.Bytes(body)}
}

func TestForms(t *testing.T) {
	files, err := filepath.Glob("testdata/*.form")
	if err != nil || len(files) < 15 {
		t.Fatalf("found %d forms (%v), want at least 15", len(files), err)
	}
	about, err := os.ReadFile("testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".form")
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(string(about), "| "+name+" |") {
				t.Errorf("testdata/README.md does not say what %s is about", name)
			}
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p := payloadOf(t, body)
			var all []sms.Message
			reading, err := huawei.Messages(transform.Rows{}, &p, func(m *sms.Message) error {
				mustBeMessage(t, &p, m)
				all = append(all, *m)
				return nil
			})
			golden.Check(t, name, showMessages(all, &reading, err))
		})
	}
}

// showMessages writes messages for eyes.
func showMessages(all []sms.Message, reading *transform.Reading, err error) string {
	var out strings.Builder
	fmt.Fprintf(&out, "error: %v\n", err)
	transformtest.Section(&out, "messages", []string{"id", "derived", "piece", "sent", "day", "account", "template", "label", "type", "country", "outcome", "code", "reason", "source",
		"charged", "reported", "origin", "hint", "extend", "position"}, len(all), func(i int) []any {
		m := all[i]
		reason := "-"
		if m.Reason != nil {
			reason = fmt.Sprintf("%s %s %s", m.Reason.Stage, m.Reason.Code, m.Reason.Category)
		}
		clock := func(t time.Time) string {
			if t.IsZero() {
				return "-"
			}
			return t.Format(time.RFC3339)
		}
		return []any{m.ID, m.IsDerived, fmt.Sprintf("%d/%d", m.Piece, m.Pieces), clock(m.SentAt), m.Day, m.Account.ID, m.Template, m.Label, m.MessageType,
			m.Country, m.Outcome, m.Code, reason, m.Source, m.Charged, clock(m.ReportedAt), m.Origin, m.IsHint, m.Extend, m.Position}
	})
	transformtest.Section(&out, "rejects", []string{"position", "reason", "row"}, len(reading.Rejects), func(i int) []any {
		r := reading.Rejects[i]
		return []any{r.Position, r.Reason, strings.ReplaceAll(r.Row, "\t", "|")}
	})
	transformtest.Section(&out, "findings", []string{"check", "subject", "severity", "day", "rows", "detail"}, len(reading.Findings), func(i int) []any {
		f := reading.Findings[i]
		return []any{f.Check, f.Subject, f.Severity, f.Day, f.Rows, f.Detail}
	})
	return out.String()
}

// mustBeMessage checks what is true of every message, whatever the bytes were.
func mustBeMessage(t testing.TB, p *sms.Payload, m *sms.Message) {
	t.Helper()
	isFailed := m.Outcome == sms.OutcomeSendFailed || m.Outcome == sms.OutcomeProcessingFailed
	switch {
	case m.ID == "" || m.Outcome == 0 || m.Payload != p.Body.Hash || m.SeenAt != p.FetchedAt:
		t.Errorf("%+v lacks an id, an outcome or its evidence", m)
	case isFailed != (m.Reason != nil):
		t.Errorf("%s with reason %v", m.Outcome, m.Reason)
	case isFailed && (m.Reason.Stage == sms.Processing) != (m.Outcome == sms.OutcomeProcessingFailed):
		t.Errorf("%s with a reason of stage %s", m.Outcome, m.Reason.Stage)
	case m.Origin == sms.FromExport && (m.SentAt.IsZero() || m.Day != sms.DayOf(m.SentAt.In(m.Account.Zone.Location())) || m.Account.ID == ""):
		t.Errorf("sent at %s on %s in %s by %q", m.SentAt, m.Day, m.Account.Zone, m.Account.ID)
	case m.Origin == sms.FromPush && (!m.SentAt.IsZero() || m.Day != 0 || m.Piece == 0):
		t.Errorf("a push tells of %s, day %s, piece %d", m.SentAt, m.Day, m.Piece)
	case m.Piece < 0 || m.Pieces < 0 || m.Pieces > 0 && m.Piece > m.Pieces || m.Charged.Or(0) < 0 || m.Charged.Or(0) > 255:
		t.Errorf("piece %d of %d, %s charged", m.Piece, m.Pieces, m.Charged)
	}
	for _, text := range []string{m.ID, m.Account.ID, m.Template.String(), m.Label.String(), m.MessageType.String(), m.Country.String(), m.Code, m.Extend} {
		if strings.ToValidUTF8(text, "") != text || strings.ContainsRune(text, 0) || len(text) > 600 {
			t.Errorf("%q cannot be stored", text)
		}
	}
}

func TestMessagesOfDamagedBytes(t *testing.T) {
	body, err := os.ReadFile("testdata/rows.form")
	if err != nil {
		t.Fatal(err)
	}
	p := payloadOf(t, body)
	p.Body.Hash[0]++
	if _, err := huawei.Messages(transform.Rows{}, &p, func(*sms.Message) error { return nil }); !errors.Is(err, pack.ErrCorrupt) {
		t.Errorf("a body that is not the one that was stored: %v, want ErrCorrupt", err)
	}
	p = payloadOf(t, body)
	stop := errors.New("stop")
	calls := 0
	if _, err := huawei.Messages(transform.Rows{}, &p, func(*sms.Message) error { calls++; return stop }); !errors.Is(err, stop) || calls != 1 {
		t.Errorf("after %d messages: %v, want the caller's error", calls, err)
	}
}

func FuzzMessages(f *testing.F) {
	files, err := filepath.Glob("testdata/*.form")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p := payloadOf(t, body)
		n := int64(0)
		reading, err := huawei.Messages(transform.Rows{}, &p, func(m *sms.Message) error {
			n++
			mustBeMessage(t, &p, m)
			return nil
		})
		if err == nil && n+int64(len(reading.Rejects)) != reading.Rows {
			t.Errorf("%d messages and %d rejects of %d rows", n, len(reading.Rejects), reading.Rows)
		}
		for _, r := range reading.Rejects {
			if strings.ToValidUTF8(r.Row+r.Reason, "") != r.Row+r.Reason || r.Position < 0 || r.Position >= max(reading.Rows, 1) {
				t.Errorf("reject %+v cannot be stored", r)
			}
		}
		_, _, reading, err = huawei.Totals(&p)
		if err == nil && int64(len(reading.Rejects)) > reading.Rows {
			t.Errorf("%d rejects of %d rows", len(reading.Rejects), reading.Rows)
		}
	})
}
