package huawei

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"smsetl/internal/archive"
)

// workbook is an open XLSX file.
type workbook struct {
	file *excelize.File
	zip  *zip.Reader
	is04 bool // days are counted from 1904, as old Macintoshes did
}

// openWorkbook opens an XLSX file. Parts larger than 16 MiB are unpacked into files below dir ("" for the system's), which
// close removes; a console export of 10,000 rows stays in memory.
func openWorkbook(f File, maxUnpacked int64, dir string) (*workbook, error) {
	z, err := zip.NewReader(f.Data, f.Size)
	if err != nil {
		return nil, fmt.Errorf("the workbook is no whole zip archive: %w", err)
	}
	if err := archive.Check(z, maxUnpacked, SafeName); err != nil {
		return nil, err
	}
	file, err := excelize.OpenReader(io.NewSectionReader(f.Data, 0, f.Size), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: min(16<<20, maxUnpacked), TmpDir: dir,
	})
	if err != nil {
		if file != nil {
			_ = file.Close() // takes away what was unpacked
		}
		return nil, fmt.Errorf("the workbook cannot be read: %w", err)
	}
	props, err := file.GetWorkbookProps()
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("the workbook cannot be read: %w", err)
	}
	return &workbook{file: file, zip: z, is04: props.Date1904 != nil && *props.Date1904}, nil
}

func (w *workbook) close() error { return w.file.Close() }

// sheets lists the worksheets, the first one first.
func (w *workbook) sheets() []string { return w.file.GetSheetList() }

// xlsxRows reads the rows of a worksheet as a stream.
type xlsxRows struct {
	ctx   context.Context //nolint:containedctx // the rows are read within the call that the context is of
	book  *workbook
	rows  *excelize.Rows
	cells [][]byte
	text  []byte
	row   int64
}

func (w *workbook) rows(ctx context.Context, sheet string) (*xlsxRows, error) {
	rows, err := w.file.Rows(sheet)
	if err != nil {
		return nil, fmt.Errorf("sheet %q: %w", sheet, err)
	}
	return &xlsxRows{ctx: ctx, book: w, rows: rows}, nil
}

func (x *xlsxRows) next() (cells [][]byte, row int64, err error) {
	if err := x.ctx.Err(); err != nil {
		return nil, x.row, err
	}
	if !x.rows.Next() {
		if err := x.rows.Error(); err != nil {
			return nil, x.row, err
		}
		if err := x.book.isWhole(x.row); err != nil {
			return nil, x.row, err
		}
		return nil, x.row, io.EOF
	}
	x.row++
	values, err := x.rows.Columns(excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, x.row, err
	}
	x.cells, x.text = x.cells[:0], x.text[:0]
	for _, v := range values {
		x.text = append(x.text, v...)
	}
	at := 0
	for _, v := range values {
		x.cells = append(x.cells, x.text[at:at+len(v):at+len(v)])
		at += len(v)
	}
	return x.cells, x.row, nil
}

func (x *xlsxRows) close() error { return x.rows.Close() }

var (
	errCutSheet = errors.New("the worksheet cannot be read to its end: a cell holds a character that XML forbids, or the file is damaged; open it in a spreadsheet program and save it anew")

	rowTag   = regexp.MustCompile(`<(?:\w+:)?row(?:\s[^<>]*)?>`)
	rowR     = regexp.MustCompile(`\sr="(\d+)"`)
	sheetEnd = regexp.MustCompile(`</(?:\w+:)?worksheet>\s*$`)
)

// isWhole says whether the rows read are those that the worksheet holds. excelize ends a worksheet silently where its XML
// cannot be read on, so one bell character in the text of a message would pass for the end of the export. The worksheets are
// looked at again without understanding them: one of them must end behind the row that was read last.
func (w *workbook) isWhole(read int64) error {
	for _, entry := range w.zip.File {
		if !strings.HasPrefix(strings.ToLower(entry.Name), "xl/worksheets/sheet") {
			continue
		}
		in, err := entry.Open()
		if err != nil {
			return err
		}
		last, tail, err := lastRow(in)
		_ = in.Close() // was read to its end
		if err != nil {
			return err
		}
		if last == read && sheetEnd.Match(tail) && isXML(tail) {
			return nil
		}
	}
	return errCutSheet
}

// lastRow gives the number of the last row of a worksheet, and the worksheet from there to its end.
func lastRow(in io.Reader) (last int64, tail []byte, err error) {
	const longestTag = 4 << 10
	buf := make([]byte, 256<<10)
	for carry := 0; ; {
		n, err := io.ReadFull(in, buf[carry:])
		isLast := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !isLast {
			return 0, nil, err
		}
		chunk := buf[:carry+n]
		carry = 0
		if open := bytes.LastIndexByte(chunk, '<'); !isLast && open >= 0 && len(chunk)-open < longestTag &&
			bytes.IndexByte(chunk[open:], '>') < 0 {
			carry = len(chunk) - open // a tag that the next read ends
		}
		rest := chunk[len(chunk)-carry:]
		chunk = chunk[:len(chunk)-carry]
		start := -1
		for _, tag := range rowTag.FindAllIndex(chunk, -1) {
			start = tag[0]
			last++
			if m := rowR.FindSubmatch(chunk[tag[0]:tag[1]]); m != nil {
				last, _ = strconv.ParseInt(string(m[1]), 10, 64) // digits, by the form
			}
		}
		if start >= 0 {
			tail, chunk = tail[:0], chunk[start:]
		}
		tail = append(tail, chunk...)
		if len(tail) > 4*maxRecord {
			return 0, nil, errCutSheet
		}
		if isLast {
			return last, tail, nil
		}
		copy(buf, rest)
	}
}

// isXML says whether an XML parser reads the text to its end.
func isXML(text []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := d.RawToken(); err != nil {
			return err == io.EOF
		}
	}
}

// The days of 1900-01-01 to 2173-10-13 in the count of spreadsheets, in which a time is a fraction of a day.
const (
	firstSerial = 1
	lastSerial  = 100_000
)

// appendSerial appends the time that a number in a time column stands for, as yyyy-MM-dd HH:mm:ss, rounded to the second. ok
// is false when the cell is no such number.
func appendSerial(dst, cell []byte, is04 bool) ([]byte, bool) {
	if len(cell) == 0 || cell[0] < '0' || cell[0] > '9' || bytes.ContainsAny(cell, "-/: ") {
		return dst, false
	}
	days, err := strconv.ParseFloat(string(cell), 64)
	if err != nil || days < firstSerial || days >= lastSerial {
		return dst, false
	}
	zero := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC) // the day before the day 0 that has no 1900-02-29
	if is04 {
		zero = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	whole := math.Floor(days)
	at := zero.AddDate(0, 0, int(whole)).Add(time.Duration(math.Round((days-whole)*86400)) * time.Second)
	return at.AppendFormat(dst, time.DateTime), true
}
