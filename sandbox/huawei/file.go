package huawei

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// sheet is a table on its way into a file.
type sheet struct {
	columns []exportColumn
	rows    [][]string
	export  *Export
}

// write gives the bytes of the file.
func (s *sheet) write() ([]byte, error) {
	if s.export.XLSX {
		return s.xlsx()
	}
	return s.csv()
}

// above gives the rows above the header.
func (s *sheet) above() [][]string {
	e := s.export
	if !e.Titled {
		return nil
	}
	title, filter := "Sending Details", "Sending time: %s - %s"
	if e.Chinese {
		title, filter = "发送详情", "发送时间：%s 至 %s"
	}
	return [][]string{{title}, {fmt.Sprintf(filter, e.clock(e.From), e.clock(e.To.Add(-time.Second)))}, {}}
}

// below gives the rows below the last message.
func (s *sheet) below() [][]string {
	e := s.export
	if !e.Totals {
		return nil
	}
	if e.Chinese {
		return [][]string{{}, {"合计", fmt.Sprint(len(s.rows))}, {"导出时间：" + e.clock(e.At)}}
	}
	return [][]string{{}, {"Total", fmt.Sprint(len(s.rows))}, {"Exported at " + e.clock(e.At)}}
}

func (s *sheet) header() []string {
	var header []string
	for _, c := range s.columns {
		if s.export.Chinese {
			header = append(header, c.chinese)
		} else {
			header = append(header, c.english)
		}
	}
	return header
}

// csv gives a CSV in the encoding that is asked for.
func (s *sheet) csv() ([]byte, error) {
	e := s.export
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	if e.Comma != 0 {
		w.Comma = e.Comma
	}
	w.UseCRLF = true
	all := append(append(s.above(), s.header()), s.rows...)
	for i, row := range append(all, s.below()...) {
		if i > len(s.above()) && e.Guarded && len(row) == len(s.columns) {
			row = guarded(s.columns, row)
		}
		if err := w.Write(row); err != nil {
			return nil, err
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return nil, err
	}
	return encoded(text.Bytes(), e.Encoding)
}

// guarded writes cells as spreadsheets are kept from reading them as numbers or formulas.
func guarded(columns []exportColumn, row []string) []string {
	out := make([]string, len(row))
	for i, cell := range row {
		switch {
		case cell == "":
		case columns[i].name == "number":
			cell = "'" + cell
		case columns[i].name == "template":
			cell = `="` + cell + `"`
		}
		out[i] = cell
	}
	return out
}

func encoded(text []byte, name string) ([]byte, error) {
	var e encoding.Encoding
	switch name {
	case "", "utf-8":
		return text, nil
	case "utf-8-bom":
		return append([]byte("\xef\xbb\xbf"), text...), nil
	case "gb18030":
		e = simplifiedchinese.GB18030
	case "utf-16le":
		e = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case "utf-16be":
		e = unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "utf-16le-bare":
		e = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	default:
		return nil, fmt.Errorf("huawei: encoding %q is not known", name)
	}
	return e.NewEncoder().Bytes(text)
}

// xlsx gives a workbook: a first sheet of remarks, and one of data with merged titles.
func (s *sheet) xlsx() ([]byte, error) {
	e := s.export
	f := excelize.NewFile()
	defer f.Close()
	name := "Details"
	if e.Chinese {
		name = "发送详情"
	}
	if _, err := f.NewSheet(name); err != nil {
		return nil, err
	}
	if err := f.SetCellStr("Sheet1", "A1", "Remarks"); err != nil {
		return nil, err
	}
	style, err := f.NewStyle(&excelize.Style{NumFmt: 22})
	if err != nil {
		return nil, err
	}
	w, err := f.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	at := 0
	put := func(row []any) error {
		at++
		return w.SetRow(fmt.Sprintf("A%d", at), row)
	}
	for _, row := range s.above() {
		if err := put(texted(row)); err != nil {
			return nil, err
		}
		if len(row) > 0 {
			if err := w.MergeCell(fmt.Sprintf("A%d", at), fmt.Sprintf("F%d", at)); err != nil {
				return nil, err
			}
		}
	}
	if err := put(texted(s.header())); err != nil {
		return nil, err
	}
	for _, row := range s.rows {
		if err := put(s.cells(row, style)); err != nil {
			return nil, err
		}
	}
	for _, row := range s.below() {
		if err := put(texted(row)); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func texted(row []string) []any {
	cells := make([]any, len(row))
	for i, cell := range row {
		cells[i] = cell
	}
	return cells
}

// cells gives a row of data, with its times as dates where they are asked for.
func (s *sheet) cells(row []string, style int) []any {
	cells := texted(row)
	for i, c := range s.columns {
		if row[i] == "" {
			cells[i] = nil
			continue
		}
		if !s.export.DateCells || c.name != "sent" && c.name != "reported" && !strings.HasPrefix(c.name, "day") {
			continue
		}
		if t, err := time.Parse(time.DateTime, row[i]); err == nil {
			days := t.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24
			cells[i] = excelize.Cell{StyleID: style, Value: days}
		}
	}
	return cells
}
