package huawei

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"
)

// manyRows gives a CSV of n rows, about 230 bytes a row.
func manyRows(n int) []byte {
	b := bytes.NewBufferString(manyHeader)
	for i := range n {
		writeRow(b, i)
	}
	return b.Bytes()
}

const manyHeader = "SMS Message ID,Mobile Number,Application Name,Template ID,Signature,SMS Type,Country/Region,Sending Time,Status Report Time,Sending Result,Status Code,Charged,SMS Content\r\n"

func writeRow(w io.Writer, i int) {
	fmt.Fprintf(w, "b9d9b4fe-ad0e-4a2a-a2c7-%012d_%d,+86138%08d,shop,%032x,\"Harbor, Ltd\",1,CN,2026-01-%02d %02d:%02d:%02d,2026-01-%02d %02d:%02d:59,0,DELIVRD,0,\"your code is %06d\"\r\n",
		i, i%9, i%100000000, i%40, 1+i%28, i/3600%24, i/60%60, i%60, 1+i%28, i/3600%24, i/60%60, i%1000000)
}

func BenchmarkRead(b *testing.B) {
	for name, columns := range map[string]map[string]string{"ids": nil, "hashes": {"id": "Charged"}} {
		b.Run(name, func(b *testing.B) {
			const rows = 100_000
			data := manyRows(rows)
			if columns != nil {
				data = bytes.Replace(data, []byte("SMS Message ID"), []byte("Reference"), 1) // no id: each number is hashed
			}
			r := testReader(b, nil)
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				report, err := r.Read(b.Context(), fileOf("a.csv", data), func(Part) error { return nil })
				if err != nil || report.Rows != rows {
					b.Fatal(report.Rows, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}

// rowsAt gives a file of many rows without holding it: the rows stand at fixed places.
type rowsAt struct {
	row  []byte
	head []byte
}

func (r *rowsAt) ReadAt(p []byte, at int64) (int, error) {
	n := 0
	for n < len(p) {
		var from []byte
		if at < int64(len(r.head)) {
			from = r.head[at:]
		} else {
			from = r.row[(at-int64(len(r.head)))%int64(len(r.row)):]
		}
		m := copy(p[n:], from)
		n, at = n+m, at+int64(m)
	}
	return n, nil
}

// A million rows are read in memory that does not grow with them.
func TestMemoryIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a million rows")
	}
	var row bytes.Buffer
	writeRow(&row, 7)
	data := &rowsAt{row: row.Bytes(), head: []byte(manyHeader)}
	const rows = 1_000_000
	f := File{Name: "large.csv", Data: data, Size: int64(len(data.head)) + rows*int64(row.Len())}
	var most uint64
	report, err := testReader(t, nil).Read(t.Context(), f, func(Part) error {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapInuse)
		return nil
	})
	if err != nil || report.Rows != rows {
		t.Fatalf("%d rows: %v", report.Rows, err)
	}
	if most > 64<<20 {
		t.Errorf("%d MiB in use, want at most 64", most>>20)
	}
}
