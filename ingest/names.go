package ingest

import (
	"slices"

	"smsetl/internal/csvfile"
	"smsetl/pipeline"
	"smsetl/sms"
)

// nameKinds are what a file can name.
var nameKinds = []sms.NameKind{sms.TemplateName, sms.LabelName, sms.AccountName, sms.MessageTypeName}

// ReadNames reads a CSV file of names: a header with kind, vendor, account (may be left out), id and name in any order, and a line for each
// name. isAccount says whether a vendor has an account. The error is csvfile.Mistakes, and nothing of the file is to be used then.
func ReadNames(name string, data []byte, isAccount func(vendor sms.Vendor, account string) bool) ([]sms.Name, error) {
	file := csvfile.Read(name, data, "kind", "vendor", "?account", "id", "name")
	var names []sms.Name
	lines := map[sms.Name]int{} // where an ID stands, by what it is without its name
	for r := range file.Rows() {
		n, isGood := readName(r, isAccount)
		if !isGood {
			continue
		}
		key := n
		key.Name = ""
		before, isTwice := lines[key]
		if !isTwice {
			lines[key] = len(names)
			names = append(names, n)
		} else if names[before].Name != n.Name {
			r.Refusef("%s %s is called %q here and %q above", n.Kind, n.ID, n.Name, names[before].Name)
		}
	}
	return names, file.Err()
}

// readName reads a line, and refuses what is wrong in it.
func readName(r csvfile.Row, isAccount func(sms.Vendor, string) bool) (n sms.Name, isGood bool) {
	n = sms.Name{
		Kind: sms.NameKind(r.Text("kind")), Vendor: sms.Vendor(r.Text("vendor")), Account: r.Text("account"),
		ID: r.Text("id"), Name: r.Text("name"),
	}
	hasAccount := n.Kind == sms.TemplateName || n.Kind == sms.LabelName
	switch {
	case !slices.Contains(nameKinds, n.Kind):
		r.Refusef("kind %q: want template, label, account or message_type", n.Kind)
	case !isAccount(n.Vendor, ""):
		r.Refusef("vendor %q is not known", n.Vendor)
	case n.Account != "" && !hasAccount:
		r.Refusef("a name of kind %s belongs to no account: leave it empty", n.Kind)
	case n.Account != "" && !isAccount(n.Vendor, n.Account):
		r.Refusef("account %q of %s is not known", n.Account, n.Vendor)
	case n.ID == "":
		r.Refusef("id is empty")
	case n.Kind == sms.AccountName && !isAccount(n.Vendor, n.ID):
		r.Refusef("account %q of %s is not known", n.ID, n.Vendor)
	case n.Name == "":
		r.Refusef("name is empty")
	case n.Name != pipeline.ReadableName(n.Name):
		r.Refusef("name %.40q: want text in one line, at most %d bytes", n.Name, sms.MaxName)
	default:
		return n, true
	}
	return n, false
}
