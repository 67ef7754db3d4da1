package engagelab

import (
	"bufio"
	"bytes"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"smsetl/internal/pack"
	"smsetl/sms"
	"smsetl/transform"
)

// FuzzScannerAgrees reads the same bytes with the scanner, through buffers of several sizes, and with the full JSON
// reader alone: the scanner is a short cut and must never matter.
func FuzzScannerAgrees(f *testing.F) {
	row := `{"send_date":"2026-01-01","msg_type":"2","sms_user":"a","template_id":1,"label_id":null,"targets":1,"sent":1,` +
		`"process_failed":0,"delivered":1.0,"send_failed":0,"wait_result":0,"billing_count":1,"delivered_percent":100.0}`
	for _, body := range []string{
		`{"result":[` + row + `,` + row + `],"count":2}`,
		"{\"count\": 2, \"x\": [1], \"result\" : [\n" + row + " ,\t" + row + "\r\n] }",
		`{"result":[` + row + `,],"count":1}`, `{"result":[,` + row + `],"count":1}`, `{"result":[` + row + row + `],"count":2}`,
		`{"result":[` + row + `.5],"count":2}`, `{"result":[` + row + `5],"count":2}`, `{"result":[` + row + `""],"count":2}`,
		`{"result":[` + row + `.5],"count":1}`, `{"result":[` + row + `e5],"count":1}`, `{"result":[` + row + `""],"count":1}`,
		`{"result":[` + row + `,` + strings.Repeat(" ", 700) + `],"count":1}`, `{"result":[` + row + `,` + strings.Repeat(" ", 700) + row + `],"count":2}`,
		`{"x":"` + strings.Repeat("x", 3000) + `","result":[` + row + `],"count":1}`,
		`{"result":[` + row + `,1,null,"x",[],` + row + `],"count":6}`, `{"result":[{},` + row + `],"count":2}`,
		`{"result":[{"send\u005fdate":"2026-01-01","sms_user":"\u0061","targets":1e0},` + row + `],"count":2}`,
		`{"result":[{"send_date":"2026-01-01","sms_user":"a","targets":1,"targets":1},` + row + `],"count":2}`,
		`{"result":[{"send_date":"2026-01-01","sms_user":"a","x":{"y":[1,{"z":"}"}]}},` + row + `],"count":2}`,
		`{"result":[{"send_date":"2026-01-01","sms_user":"a","targets":01},` + row + `],"count":2}`,
		`{"result":[{"send_date":"2026-01-01","sms_user":"a","targets":-},` + row + `],"count":2}`,
		`{"result":[{"send_date":"2026-01-01","sms_user":"a","targets":tru},` + row + `],"count":2}`,
		"{\"result\":[{\"send_date\":\"2026-01-01\",\"sms_user\":\"a\",\"template_id\":\"\xff\"}," + row + `],"count":2}`,
		"{\"result\":[{\"send_date\":\"2026-01-01\",\"sms_user\":\"a\",\"template_id\":\"\x01\"}," + row + `],"count":2}`,
		`{"result":[` + row + `]} x`, `{"result":[` + row, `{"result":[` + row[:40],
	} {
		f.Add([]byte(body))
	}
	w, err := sms.NewWindow(sms.Date(2026, 1, 1), sms.Date(2026, 1, 3), sms.Zone{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for dataset := range layouts {
			account := sms.Account{Vendor: sms.EngageLab, ID: "a"}
			scope := sms.Scope{Account: account, Datasets: []sms.Dataset{dataset}, Window: w}
			payloads := []sms.Payload{{Account: account, Dataset: dataset, Window: w, Body: pack.Bytes(body)}}
			want, wantErr := readWith(scope, payloads, true, 0)
			for _, size := range []int{16, 300, bufferSize} {
				got, err := readWith(scope, payloads, false, size)
				if (err == nil) != (wantErr == nil) {
					t.Fatalf("%s, buffer %d: error %v, the full reader says %v", dataset, size, err, wantErr)
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("%s, buffer %d:\n%+v\nthe full reader says\n%+v", dataset, size, got, want)
				}
			}
		}
	})
}

func readWith(scope sms.Scope, payloads []sms.Payload, noScanner bool, size int) (sms.Batch, error) {
	b := &transform.Draft{Batch: sms.Batch{Scope: scope}}
	e := &reader{Draft: b}
	e.noScanner, e.buffer = noScanner, bufio.NewReaderSize(nil, size)
	err := e.readAll(payloads)
	return b.Batch, err
}

// The scanner must be what reads an ordinary answer, or speed is lost without anybody noticing.
func TestScannerReadsOrdinaryRows(t *testing.T) {
	doc := statsDoc(100)
	start := bytes.IndexByte(doc, '[') + 1
	r := newRow(layouts[sms.StatsDay])
	n := r.scan(doc[start:], true)
	if n < 0 || doc[start+n] != ',' || !bytes.Equal(r.raw, doc[start:start+n]) {
		t.Fatalf("length %d", n)
	}
	for i, name := range r.layout.fields {
		if r.values[i] == nil {
			t.Errorf("%s was not found", name)
		}
	}
}

// An answer of ordinary rows costs no allocation for a row.
func TestRowsDoNotAllocate(t *testing.T) {
	w, err := sms.NewWindow(sms.Date(2026, 1, 1), sms.Date(2026, 1, 31), sms.Zone{})
	if err != nil {
		t.Fatal(err)
	}
	account := sms.Account{Vendor: sms.EngageLab, ID: "marketing"}
	scope := sms.Scope{Account: account, Datasets: []sms.Dataset{sms.StatsDay}, Window: w}
	known := transform.Vendors{sms.EngageLab: {Reader: Reader}}
	allocations := func(rows int) float64 {
		payloads := []sms.Payload{{Account: account, Dataset: sms.StatsDay, Window: w, Body: pack.Bytes(statsDoc(rows))}}
		return testing.AllocsPerRun(3, func() {
			if b, err := known.Batch(scope, payloads); err != nil || len(b.Deliveries) != rows {
				t.Fatal(len(b.Deliveries), err)
			}
		})
	}
	// Names are interned by the runtime for as long as somebody holds them.
	payloads := []sms.Payload{{Account: account, Dataset: sms.StatsDay, Window: w, Body: pack.Bytes(statsDoc(6_000))}}
	held, err := known.Batch(scope, payloads)
	if err != nil {
		t.Fatal(err)
	}
	few, many := allocations(6_000), allocations(30_000)
	runtime.KeepAlive(held)
	if more := (many - few) / 24_000; more > 0.01 {
		t.Errorf("%.3f allocations a row, want none", more)
	}
}
