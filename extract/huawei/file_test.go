package huawei

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"smsetl/internal/pack"
)

var testKey = []byte("a key of the tests, 32 bytes long")

func fileOf(name string, data []byte) File {
	return File{Name: name, Data: bytes.NewReader(data), Size: int64(len(data))}
}

// manyRows gives a CSV of n rows, about 230 bytes a row.
func manyRows(n int) []byte {
	var b bytes.Buffer
	b.WriteString("SMS Message ID,Mobile Number,Application Name,Template ID,Signature,SMS Type,Country/Region,Sending Time,Status Report Time,Sending Result,Status Code,Charged,SMS Content\r\n")
	for i := range n {
		fmt.Fprintf(&b, "b9d9b4fe-ad0e-4a2a-a2c7-%012d_%d,+86138%08d,shop,%032x,\"Harbor, Ltd\",1,CN,2026-01-%02d %02d:%02d:%02d,2026-01-%02d %02d:%02d:59,0,DELIVRD,0,\"your code is %06d\"\r\n",
			i, i%9, i%100000000, i%40, 1+i%28, i/3600%24, i/60%60, i%60, 1+i%28, i/3600%24, i/60%60, i%1000000)
	}
	return b.Bytes()
}

func BenchmarkRead(b *testing.B) {
	const rows = 100_000
	data := manyRows(rows)
	r, err := New(Options{Source: "huawei-main", Key: testKey})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		report, err := r.Read(b.Context(), fileOf("a.csv", data), func(Part) error { return nil })
		if err != nil || report.Rows != rows {
			b.Fatal(report.Rows, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

func TestQuick(t *testing.T) {
	r, err := New(Options{Source: "huawei-main", Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	report, err := r.Read(t.Context(), fileOf("SendingDetails_20260101000000_20260101235959.csv", manyRows(3)), func(p Part) error {
		text, err := pack.Unpack(p.Body)
		t.Log(string(text), p.Request.Body)
		return err
	})
	t.Log(report, err)
	_, err = r.Read(t.Context(), fileOf("x.csv", []byte(strings.Repeat("a,b,+8613800138000\n", 4))), nil)
	t.Log(err)
}
