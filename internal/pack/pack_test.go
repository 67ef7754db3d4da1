package pack

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"

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
