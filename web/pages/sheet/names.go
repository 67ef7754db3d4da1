package sheet

import (
	"slices"

	"smsetl/sms"
)

// named are the columns that hold IDs which have names, by what the column is called.
var named = map[string]sms.NameKind{
	"account": sms.AccountName, "template": sms.TemplateName, "label": sms.LabelName, "type": sms.MessageTypeName, "message_type": sms.MessageTypeName,
}

// Names are what IDs are called.
type Names map[sms.Name]string

// NewNames keeps names by their ID.
func NewNames(all []sms.Name) Names {
	n := Names{}
	for _, one := range all {
		name := one.Name
		one.Name = ""
		n[one] = name
	}
	return n
}

// HasIDs reports whether a column of the table holds IDs that may have names.
func (t *Table) HasIDs() bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return named[c.Name] != "" && !c.IsFiled })
}

// AddTo puts names beside the IDs of a table, whose rows say whose they are unless all are of one vendor and account. Files keep to the IDs.
func (n Names) AddTo(t *Table, vendor sms.Vendor, account string) {
	for _, row := range t.Rows {
		of := sms.Name{Vendor: vendor, Account: account}
		for i, c := range t.Columns {
			switch {
			case c.Name == "vendor" && !row[i].IsNone():
				of.Vendor = sms.Vendor(row[i].Raw)
			case c.Name == "account" && !row[i].IsNone():
				of.Account = row[i].Raw
			}
		}
		for i, c := range t.Columns {
			id := of
			if id.Kind, id.ID = named[c.Name], row[i].Raw; id.Kind == sms.AccountName || id.Kind == sms.MessageTypeName {
				id.Account = ""
			}
			row[i].Name = n[id]
		}
	}
}
