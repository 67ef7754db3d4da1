package huawei

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"smsetl/sms"
)

// importer reads one file.
type importer struct {
	reader *Reader
	ctx    context.Context //nolint:containedctx // one call's worth
	report *Report
	parts  *parts
	most   int // rows to read; negative for all

	keyed   *keyed
	layout  layout
	is04    bool
	isXLSX  bool
	titles  []string // texts around the rows: name of the file, title, footnotes
	number  []byte   // of the row, in digits
	scratch []byte
}

// csv reads a text file. The delimiter is the one with which a header is recognised.
func (im *importer) csv(f File, g *sniffed) error {
	im.report.Format, im.report.Encoding = "csv", g.encoding
	open := func(delimiter byte) (*csvRows, error) {
		text, err := g.text(f.Data, f.Size)
		if err != nil {
			return nil, err
		}
		return newCSVRows(im.ctx, text, delimiter), nil
	}
	var best *chooser
	var delimiter byte
	var score int
	for _, d := range []byte{',', ';', '\t'} {
		rows, err := open(d)
		if err != nil {
			return err
		}
		c := &chooser{mapped: im.reader.mapped}
		l, _, err := c.choose(rows)
		switch {
		case err == nil && l.score > score:
			delimiter, score = d, l.score
		case err != nil && !errors.Is(err, errLayout):
			return err
		}
		if best == nil || c.best.score > best.best.score || best.best.headers == nil {
			best = c
		}
	}
	if score == 0 {
		return best.fail()
	}
	rows, err := open(delimiter)
	if err != nil {
		return err
	}
	c := &chooser{mapped: im.reader.mapped}
	l, above, err := c.choose(rows)
	if err != nil {
		return err
	}
	return im.all(rows, l, above)
}

// workbook reads an XLSX file.
func (im *importer) workbook(f File) (err error) {
	im.report.Format, im.isXLSX = "xlsx", true
	book, err := openWorkbook(f, im.reader.o.MaxUnpacked, im.reader.o.TempDir)
	if err != nil {
		return err
	}
	defer func() {
		if e := book.close(); err == nil && e != nil {
			err = e
		}
	}()
	im.is04 = book.is04
	sheets := book.sheets()
	if want := im.reader.o.Sheet; want != "" {
		if !slices.Contains(sheets, want) {
			return fmt.Errorf("the workbook has no sheet %q: it has %s", want, shown(sheets))
		}
		sheets = []string{want}
	}
	var first error
	for _, sheet := range sheets {
		done, err := im.sheet(book, sheet)
		if done || err != nil && !errors.Is(err, errLayout) {
			return err
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = fmt.Errorf("%w: the workbook has no worksheet", errLayout)
	}
	return first
}

// sheet reads a worksheet. done is false when its columns are not recognised.
func (im *importer) sheet(book *workbook, sheet string) (done bool, err error) {
	rows, err := book.rows(im.ctx, sheet)
	if err != nil {
		return false, err
	}
	defer func() {
		if e := rows.close(); err == nil && e != nil {
			err = e
		}
	}()
	c := &chooser{mapped: im.reader.mapped}
	l, above, err := c.choose(rows)
	if err != nil {
		return false, err
	}
	im.report.Sheet = SafeName(sheet)
	return true, im.all(rows, l, above)
}

// choose reads rows up to the header. above is what stood before it.
func (c *chooser) choose(rows rows) (l layout, above []string, err error) {
	for range headerRows {
		cells, row, err := rows.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return layout{}, nil, err
		}
		l, ok := c.offer(cells)
		if ok {
			l.row = row
			return l, above, nil
		}
		above = append(above, string(bytes.Join(cells, []byte(" "))))
	}
	return layout{}, nil, c.fail()
}

// all reads the rows below the header.
func (im *importer) all(rows rows, l layout, above []string) error {
	im.layout, im.titles = l, append(im.titles, above...)
	rep := im.report
	rep.Kind, rep.Header, rep.Columns, rep.Dropped = l.kind, l.row, l.found(), l.dropped()
	rep.Zone = im.zone()
	for im.most < 0 || rep.Rows < int64(im.most) {
		cells, row, err := rows.next()
		if err == io.EOF {
			return im.parts.flush()
		}
		if err != nil {
			return err
		}
		if err := im.row(cells, row); err != nil {
			return err
		}
	}
	return im.parts.flush()
}

// zone gives the zone of the times: what the header of the column states, or a title, or the configuration. The configuration is about
// sending details: statistics are counted in UTC (https://support.huaweicloud.com/intl/en-us/usermanual-msgsms/sms_03_0009.html).
func (im *importer) zone() sms.Zone {
	column := colSentAt
	if im.layout.kind == Statistics {
		column = statDay
	}
	if zone, ok := im.layout.zones[column]; ok {
		return zone
	}
	for _, title := range im.titles[1:] { // a file's name says UTC for many reasons
		if zone, ok := statedZone(title); ok {
			return zone
		}
	}
	if im.layout.kind == Statistics {
		return sms.Zone{}
	}
	return im.reader.o.Zone
}

// row reads one row below the header.
func (im *importer) row(cells [][]byte, row int64) error {
	switch im.sort(cells) {
	case isEmpty:
		im.report.Empty++
		return nil
	case isTotal:
		im.report.Totals++
		if len(im.titles) < 2*headerRows {
			im.titles = append(im.titles, string(bytes.Join(cells, []byte(" "))))
		}
		return nil
	}
	out, err := im.parts.out(im)
	if err != nil {
		return err
	}
	im.report.Rows++
	out.start(row)
	if im.layout.kind == Statistics {
		for c, at := range im.layout.columns {
			if at >= 0 {
				out.line = append(out.line, '\t')
				out.line = im.appendCell(out.line, cells, c, c == statDay)
			}
		}
		return out.end()
	}
	im.detail(out, cells)
	return out.end()
}

// detail writes a row of sending details.
func (im *importer) detail(out *former, cells [][]byte) {
	im.number = im.number[:0]
	isCertain := false
	if at := im.layout.columns[colNumber]; at >= 0 && at < len(cells) {
		if cell := trim(cells[at]); len(cell) > 0 {
			var ok bool
			if im.number, isCertain, ok = appendDigits(im.number, cell, im.reader.o.Mainland); !ok {
				im.report.Numbers++
			}
		}
	}
	hasID := false
	for c := range details {
		if !im.layout.has(c) {
			continue
		}
		out.line = append(out.line, '\t')
		before := len(out.line)
		switch c {
		case colNumber:
			if !hasID && len(im.number) > 0 {
				out.line = im.keyed.append(out.line, im.number)
			}
		case colDial:
			if isCertain {
				out.line = append(out.line, im.number[:min(dialLen(im.number), len(im.number))]...)
			}
		case colSentAt, colReportedAt:
			out.line = im.appendCell(out.line, cells, c, true)
		default:
			out.line = im.appendCell(out.line, cells, c, false)
			// Some write the number into another cell as well: into the id, or a name.
			if len(out.line)-before >= 7 && len(im.number) >= 7 && im.holdsNumber(out.line[before:]) {
				out.line = out.line[:before]
				im.report.Repeated++
			}
			if c == colID && looksLikeNumber(out.line[before:]) {
				im.scratch = append(im.scratch[:0], out.line[before:]...)
				out.line = im.keyed.append(out.line[:before], im.scratch)
			}
			hasID = hasID || c == colID && len(out.line) > before
		}
	}
}

func (im *importer) holdsNumber(cell []byte) bool {
	im.scratch = append(im.scratch[:0], cell...) // grows it to what the search needs
	return holdsNumber(cell, im.number, im.scratch)
}

// appendCell appends the cell of a column of ours.
func (im *importer) appendCell(dst []byte, cells [][]byte, column int, isTime bool) []byte {
	at := im.layout.columns[column]
	if at < 0 || at >= len(cells) || len(cells[at]) == 0 {
		return dst
	}
	if isTime && im.isXLSX {
		if dst, ok := appendSerial(dst, trim(cells[at]), im.is04); ok {
			return dst
		}
	}
	return clean(dst, cells[at])
}

// sorts of rows below the header.
const (
	isRow = iota
	isEmpty
	isTotal // sums the others up, or is a note below them
)

// totals are the words with which rows start that sum up the others, and notes.
var totals = []string{"total", "grand total", "subtotal", "sum", "summary", "exported", "export time", "note", "合计", "总计", "小计", "汇总", "共", "总数",
	"导出", "说明", "备注", "注"}

// sort says what a row is. A row that has a time is one, unless a word that sums up stands in its place; one without is
// one too, to be rejected with its reason, unless it starts with such a word or is as short as a note.
func (im *importer) sort(cells [][]byte) int {
	filled, first := 0, -1
	for i, cell := range cells {
		if len(trim(cell)) > 0 {
			filled++
			if first < 0 {
				first = i
			}
		}
	}
	if filled == 0 {
		return isEmpty
	}
	column := colSentAt
	if im.layout.kind == Statistics {
		column = statDay
	}
	at := im.layout.columns[column]
	if at < len(cells) && len(trim(cells[at])) > 0 {
		if string(trim(cells[at])) == im.layout.headers[at] {
			return isTotal // the header once more: files that were put together
		}
		if at != first {
			return isRow
		}
	}
	if isTotalWord(cells[first]) {
		return isTotal
	}
	if filled == 1 || at != first && filled == 2 && !im.hasKey(cells) {
		return isTotal // a note
	}
	return isRow
}

// hasKey says whether a row has an id or a number.
func (im *importer) hasKey(cells [][]byte) bool {
	if im.layout.kind != SendingDetails {
		return false
	}
	for _, c := range [...]int{colID, colNumber} {
		if at := im.layout.columns[c]; at >= 0 && at < len(cells) && len(trim(cells[at])) > 0 {
			return true
		}
	}
	return false
}

// isTotalWord says whether a cell starts with a word that sums up: the word alone, or followed by what is no letter.
func isTotalWord(cell []byte) bool {
	if c := trim(cell); len(c) > 0 && c[0] >= '0' && c[0] <= '9' {
		return false // a time, an id or a number, in most rows
	}
	text := strings.ToLower(string(clean(nil, cell)))
	for _, t := range totals {
		rest, ok := strings.CutPrefix(text, t)
		if next, _ := utf8.DecodeRuneInString(rest); ok && (rest == "" || t[0] >= utf8.RuneSelf || !unicode.IsLetter(next)) {
			return true
		}
	}
	return false
}

// finish reads what the texts around the rows say about the file.
func (im *importer) finish() {
	rep := im.report
	rep.Asked, rep.MadeAt = timesOf(im.titles, rep.Zone)
	rep.IsCut = rep.Kind == SendingDetails && rep.Rows == im.reader.o.RowLimit
}
