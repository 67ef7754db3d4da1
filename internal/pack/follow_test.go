package pack

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"smsetl/sms"
)

// rememberer is a listener that knows an answer, and counts how often its bytes are read.
type rememberer struct {
	known  sms.Body
	stored func() (sms.Body, error)
	reads  int
	told   bytes.Buffer
	ended  sms.Hash
}

func (r *rememberer) Begin(int64) *sms.Known {
	known := sms.Known{Body: r.known, PackedSize: int64(len(r.known.Packed)), Stored: func(at int64) ([]byte, error) {
		if at == 0 {
			r.reads++
		}
		body, err := r.stored()
		return body.Packed[min(int(at), len(body.Packed)):min(int(at)+10_000, len(body.Packed))], err
	}}
	known.Packed = nil
	return &known
}

func (r *rememberer) Write(p []byte) (int, error) { return r.told.Write(p) }

func (r *rememberer) End(b *sms.Body) { r.ended = b.Hash }

// knowing gives a listener that knows the bytes.
func knowing(b []byte) *rememberer {
	body := Bytes(b)
	return &rememberer{known: body, stored: func() (sms.Body, error) { return body, nil }}
}

// streamed packs what came, in pieces of odd lengths.
func streamed(listener sms.Listener, came []byte) (sms.Body, error) {
	w := NewListened(listener, -1)
	defer w.Close()
	for len(came) > 0 {
		n := min(len(came), 77_777)
		if _, err := w.Write(came[:n]); err != nil {
			return sms.Body{}, err
		}
		came = came[n:]
	}
	return w.Body()
}

// random gives bytes that never come twice.
func random(seed uint64, n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(b)
	return b
}

// with gives the bytes with another one at a place.
func with(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at]++
	return b
}

func TestAnswersThatBeginAsTheKnownOne(t *testing.T) {
	t.Parallel()
	stored := random(1, 3*chunk+500)
	whole, small := stored[:3*chunk], stored[:1000]
	for name, c := range map[string]struct {
		stored, came []byte
		kept         bool
		reads        int
	}{
		"equal":                                {stored, stored, true, 0},
		"equal, whole MiBs":                    {whole, whole, true, 0},
		"equal, small":                         {small, small, true, 0},
		"nothing and nothing":                  {nil, nil, true, 0},
		"the first byte differs":               {stored, with(stored, 0), false, 0},
		"the first MiB differs":                {stored, with(stored, chunk-1), false, 0},
		"the second MiB differs":               {stored, with(stored, chunk), false, 1},
		"the last whole MiB differs":           {stored, with(stored, 3*chunk-1), false, 1},
		"the tail differs":                     {stored, with(stored, 3*chunk), false, 1},
		"the last byte differs":                {stored, with(stored, len(stored)-1), false, 1},
		"small, and differs":                   {small, with(small, 999), false, 0},
		"shorter by a byte":                    {stored, stored[:len(stored)-1], false, 1},
		"shorter, and ends with a MiB":         {stored, whole, false, 1},
		"shorter than a MiB":                   {stored, small, false, 0},
		"nothing comes":                        {stored, nil, false, 0},
		"longer by a byte":                     {stored, append(bytes.Clone(stored), 1), false, 1},
		"longer by MiBs":                       {stored, append(bytes.Clone(stored), random(2, 2*chunk)...), false, 1},
		"longer than whole MiBs":               {whole, stored, false, 1},
		"longer than one below a MiB":          {small, stored, false, 0},
		"another first MiB, and then as known": {stored, append(random(3, chunk), stored[chunk:]...), false, 0},
	} {
		listener := knowing(c.stored)
		body, err := streamed(listener, c.came)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := Bytes(c.came)
		if body.Hash != sms.Hash(sha256.Sum256(c.came)) || body.Size != want.Size || !bytes.Equal(body.Chunks, want.Chunks) {
			t.Errorf("%s: size %d, hash %s, %d bytes of chunks", name, body.Size, body.Hash, len(body.Chunks))
		}
		if body.IsKept != c.kept || c.kept != (body.Packed == nil) || listener.reads != c.reads {
			t.Errorf("%s: kept %t, packed %d bytes, what is stored was read %d times", name, body.IsKept, len(body.Packed), listener.reads)
		}
		if told := listener.told.Bytes(); c.kept != (len(told) == 0 && len(c.came) > 0) && len(c.came) > 0 || !c.kept && !bytes.Equal(told, c.came) || listener.ended != body.Hash {
			t.Errorf("%s: %d bytes were read, of the answer %s", name, len(told), listener.ended)
		}
		if got, err := Unpack(body); !c.kept && (err != nil || !bytes.Equal(got, c.came)) {
			t.Errorf("%s: %d bytes came back (%v), want the %d that came", name, len(got), err, len(c.came))
		}
	}
}

// What is stored is never believed by its name: an answer that parts from it ends when its bytes cannot be had, or are others.
func TestKnownAnswerThatCannotBeRead(t *testing.T) {
	t.Parallel()
	stored := random(1, 3*chunk+500)
	came := with(stored, 2*chunk)
	whole := Bytes(stored)
	cut := whole
	cut.Packed = whole.Packed[:len(whole.Packed)/4]
	other := Bytes(random(4, len(stored)))
	other.Hash = whole.Hash
	gone := errors.New("gone")
	for name, stored := range map[string]func() (sms.Body, error){
		"gone":        func() (sms.Body, error) { return sms.Body{}, gone },
		"cut":         func() (sms.Body, error) { return cut, nil },
		"other bytes": func() (sms.Body, error) { return other, nil },
		"shorter":     func() (sms.Body, error) { return Bytes(random(1, chunk)), nil },
		"no frame": func() (sms.Body, error) {
			return sms.Body{Packed: []byte("nothing"), Size: whole.Size, Hash: whole.Hash}, nil
		},
	} {
		listener := &rememberer{known: whole, stored: stored}
		if body, err := streamed(listener, came); !errors.Is(err, errKnown) {
			t.Errorf("%s: %v, %d bytes", name, err, body.Size)
		}
	}
	// Nothing of it is needed for an answer that is another one from its first MiB on.
	listener := &rememberer{known: whole, stored: func() (sms.Body, error) { return sms.Body{}, gone }}
	if body, err := streamed(listener, with(came, 0)); err != nil || body.IsKept {
		t.Errorf("%v, kept %t", err, body.IsKept)
	}
}

// A writer that is given up in the middle of a known answer gives its encoder back, if it ever had one.
func TestWriterGivenUp(t *testing.T) {
	t.Parallel()
	stored := random(1, 2*chunk)
	w := NewListened(knowing(stored), -1)
	if _, err := io.Copy(w, bytes.NewReader(stored[:chunk+5])); err != nil || w.Size() != chunk+5 {
		t.Fatal(err, w.Size())
	}
	w.Close()
}
