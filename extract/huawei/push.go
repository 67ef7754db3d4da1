package huawei

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/sms"
)

// Limits of a push. The vendor puts at most 50 reports into one; the others are far above what it documents.
const (
	MaxPush    = 256 << 10 // bytes of a body
	maxReports = 100
	maxID      = 100
	maxStatus  = 32
	maxExtend  = 512 // the vendor takes 128 characters
	maxPieces  = 255
	maxUnknown = 20
)

// ErrPush says that a pushed body is not believed. It wraps sms.ErrMalformed; the text never repeats a value.
var ErrPush = fmt.Errorf("not a status report: %w", sms.ErrMalformed)

// Pushed is a push in the stored form.
type Pushed struct {
	Body    sms.Body
	Reports int64
	Unknown []string // names of fields that nobody knows, sorted; orgCode is one that the vendor's sample has and its table lacks
	Request sms.Request
}

// the fields of a report, in the order of the stored form.
const (
	fieldID = iota
	fieldPiece
	fieldPieces
	fieldStatus
	fieldSource
	fieldUpdated
	fieldExtend
	reportFields
)

var (
	// fieldNames are the vendor's names (https://support.huaweicloud.com/api-msgsms/sms_05_0003.html).
	fieldNames  = [reportFields]string{"smsMsgId", "sequence", "total", "status", "source", "updateTime", "extend"}
	reportForm  = []string{"id", "piece", "pieces", "status", "source", "reported_at", "extend"}
	knownFields = []string{"to", "statusDesc", "orgCode"} // known and not kept: to is a phone number
)

type report [reportFields]string

// Reports reads a pushed body: a form with one report, or JSON with a list of them. isSigned says that its signature was
// verified; whatever an unsigned push says is a hint.
func (r *Reader) Reports(contentType string, body []byte, isSigned bool) (Pushed, error) {
	k, err := newKeyed(r.o.Key, r.o.Source)
	if err != nil {
		return Pushed{}, fmt.Errorf("huawei: push: %w", err)
	}
	p := pushed{extend: r.o.KeepExtend, keyed: k}
	if err := p.read(contentType, body); err != nil {
		return Pushed{}, fmt.Errorf("huawei: push: %w: %w", ErrPush, err)
	}
	trust := "hint"
	if isSigned {
		trust = "signed"
	}
	f, err := newFormer(StatusReports, append([]string{"row"}, reportForm...), "trust="+trust)
	if err != nil {
		return Pushed{}, fmt.Errorf("huawei: push: %w", err)
	}
	for i, report := range p.reports {
		f.start(int64(i) + 1)
		for _, value := range report {
			f.line = append(f.line, '\t')
			f.line = appendPlain(f.line, []byte(value))
		}
		if err := f.end(); err != nil {
			return Pushed{}, fmt.Errorf("huawei: push: %w", err)
		}
	}
	out, err := f.body()
	if err != nil {
		return Pushed{}, fmt.Errorf("huawei: push: %w", err)
	}
	slices.Sort(p.unknown)
	return Pushed{
		Body: out, Reports: int64(len(p.reports)), Unknown: p.unknown,
		Request: sms.Request{Method: "PUSH", Action: string(StatusReports)},
	}, nil
}

// pushed is a push in the reading.
type pushed struct {
	extend  bool
	keyed   *keyed
	reports []report
	unknown []string
}

func (p *pushed) read(contentType string, body []byte) error {
	if len(body) > MaxPush {
		return fmt.Errorf("the body is larger than %d bytes", MaxPush)
	}
	if !utf8.Valid(body) {
		return errors.New("the body is not UTF-8")
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return errors.New("the content type cannot be read")
	}
	switch media {
	case "application/x-www-form-urlencoded":
		return p.form(string(body))
	case "application/json":
		return p.batch(body)
	default:
		return errors.New("the content type is neither a form nor JSON")
	}
}

// form reads one report as a form.
func (p *pushed) form(body string) error {
	var report report
	var to string
	var seen []string
	for pair := range strings.SplitSeq(body, "&") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return errors.New("the form has a field without a value")
		}
		name, err := url.QueryUnescape(name)
		if err != nil {
			return errors.New("the form is wrongly escaped")
		}
		value, err = url.QueryUnescape(value)
		if err != nil || !utf8.ValidString(value) || !utf8.ValidString(name) {
			return errors.New("the form is wrongly escaped")
		}
		if slices.Contains(seen, name) {
			return fmt.Errorf("field %s stands twice", shownField(name))
		}
		seen = append(seen, name)
		if len(seen) > 2*maxUnknown {
			return errors.New("the form has too many fields")
		}
		p.set(&report, &to, name, value)
	}
	return p.add(report, to)
}

// batch reads {"statusReportList":[...]}.
func (p *pushed) batch(body []byte) error {
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	if err := expect(dec, jsontext.KindBeginObject, "the body is no object"); err != nil {
		return err
	}
	found := false
	for dec.PeekKind() == jsontext.KindString {
		name, err := dec.ReadToken()
		if err != nil {
			return errJSON
		}
		if field := name.String(); field != "statusReportList" {
			p.note(field)
			if err := dec.SkipValue(); err != nil {
				return errJSON
			}
			continue
		}
		found = true
		if err := p.list(dec); err != nil {
			return err
		}
	}
	if err := expect(dec, jsontext.KindEndObject, errJSON.Error()); err != nil {
		return err
	}
	if len(bytes.TrimLeft(body[dec.InputOffset():], " \t\r\n")) > 0 {
		return errors.New("something follows the object")
	}
	if !found || len(p.reports) == 0 {
		return errors.New("statusReportList is missing or empty")
	}
	return nil
}

var errJSON = errors.New("the body is no valid JSON")

// expect reads a token of a kind.
func expect(dec *jsontext.Decoder, kind jsontext.Kind, otherwise string) error {
	token, err := dec.ReadToken()
	if err != nil {
		return errJSON
	}
	if token.Kind() != kind {
		return errors.New(otherwise)
	}
	return nil
}

func (p *pushed) list(dec *jsontext.Decoder) error {
	if err := expect(dec, jsontext.KindBeginArray, "statusReportList is no array"); err != nil {
		return err
	}
	for dec.PeekKind() != jsontext.KindEndArray {
		if len(p.reports) == maxReports {
			return fmt.Errorf("statusReportList has more than %d reports", maxReports)
		}
		if err := p.object(dec); err != nil {
			return fmt.Errorf("report %d: %w", len(p.reports)+1, err)
		}
	}
	return expect(dec, jsontext.KindEndArray, errJSON.Error())
}

func (p *pushed) object(dec *jsontext.Decoder) error {
	if err := expect(dec, jsontext.KindBeginObject, "it is no object"); err != nil {
		return err
	}
	var report report
	var to string
	for dec.PeekKind() == jsontext.KindString {
		token, err := dec.ReadToken()
		if err != nil {
			return errJSON
		}
		name := token.String()
		switch dec.PeekKind() {
		case jsontext.KindString, jsontext.KindNumber:
			value, err := dec.ReadToken()
			if err != nil {
				return errJSON
			}
			p.set(&report, &to, name, value.String())
		case jsontext.KindNull:
			if _, err := dec.ReadToken(); err != nil {
				return errJSON
			}
		default:
			if slices.Contains(fieldNames[:], name) {
				return fmt.Errorf("field %s is neither text nor number", name)
			}
			p.note(name)
			if err := dec.SkipValue(); err != nil {
				return errJSON
			}
		}
	}
	if err := expect(dec, jsontext.KindEndObject, errJSON.Error()); err != nil {
		return err
	}
	return p.add(report, to)
}

// set takes a field over.
func (p *pushed) set(r *report, to *string, name, value string) {
	switch i := slices.Index(fieldNames[:], name); {
	case i == fieldExtend && !p.extend:
	case i >= 0:
		r[i] = value
	case name == "to":
		*to = value
	case !slices.Contains(knownFields, name):
		p.note(name)
	}
}

// note notes a field that nobody knows, by its name alone.
func (p *pushed) note(name string) {
	if name = shownField(name); !slices.Contains(p.unknown, name) && len(p.unknown) < maxUnknown {
		p.unknown = append(p.unknown, name)
	}
}

// shownField gives the name of a field as it can be shown: the sender decides what stands there.
func shownField(name string) string {
	digits := 0
	for _, c := range name {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '.' || c == '-':
		default:
			return "(unreadable)"
		}
	}
	if len(name) > 40 || digits > 4 || name == "" {
		return "(unreadable)"
	}
	return name
}

// add takes a report over once it is checked.
func (p *pushed) add(r report, to string) error {
	switch {
	case r[fieldID] == "" || len(r[fieldID]) > maxID || !isPrintable(r[fieldID]):
		return errors.New("smsMsgId is missing, too long or no id")
	case r[fieldStatus] == "" || len(r[fieldStatus]) > maxStatus || !isPrintable(r[fieldStatus]):
		return errors.New("status is missing, too long or no code")
	case len(r[fieldSource]) > 1 || r[fieldSource] != "" && (r[fieldSource] < "0" || r[fieldSource] > "9"):
		return errors.New("source is no digit")
	case len(r[fieldUpdated]) > 40 || !isPrintable(r[fieldUpdated]):
		return errors.New("updateTime is no time")
	case len(r[fieldExtend]) > maxExtend:
		return errors.New("extend is too long")
	}
	for _, i := range [...]int{fieldPiece, fieldPieces} {
		if n, err := strconv.Atoi(r[i]); r[i] != "" && (err != nil || n < 1 || n > maxPieces || strconv.Itoa(n) != r[i]) {
			return fmt.Errorf("%s is no number from 1 to %d", fieldNames[i], maxPieces)
		}
	}
	if r[fieldPiece] != "" && r[fieldPieces] != "" {
		piece, _ := strconv.Atoi(r[fieldPiece]) // both were read above
		if pieces, _ := strconv.Atoi(r[fieldPieces]); piece > pieces {
			return errors.New("sequence is larger than total")
		}
	}
	number, _, ok := appendDigits(nil, []byte(to), false)
	if ok && len(number) >= 7 {
		for i := range r {
			if holdsNumber([]byte(r[i]), number, make([]byte, 0, len(r[i]))) {
				r[i] = "" // extend often carries the number itself
			}
		}
		if r[fieldID] == "" || r[fieldStatus] == "" {
			return errors.New("smsMsgId or status is the number of the recipient")
		}
	}
	if err := p.hide(&r); err != nil {
		return err
	}
	p.reports = append(p.reports, r)
	return nil
}

// hide leaves no phone number in a report that names no recipient to compare with. An id that could be one is hashed as the reader of
// exports hashes it, so that both still tell of the same message; a status never looks like one; what only adds to a report goes.
func (p *pushed) hide(r *report) error {
	if looksLikeNumber([]byte(r[fieldStatus])) {
		return errors.New("status could be a phone number")
	}
	if looksLikeNumber([]byte(r[fieldID])) {
		r[fieldID] = string(p.keyed.append(nil, []byte(r[fieldID])))
	}
	for _, i := range [...]int{fieldUpdated, fieldExtend} {
		if isPhone(r[i]) {
			r[i] = ""
		}
	}
	return nil
}

// isPrintable says whether a text is of visible ASCII characters.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
