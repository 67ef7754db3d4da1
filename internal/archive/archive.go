// Package archive says what an XLSX file would cost to read, before anybody believes a byte of its XML. It knows zip, and of XML where a tag
// ends.
package archive

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
)

// What a workbook may hold. Worksheets of 10,000 messages unpack to 2 to 13 MB at ratios of 8 to 42. Without these bounds 9 KB of XLSX cost
// 10 seconds of processor, and 613 KB 1.9 GB of memory and with it the whole program.
const (
	maxEntries  = 1000     // files in the archive; Excel writes about ten
	maxRatio    = 200      // of the bytes of a file unpacked to those packed, where it is larger than largeEntry; zip reaches 1,032
	largeEntry  = 1 << 20  // bytes
	maxTag      = 64 << 10 // bytes of a tag with its attributes
	maxText     = 1 << 20  // bytes of text in a cell or a shared string, however many pieces it is in
	maxDepth    = 100      // of elements in elements
	maxShared   = 500_000  // shared strings
	maxElements = 300_000  // of files that are read as a whole; worksheets are streamed
	lastRowOf   = 1 << 20  // of a worksheet, as Excel has them
	maxColumn   = 1000     // of a worksheet; Excel has 16,384
	maxCells    = 20_000_000
)

// Check refuses a workbook that would cost more than an export does. Everything is unpacked once, into nothing, before any XML
// is read for what it says. shown gives a name in it as it can be shown. The sizes are those that the archive states; archive/zip refuses an entry that unpacks to more than it states.
func Check(z *zip.Reader, maxUnpacked int64, shown func(name string) string) error {
	if len(z.File) > maxEntries {
		return fmt.Errorf("the workbook holds %d files, want at most %d", len(z.File), maxEntries)
	}
	var total uint64
	for _, entry := range z.File {
		total += entry.UncompressedSize64
		if entry.UncompressedSize64 > uint64(maxUnpacked) || total > uint64(maxUnpacked) {
			return fmt.Errorf("the workbook unpacks to more than %d bytes: export fewer rows at a time, or as CSV", maxUnpacked)
		}
		if size := entry.UncompressedSize64; size > largeEntry && size/maxRatio > entry.CompressedSize64 {
			return fmt.Errorf("the workbook is packed more than %d times: no spreadsheet program writes such a file", maxRatio)
		}
	}
	for _, entry := range z.File {
		if isPicture(entry.Name) {
			continue
		}
		in, err := entry.Open()
		if err != nil {
			return fmt.Errorf("the workbook cannot be unpacked: %w", err)
		}
		err = checkXML(in, entry.Name)
		_ = in.Close() // was read to its end, or is refused
		if err != nil {
			return fmt.Errorf("the workbook is not read: %s: %w", shown(entry.Name), err)
		}
	}
	return nil
}

// isPicture says whether a file of a workbook is no XML by its name: nobody reads it.
func isPicture(name string) bool {
	return slices.Contains([]string{".png", ".jpg", ".jpeg", ".gif", ".bmp", ".emf", ".wmf", ".bin"}, strings.ToLower(path.Ext(name)))
}

// xmlCheck counts what one file of a workbook would cost to read. It understands no more of XML than where a tag ends.
type xmlCheck struct {
	in       *bufio.Reader
	isSheet  bool
	tag      []byte
	depth    int
	elements int
	shared   int
	text     int // bytes since the last cell or shared string began
	row      int
	column   int // of the cell last seen, from 1
	cells    int // that rows would have, with those between the ones that are there
}

func checkXML(in io.Reader, name string) error {
	c := &xmlCheck{in: bufio.NewReaderSize(in, 64<<10), isSheet: strings.HasPrefix(strings.ToLower(name), "xl/worksheets/")}
	for {
		if err := c.skipText(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := c.readMarkup(); err != nil {
			if errors.Is(err, io.EOF) {
				return errors.New("it ends within a tag")
			}
			return err
		}
	}
}

// skipText reads up to a tag, and takes its < too.
func (c *xmlCheck) skipText() error {
	for {
		piece, err := c.in.ReadSlice('<')
		if c.text += len(piece); c.text > maxText {
			return fmt.Errorf("a cell holds more than %d bytes of text", maxText)
		}
		if bytes.IndexByte(piece, 0) >= 0 {
			return errors.New("its characters are not those of UTF-8")
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

// readMarkup reads what begins with <.
func (c *xmlCheck) readMarkup() error {
	head, err := c.in.Peek(8)
	if len(head) == 0 {
		return err
	}
	switch {
	case bytes.HasPrefix(head, []byte("!--")):
		return c.skipTo("-->")
	case bytes.HasPrefix(head, []byte("![CDATA[")):
		return c.skipTo("]]>")
	case head[0] == '?':
		return c.instruction()
	case head[0] == '!':
		return errors.New("it declares entities or a document type, which no spreadsheet program does")
	}
	if err := c.readTag(); err != nil {
		return err
	}
	return c.element()
}

// skipTo reads to the end of a comment or of a text without tags. Its bytes are text: readers put the pieces around a comment together.
func (c *xmlCheck) skipTo(end string) error {
	var last [3]byte
	for {
		b, err := c.in.ReadByte()
		if err != nil {
			return err
		}
		if c.text++; c.text > maxText {
			return fmt.Errorf("a cell holds more than %d bytes of text", maxText)
		}
		if last[0], last[1], last[2] = last[1], last[2], b; string(last[:]) == end {
			return nil
		}
	}
}

// instruction reads <?xml version="1.0" encoding="UTF-8"?>. In any other encoding tags would begin elsewhere than they seem to.
func (c *xmlCheck) instruction() error {
	if err := c.readTag(); err != nil {
		return err
	}
	encoding := attribute(c.tag, "encoding")
	if encoding != nil && !bytes.EqualFold(encoding, []byte("utf-8")) && !bytes.EqualFold(encoding, []byte("us-ascii")) {
		return errors.New("its encoding is another one than UTF-8")
	}
	return nil
}

// readTag reads to the > that ends a tag, which none within quotes does.
func (c *xmlCheck) readTag() error {
	c.tag = c.tag[:0]
	var quote byte
	for {
		b, err := c.in.ReadByte()
		if err != nil {
			return err
		}
		switch {
		case quote != 0:
			if b == quote {
				quote = 0
			}
		case b == '"' || b == '\'':
			quote = b
		case b == '>':
			return nil
		}
		if c.tag = append(c.tag, b); len(c.tag) > maxTag {
			return fmt.Errorf("a tag is longer than %d bytes", maxTag)
		}
	}
}

// element counts a tag.
func (c *xmlCheck) element() error {
	tag := c.tag
	if len(tag) > 0 && tag[0] == '/' {
		c.depth--
		return nil
	}
	if c.elements++; c.elements > maxElements && !c.isSheet && c.shared == 0 {
		return fmt.Errorf("it holds more than %d elements", maxElements)
	}
	if !bytes.HasSuffix(tag, []byte("/")) {
		if c.depth++; c.depth > maxDepth {
			return fmt.Errorf("its elements are nested more than %d deep", maxDepth)
		}
	}
	name := tag
	if end := bytes.IndexAny(name, " \t\r\n/"); end >= 0 {
		name = name[:end]
	}
	switch string(name[bytes.IndexByte(name, ':')+1:]) {
	case "si":
		c.text = 0
		if c.shared++; c.shared > maxShared {
			return fmt.Errorf("it holds more than %d shared strings", maxShared)
		}
		if c.elements > 8*maxShared {
			return fmt.Errorf("it holds more than %d elements", 8*maxShared)
		}
	case "row":
		return c.beginRow(tag)
	case "c":
		return c.beginCell(tag)
	}
	return nil
}

func (c *xmlCheck) beginRow(tag []byte) error {
	c.text, c.column = 0, 0
	c.row++
	if r := attribute(tag, "r"); r != nil {
		n, err := strconv.Atoi(string(bytes.TrimSpace(r)))
		if err != nil {
			return errors.New("a row has no number")
		}
		c.row = n
	}
	if c.row > lastRowOf {
		return fmt.Errorf("it has a row behind the last one, %d", lastRowOf)
	}
	return nil
}

func (c *xmlCheck) beginCell(tag []byte) error {
	c.text = 0
	before := c.column
	c.column++
	if r := attribute(tag, "r"); r != nil {
		c.column = columnNumber(r)
	}
	if c.column > maxColumn {
		return fmt.Errorf("it has a cell behind column %d", maxColumn)
	}
	if c.cells += max(c.column-before, 1); c.cells > maxCells {
		return fmt.Errorf("it has more than %d cells", maxCells)
	}
	return nil
}

// columnNumber gives the number of a cell's column, from 1: 28 for AB7.
func columnNumber(cell []byte) int {
	n := 0
	for _, b := range bytes.TrimSpace(cell) {
		if b |= 0x20; b < 'a' || b > 'z' || n > maxColumn {
			break
		}
		n = n*26 + int(b-'a') + 1
	}
	return n
}

// attribute gives the value of an attribute of a tag; nil when it has none of the name.
func attribute(tag []byte, name string) []byte {
	for at := 0; ; {
		i := bytes.Index(tag[at:], []byte(name))
		if i < 0 {
			return nil
		}
		before := at + i - 1
		at += i + len(name)
		rest := bytes.TrimLeft(tag[at:], " \t\r\n")
		if before < 0 || strings.IndexByte(" \t\r\n", tag[before]) < 0 || len(rest) < 2 || rest[0] != '=' {
			continue
		}
		rest = bytes.TrimLeft(rest[1:], " \t\r\n")
		if len(rest) == 0 || rest[0] != '"' && rest[0] != '\'' {
			continue
		}
		if end := bytes.IndexByte(rest[1:], rest[0]); end >= 0 {
			return rest[1 : end+1]
		}
	}
}
