package pack

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"smsetl/sms"
)

func TestBodyGivesTheBytesBack(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "a little": "{}", "a lot": strings.Repeat(`{"send_date":"2026-01-01"},`, 100_000)} {
		body := Bytes([]byte(text))
		if body.Size != int64(len(text)) || body.Hash != sms.Hash(sha256.Sum256([]byte(text))) {
			t.Errorf("%s: size %d, hash %s", name, body.Size, body.Hash)
		}
		got, err := Unpack(body)
		if err != nil || string(got) != text {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

// Two bodies from one reused encoder do not disturb each other.
func TestBodiesOutliveTheirWriter(t *testing.T) {
	first := Bytes([]byte("first"))
	packed := bytes.Clone(first.Packed)
	Bytes([]byte(strings.Repeat("second", 1000)))
	if !bytes.Equal(first.Packed, packed) {
		t.Error("a later body changed an earlier one")
	}
}

func TestUnpackRefusesWhatIsNotPromised(t *testing.T) {
	good := Bytes([]byte("the vendor's answer"))
	for name, harm := range map[string]func(*sms.Body){
		"another hash": func(b *sms.Body) { b.Hash[0]++ },
		"too short":    func(b *sms.Body) { b.Size++ },
		"too long":     func(b *sms.Body) { b.Size-- },
	} {
		body := good
		harm(&body)
		if _, err := Unpack(body); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	cut := good
	cut.Packed = cut.Packed[:len(cut.Packed)-3]
	if got, err := Unpack(cut); err == nil {
		t.Errorf("a cut frame gave %q", got)
	}
}

func TestWriterCountsAsItGoes(t *testing.T) {
	w := NewWriter()
	defer w.Close()
	for range 3 {
		if _, err := io.WriteString(w, "1234"); err != nil {
			t.Fatal(err)
		}
	}
	if w.Size() != 12 {
		t.Errorf("size %d, want 12", w.Size())
	}
}

// answer gives so many rows as EngageLab writes them: some hundred templates a day, each with its counts.
func answer(rows int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	b.WriteString(`{"code":0,"data":{"list":[`)
	for i := range rows {
		sent := random.IntN(20_000)
		delivered := sent - random.IntN(sent/20+1)
		fmt.Fprintf(&b, `{"send_date":"2026-%02d-%02d","template_id":"%d","template_name":"notice %d","label":"label-%d","message_type":"%d",`+
			`"country":"%s","request":%d,"send":%d,"send_success":%d,"send_failed":%d,"charge":%d},`,
			i/27_000%12+1, i/900%28+1, 1_000_000+i%300, i%300, i%7, i%3, []string{"CN", "SG", "ID", "BR"}[i%4],
			sent, sent, delivered, sent-delivered, delivered)
	}
	b.WriteString(`]}}`)
	return b.Bytes()
}

// before packs as versions before the smaller window did.
func before(t testing.TB, b []byte) sms.Body {
	t.Helper()
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	return sms.Body{Packed: e.EncodeAll(b, nil), Size: int64(len(b)), Hash: sms.Hash(sha256.Sum256(b))}
}

// A reader of a frame needs as much memory as its window. It is small, costs hardly a byte, and what was packed with a larger one
// is read as ever.
func TestTheWindowIsSmall(t *testing.T) {
	text := answer(50_000)
	now, then := Bytes(text), before(t, text)
	windowOf := func(b sms.Body) uint64 {
		t.Helper()
		var header zstd.Header
		if err := header.Decode(b.Packed); err != nil {
			t.Fatal(err)
		}
		return header.WindowSize
	}
	if got := windowOf(now); got == 0 || got > window {
		t.Errorf("a window of %d bytes, want %d at the most", got, window)
	}
	if windowOf(then) <= window {
		t.Fatal("the earlier form has the same window and proves nothing")
	}
	if len(now.Packed) > len(then.Packed)*103/100 {
		t.Errorf("%d bytes packed, %d with the larger window", len(now.Packed), len(then.Packed))
	}
	if got, err := Unpack(then); err != nil || !bytes.Equal(got, text) {
		t.Errorf("a body of an earlier version gives %d bytes, %v", len(got), err)
	}
}

// BenchmarkPack packs 16 MB as they come from the wire.
func BenchmarkPack(b *testing.B) {
	text := answer(70_000)
	b.SetBytes(int64(len(text)))
	var packed int
	for b.Loop() {
		w := NewWriter()
		if _, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{bytes.NewReader(text)}, make([]byte, 32<<10)); err != nil {
			b.Fatal(err)
		}
		body, err := w.Body()
		if err != nil {
			b.Fatal(err)
		}
		packed = len(body.Packed)
		w.Close()
	}
	b.ReportMetric(float64(packed), "packed-bytes")
}
