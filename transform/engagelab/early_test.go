package engagelab_test

import (
	"bytes"
	"io"
	"path/filepath"
	"reflect"
	"testing"
	"testing/iotest"

	"smsetl/internal/dev/transformtest"
	"smsetl/internal/pack"
	"smsetl/sms"
	"smsetl/transform"
)

// earlyOf reads answers as they come, in pieces as small as they get.
func earlyOf(t *testing.T, scope sms.Scope, payloads []sms.Payload, cut func(io.Reader) io.Reader) (sms.Batch, bool) {
	t.Helper()
	early := vendors.Early(scope)
	for i := range payloads {
		p := payloads[i]
		if p.Refused != "" {
			continue
		}
		body, err := pack.Unpack(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		coming := p
		coming.Body = sms.Body{}
		early.Read(&coming, cut(bytes.NewReader(body)))
		coming.Body = p.Body
	}
	return early.Batch(payloads)
}

// What is read while answers come is what is read of them afterwards, or nothing.
func TestEarlyIsWhatIsReadAfterwards(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	usual := 0
	for _, file := range files {
		scope, payloads := transformtest.Case(t, file, sms.EngageLab)
		want, wantErr := vendors.Batch(scope, payloads)
		got, ok := earlyOf(t, scope, payloads, iotest.OneByteReader)
		if !ok {
			continue
		}
		usual++
		if wantErr != nil || len(want.Rejects) > 0 || len(want.Beyond) > 0 {
			t.Errorf("%s: read early, and afterwards %v, %d rejects", file, wantErr, len(want.Rejects))
		}
		for _, of := range []struct {
			what      string
			want, got any
		}{
			{"deliveries", want.AllDeliveries(), got.AllDeliveries()},
			{"failures", want.AllFailures(), got.AllFailures()},
			{"findings", want.Findings, got.Findings},
			{"zeros", want.Zeros, got.Zeros},
			{"scope", want.Scope.String(), got.Scope.String()},
		} {
			if !reflect.DeepEqual(of.want, of.got) {
				t.Errorf("%s: %s are %+v, want %+v", file, of.what, of.got, of.want)
			}
		}
	}
	if usual < 20 {
		t.Errorf("%d of %d cases are usual", usual, len(files))
	}
}

// An early batch is of the very answers that were read, whole.
func TestEarlyIsOfTheAnswersThatWereRead(t *testing.T) {
	t.Parallel()
	scope, payloads := transformtest.Case(t, "testdata/vendor_sample_stats.json", sms.EngageLab)
	whole := func(r io.Reader) io.Reader { return r }
	if _, ok := earlyOf(t, scope, payloads, whole); !ok {
		t.Fatal("the sample is not usual")
	}
	if _, ok := earlyOf(t, scope, payloads, func(r io.Reader) io.Reader { return io.LimitReader(r, 200) }); ok {
		t.Error("an answer that was cut gave a batch")
	}
	for name, change := range map[string]func(p []sms.Payload) []sms.Payload{
		"other bytes":    func(p []sms.Payload) []sms.Payload { p[0].Body.Hash[0]++; return p },
		"other question": func(p []sms.Payload) []sms.Payload { p[0].Request.URL += "&x=1"; return p },
		"one more":       func(p []sms.Payload) []sms.Payload { return append(p, p[0]) },
		"none":           func([]sms.Payload) []sms.Payload { return nil },
		"a refused day": func(p []sms.Payload) []sms.Payload {
			return append(p, sms.Payload{Account: p[0].Account, Dataset: p[0].Dataset, Window: p[0].Window, Refused: "too old", Beyond: true})
		},
	} {
		early := vendors.Early(scope)
		for i := range payloads {
			body, err := pack.Open(payloads[i].Body)
			if err != nil {
				t.Fatal(err)
			}
			early.Read(&payloads[i], body)
			body.Close()
		}
		if _, ok := early.Batch(change(append([]sms.Payload{}, payloads...))); ok {
			t.Errorf("%s: there is a batch", name)
		}
	}
	early := vendors.Early(scope)
	func() {
		defer func() { _ = recover() }()
		early.Read(&payloads[0], crashing{})
	}()
	if _, ok := early.Batch(payloads); ok {
		t.Error("there is a batch after a crash")
	}
	var none transform.Vendors
	if early := none.Early(scope); early != nil {
		t.Error("a vendor that nobody knows is read early")
	}
	if _, ok := none.Early(scope).Batch(payloads); ok {
		t.Error("there is a batch of nothing")
	}
}

type crashing struct{}

func (crashing) Read([]byte) (int, error) { panic("no such byte") }
