package huawei

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"smsetl/internal/dev/transformtest"
	"smsetl/internal/pack"
	"smsetl/sms"
	"smsetl/transform"
)

// detailsForm gives a stored form of n rows, about 150 bytes a row.
func detailsForm(n int) []byte {
	var b bytes.Buffer
	b.WriteString("huawei/1\tsending_details\tzone=+08:00\tkey=00000000\n" +
		"row\tid\tnumber\tdial\tsent_at\treported_at\tapplication\ttemplate\tsignature\ttype\tcountry\tresult\tstatus\tcharged\tsegments\n")
	codes := []string{"DELIVRD", "DELIVRD", "DELIVRD", "UNDELIV", "MK:0001"}
	for i := range n {
		at := time.Unix(1767225600+int64(i), 0).UTC().Format(time.DateTime)
		fmt.Fprintf(&b, "%d\tb9d9b4fe-ad0e-4a2a-a2c7-%012d_%d\t\t86\t%s\t%s\tshop\t%032x\tHarbor\t1\tCN\t%d\t%s\t0\t1\n", i+2, i, i%9, at, at, i%40, i%5, codes[i%5])
	}
	return b.Bytes()
}

func BenchmarkMessages(b *testing.B) {
	const rows = 100_000
	form := detailsForm(rows)
	p := sms.Payload{Account: sms.Account{Vendor: sms.Huawei, ID: "main"}, Body: pack.Bytes(form)}
	b.ReportAllocs()
	b.SetBytes(int64(len(form)))
	start := transformtest.CPU()
	for b.Loop() {
		n := 0
		if _, err := Messages(transform.Rows{}, &p, func(*sms.Message) error { n++; return nil }); err != nil || n != rows {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64((transformtest.CPU()-start).Nanoseconds())/float64(b.N)/rows, "cpu-ns/row")
}

// A row allocates its id and nothing else.
func TestMessagesAllocateTheirIDs(t *testing.T) {
	const rows = 20_000
	p := sms.Payload{Account: sms.Account{Vendor: sms.Huawei, ID: "main"}, Body: pack.Bytes(detailsForm(rows))}
	perRow := testing.AllocsPerRun(3, func() {
		if _, err := Messages(transform.Rows{}, &p, func(*sms.Message) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}) / rows
	if perRow > 1.1 {
		t.Errorf("%.2f allocations a row, want 1", perRow)
	}
}
