package transform

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/internal/pack"
	"smsetl/sms"
)

// answer is the body of a payload as a stream that proves, once read to its end, that it is what the vendor sent.
type answer struct {
	packed io.ReadCloser
	want   sms.Body
	hash   hash.Hash
	size   int64
	err    error
}

func open(body sms.Body) (*answer, error) {
	r, err := pack.Open(body)
	if err != nil {
		return nil, err
	}
	return &answer{packed: r, want: body, hash: sha256.New()}, nil
}

// Read gives the next bytes. Its last error is io.EOF for a whole body and pack.ErrCorrupt for any other.
func (a *answer) Read(p []byte) (int, error) {
	if a.err != nil {
		return 0, a.err
	}
	n, err := a.packed.Read(p)
	a.hash.Write(p[:n])
	a.size += int64(n)
	switch {
	case a.size > a.want.Size, err == io.EOF && !a.matches():
		a.err = pack.ErrCorrupt
	case err == io.EOF:
		a.err = io.EOF
	case err != nil:
		a.err = fmt.Errorf("%w: %w", pack.ErrCorrupt, err)
	}
	return n, a.err
}

func (a *answer) matches() bool {
	return a.size == a.want.Size && sms.Hash(a.hash.Sum(nil)) == a.want.Hash
}

// verify reads what is left and says whether the body is whole. It outranks any error in understanding the bytes.
func (a *answer) verify() error {
	if _, err := io.Copy(io.Discard, a); err != nil {
		return err
	}
	return nil
}

func (a *answer) Close() error { return a.packed.Close() }

// members calls f for each member of a JSON object, which must be valid. The name is unquoted; the value is the member's
// own part of object. dec is any decoder that is free.
func members(dec *jsontext.Decoder, object []byte, f func(name, value []byte) error) error {
	dec.Reset(bytes.NewReader(object), jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		return syntax(err, 0)
	}
	for dec.PeekKind() != jsontext.KindEndObject {
		name, err := next(dec, object)
		if err != nil {
			return err
		}
		value, err := next(dec, object)
		if err != nil {
			return err
		}
		if err := f(text(name), value); err != nil {
			return err
		}
	}
	return nil
}

// next gives the decoder's next value as a part of what it decodes, which outlives the decoder's own buffer.
func next(dec *jsontext.Decoder, all []byte) ([]byte, error) {
	value, err := dec.ReadValue()
	if err != nil {
		return nil, syntax(err, 0)
	}
	end := int(dec.InputOffset())
	return all[end-len(value) : end : end], nil
}

// syntax gives the error for bytes that are no JSON. shift is added to the decoder's own count of bytes, which starts
// anew when a decoder takes over in the middle. An error of the stream itself is passed on as it is.
func syntax(err error, shift int64) error {
	var s *jsontext.SyntacticError
	switch {
	case err == io.EOF:
		return malformed("the answer is empty")
	case !errors.As(err, &s):
		return err
	}
	what := s.Err.Error()
	switch {
	case errors.Is(s.Err, io.ErrUnexpectedEOF):
		what = "the answer is cut off"
	case errors.Is(s.Err, jsontext.ErrDuplicateName):
		what = fmt.Sprintf("field %q stands twice in one object", s.JSONPointer.LastToken())
	}
	return malformed("%s, at byte %d", what, s.ByteOffset+shift)
}

// kind names what a JSON value is, for error messages.
func kind(value []byte) string {
	switch {
	case value == nil:
		return "missing"
	case value[0] == '{':
		return "an object"
	case value[0] == '[':
		return "an array"
	default:
		return excerpt(value)
	}
}
