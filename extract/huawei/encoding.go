package huawei

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"smsetl/sms"
)

// Encoding names how a file writes its characters.
type Encoding string

// The encodings that are recognised.
const (
	UTF8    Encoding = "utf-8"
	GB18030 Encoding = "gb18030" // and GBK and GB 2312, which are parts of it
	UTF16LE Encoding = "utf-16le"
	UTF16BE Encoding = "utf-16be"
)

var (
	bomUTF8    = []byte{0xef, 0xbb, 0xbf}
	bomUTF16LE = []byte{0xff, 0xfe}
	bomUTF16BE = []byte{0xfe, 0xff}
)

// sniffed is what one pass over the bytes of a file shows.
type sniffed struct {
	hash     sms.Hash
	encoding Encoding
	bom      int // bytes of the mark at the start
	isZip    bool
	isOLE    bool // an old .xls, or an encrypted workbook
}

// sniff reads the whole file once. The encoding is found from all of it and not from its head: an export with English
// headers can have its first Chinese signature in its last row.
func sniff(ctx context.Context, data io.Reader) (sniffed, error) {
	var g sniffed
	hash := sha256.New()
	buf := make([]byte, 256<<10)
	head, carry := []byte(nil), 0
	isUTF8, zeroes := true, [2]int{}
	for first := true; ; first = false {
		if err := ctx.Err(); err != nil {
			return g, err
		}
		n, err := io.ReadFull(data, buf[carry:])
		hash.Write(buf[carry : carry+n])
		chunk := buf[:carry+n]
		isLast := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !isLast {
			return g, err
		}
		if first {
			head = bytes.Clone(chunk[:min(len(chunk), 8)])
			for i, c := range chunk[:min(len(chunk), 4096)] {
				if c == 0 {
					zeroes[i%2]++
				}
			}
		}
		if isUTF8 {
			rest := tail(chunk)
			if isLast {
				rest = 0
			}
			isUTF8 = utf8.Valid(chunk[:len(chunk)-rest])
			carry = copy(buf, chunk[len(chunk)-rest:])
		} else {
			carry = 0
		}
		if isLast {
			break
		}
	}
	hash.Sum(g.hash[:0])
	g.isZip = bytes.HasPrefix(head, []byte("PK\x03\x04"))
	g.isOLE = bytes.HasPrefix(head, []byte{0xd0, 0xcf, 0x11, 0xe0})
	switch {
	case bytes.HasPrefix(head, bomUTF8):
		g.encoding, g.bom = UTF8, len(bomUTF8)
	case bytes.HasPrefix(head, bomUTF16LE):
		g.encoding, g.bom = UTF16LE, len(bomUTF16LE)
	case bytes.HasPrefix(head, bomUTF16BE):
		g.encoding, g.bom = UTF16BE, len(bomUTF16BE)
	case zeroes[1] > 4*zeroes[0]: // the upper halves of ASCII characters; U+4E00 has a lower half of zero
		g.encoding = UTF16LE
	case zeroes[0] > 4*zeroes[1]:
		g.encoding = UTF16BE
	case isUTF8:
		g.encoding = UTF8
	default:
		g.encoding = GB18030
	}
	return g, nil
}

// tail gives how many bytes at the end of a chunk are the start of a character that the next chunk ends.
func tail(chunk []byte) int {
	for n := 1; n <= min(utf8.UTFMax-1, len(chunk)); n++ {
		if c := chunk[len(chunk)-n]; utf8.RuneStart(c) {
			if !utf8.FullRune(chunk[len(chunk)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}

// text gives the file as UTF-8.
func (g *sniffed) text(data io.ReaderAt, size int64) (io.Reader, error) {
	raw := io.NewSectionReader(data, int64(g.bom), size-int64(g.bom))
	var e encoding.Encoding
	switch g.encoding {
	case UTF8:
		return raw, nil
	case GB18030:
		e = simplifiedchinese.GB18030
	case UTF16LE:
		e = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case UTF16BE:
		e = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	default:
		return nil, fmt.Errorf("encoding %q is not known", g.encoding)
	}
	return e.NewDecoder().Reader(raw), nil
}
