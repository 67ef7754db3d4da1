package star

import (
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"smsetl/sms"
)

// The stream is the same however it is read, with the rows that do not fit into one buffer.
func TestRowReader(t *testing.T) {
	lines := make([]line, 3000)
	w := Writer{Staging: &Staging{Batch: &sms.Batch{}}, Account: 7, keys: make([]keys, len(lines))}
	for i := range lines {
		lines[i].at, w.keys[i].Template = int32(i), int32(i)
		w.Staging.Batch.AddDelivery(&sms.Grain{Day: sms.Date(2026, 1, 5), Template: sms.Named(fmt.Sprint(i))}, &sms.Measures{Requested: sms.Reported(int64(i))})
	}
	read := func(wrap func(io.Reader) io.Reader) string {
		all, err := io.ReadAll(wrap(&rowReader{lines: lines, encode: w.encodeDelivery, fields: 15, loadID: 9}))
		if err != nil {
			t.Fatal(err)
		}
		return string(all)
	}
	whole := read(func(r io.Reader) io.Reader { return r })
	// 19 bytes before; a row: 2, six keys of 8, one count of 12, seven NULLs of 4, the load of 12; 2 bytes after.
	if want := 19 + len(lines)*(2+6*8+12+7*4+12) + 2; len(whole) != want {
		t.Errorf("%d bytes, want %d", len(whole), want)
	}
	if read(iotest.OneByteReader) != whole || read(iotest.DataErrReader) != whole {
		t.Error("the stream depends on how it is read")
	}
	none, err := io.ReadAll(&rowReader{})
	if err != nil || len(none) != 21 {
		t.Errorf("no rows: %d bytes, %v", len(none), err)
	}
}

func TestAppendLines(t *testing.T) {
	all := make([]line, 6)
	for i := range all {
		all[i].at = int32(i)
	}
	joined := appendLines(appendLines(nil, all[0:2]), all[2:4])
	if len(joined) != 4 || &joined[0] != &all[0] {
		t.Error("neighbours were copied")
	}
	apart := appendLines(joined[:2], all[4:6])
	if len(apart) != 4 || apart[2].at != 4 || all[2].at != 2 {
		t.Error("lines that are not neighbours were not copied:", apart, all)
	}
}
