package archive

import (
	"bytes"
	"testing"

	"smsetl/internal/dev/long"
)

var _ = long.Wanted

// What spreadsheet programs write is none: pretty lines, prefixes of names, quotes in attributes, comments.
func TestHonestXMLIsRead(t *testing.T) {
	for _, text := range []string{
		`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\r\n<x:worksheet a='>' b=\"'>\">\n <x:sheetData>\n<x:row r=\"1\"><x:c r=\"AB1\"/></x:row>\n</x:sheetData></x:worksheet>\n",
		"\ufeff<a><!-- > -- > --><![CDATA[ <b> ]]></a>", `<a/>`, ``, `<a r = "x" />`,
	} {
		if err := checkXML(bytes.NewBufferString(text), "xl/worksheets/sheet1.xml"); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for cell, want := range map[string]int{"A1": 1, "Z9": 26, "AA1": 27, "ab7": 28, "ALL1": 1000, "XFD1": 16384, "": 0} {
		if got := columnNumber([]byte(cell)); got != want {
			t.Errorf("%s is column %d, want %d", cell, got, want)
		}
	}
}
