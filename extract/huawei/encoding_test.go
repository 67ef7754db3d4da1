package huawei

import (
	"bytes"
	"crypto/sha256"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"smsetl/sms"
)

func TestLook(t *testing.T) {
	long := strings.Repeat("ascii,only,2026-01-01\n", 30_000) // over two buffers
	gb := func(s string) []byte {
		b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	utf16 := func(s string, e unicode.Endianness, bom unicode.BOMPolicy) []byte {
		b, err := unicode.UTF16(e, bom).NewEncoder().Bytes([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, c := range map[string]struct {
		data []byte
		want Encoding
		bom  int
	}{
		"nothing":             {nil, UTF8, 0},
		"ascii":               {[]byte(long), UTF8, 0},
		"utf-8":               {[]byte(long + "海港"), UTF8, 0},
		"utf-8 all over":      {[]byte(strings.Repeat("海港a", 200_000)), UTF8, 0}, // characters over the ends of buffers
		"utf-8 with a mark":   {[]byte("\xef\xbb\xbfa,b"), UTF8, 3},
		"chinese at the end":  {gb(long + "海港"), GB18030, 0},
		"chinese":             {gb("短信ID,海港"), GB18030, 0},
		"four byte character": {gb(long + "𠮷"), GB18030, 0},
		"little":              {utf16("短信ID,一二三", unicode.LittleEndian, unicode.UseBOM), UTF16LE, 2},
		"big":                 {utf16("短信ID,一二三", unicode.BigEndian, unicode.UseBOM), UTF16BE, 2},
		"little without mark": {utf16("Message ID,Time\n一,二026-01-01 00:00:00", unicode.LittleEndian, unicode.IgnoreBOM), UTF16LE, 0},
		"big without mark":    {utf16("Message ID,Time\n一,二026-01-01 00:00:00", unicode.BigEndian, unicode.IgnoreBOM), UTF16BE, 0},
		"half a character":    {[]byte(long + "\xe6\xb5"), GB18030, 0},
	} {
		for how, in := range map[string]io.Reader{"whole": bytes.NewReader(c.data), "bytewise": iotest.OneByteReader(bytes.NewReader(c.data))} {
			if how == "bytewise" && len(c.data) > 100_000 {
				continue
			}
			g, err := sniff(t.Context(), in)
			if err != nil || g.encoding != c.want || g.bom != c.bom || g.hash != sms.Hash(sha256.Sum256(c.data)) {
				t.Errorf("%s (%s): %s with %d bytes of mark, %v; want %s", name, how, g.encoding, g.bom, err, c.want)
			}
		}
	}
}
