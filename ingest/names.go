package ingest

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"smsetl/pipeline"
	"smsetl/sms"
)

// nameColumns are those of a file of names.
var nameColumns = []string{"kind", "vendor", "account", "id", "name"}

// nameKinds are what a file can name.
var nameKinds = []sms.NameKind{sms.TemplateName, sms.LabelName, sms.AccountName, sms.MessageTypeName}

// mostNames and mostWrong are how many lines are read, and how many wrong ones are told.
const (
	mostNames = 1_000_000
	mostWrong = 20
)

// ReadNames reads a CSV file of names: a header with kind, vendor, account (may be left out), id and name in any order, and a line for each
// name. isAccount says whether a vendor has an account. The error names every wrong line, up to 20 of them, by file and line; nothing of
// the file is to be used then.
func ReadNames(file string, in io.Reader, isAccount func(vendor sms.Vendor, account string) bool) ([]sms.Name, error) {
	r := csv.NewReader(in)
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: no header: want %s: %w", file, strings.Join(nameColumns, ","), err)
	}
	place, err := namePlaces(header)
	if err != nil {
		return nil, fmt.Errorf("%s:1: %w", file, err)
	}
	var names []sms.Name
	var wrong []error
	lines := map[sms.Name]int{} // where an ID stands, by what it is without its name
	for len(wrong) < mostWrong && len(names) < mostNames {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil { // behind a quote that is not closed nothing means what it says; the error has the line
			return nil, errors.Join(append(wrong, fmt.Errorf("%s: %w", file, err))...)
		}
		line, _ := r.FieldPos(0)
		n, err := place.name(cells, isAccount)
		key := n
		key.Name = ""
		before, isTwice := lines[key]
		switch {
		case err == nil && isTwice && names[before].Name != n.Name:
			err = fmt.Errorf("%s %s is called %q here and %q above", n.Kind, n.ID, n.Name, names[before].Name)
		case err == nil && !isTwice:
			lines[key] = len(names)
			names = append(names, n)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s:%d: %w", file, line, err))
		}
	}
	if len(names) == 0 && len(wrong) == 0 {
		return nil, fmt.Errorf("%s: no names", file)
	}
	return names, errors.Join(wrong...)
}

// places is where the columns stand.
type places map[string]int

func namePlaces(header []string) (places, error) {
	at := places{}
	for i, cell := range header {
		column := strings.ToLower(strings.TrimSpace(strings.TrimPrefix(cell, "\ufeff")))
		if _, isTwice := at[column]; isTwice || !slices.Contains(nameColumns, column) {
			return nil, fmt.Errorf("column %q: want each of %s once", cell, strings.Join(nameColumns, ","))
		}
		at[column] = i
	}
	for _, column := range nameColumns {
		if _, known := at[column]; !known && column != "account" {
			return nil, fmt.Errorf("no column %s: want %s", column, strings.Join(nameColumns, ","))
		}
	}
	return at, nil
}

func (p places) cell(cells []string, column string) string {
	if at, known := p[column]; known {
		return strings.TrimSpace(cells[at])
	}
	return ""
}

func (p places) name(cells []string, isAccount func(sms.Vendor, string) bool) (sms.Name, error) {
	n := sms.Name{
		Kind: sms.NameKind(p.cell(cells, "kind")), Vendor: sms.Vendor(p.cell(cells, "vendor")), Account: p.cell(cells, "account"),
		ID: p.cell(cells, "id"), Name: p.cell(cells, "name"),
	}
	hasAccount := n.Kind == sms.TemplateName || n.Kind == sms.LabelName
	switch {
	case !slices.Contains(nameKinds, n.Kind):
		return n, fmt.Errorf("kind %q: want template, label, account or message_type", n.Kind)
	case !isAccount(n.Vendor, ""):
		return n, fmt.Errorf("vendor %q is not known", n.Vendor)
	case n.Account != "" && !hasAccount:
		return n, fmt.Errorf("a name of kind %s belongs to no account: leave it empty", n.Kind)
	case n.Account != "" && !isAccount(n.Vendor, n.Account):
		return n, fmt.Errorf("account %q of %s is not known", n.Account, n.Vendor)
	case n.ID == "":
		return n, errors.New("id is empty")
	case n.Kind == sms.AccountName && !isAccount(n.Vendor, n.ID):
		return n, fmt.Errorf("account %q of %s is not known", n.ID, n.Vendor)
	case n.Name == "":
		return n, errors.New("name is empty")
	case n.Name != pipeline.ReadableName(n.Name):
		return n, fmt.Errorf("name %.40q: want text in one line, at most %d bytes", n.Name, sms.MaxName)
	}
	return n, nil
}
