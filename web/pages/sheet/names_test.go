package sheet

import (
	"testing"

	"smsetl/sms"
)

// An ID has the name that its own account gave it, and none of another's.
func TestNamesStandBesideTheirIDs(t *testing.T) {
	names := NewNames([]sms.Name{
		{Kind: sms.TemplateName, Vendor: "a", Account: "x", ID: "7", Name: "Code"}, {Kind: sms.TemplateName, Vendor: "a", Account: "y", ID: "7", Name: "Parcel"},
		{Kind: sms.AccountName, Vendor: "a", ID: "x", Name: "Shop"}, {Kind: sms.MessageTypeName, Vendor: "a", ID: "7", Name: "Offer"},
	})
	table := &Table{Columns: Columns("template", "vendor", "account", "message type"), Rows: [][]Cell{
		Row("7", "a", "x", "7"), Row("7", "a", "y", "8"), Row("7", "b", "x", ""), Row("7", "", "", ""),
	}}
	if !table.HasIDs() || (&Table{Columns: Columns("vendor", "~account")}).HasIDs() {
		t.Error("which tables hold IDs is not known")
	}
	names.AddTo(table, "a", "y")
	want := [][]string{{"Code", "", "Shop", "Offer"}, {"Parcel", "", "", ""}, {"", "", "", ""}, {"Parcel", "", "", ""}}
	for i, row := range table.Rows {
		for j, cell := range row {
			if cell.Name != want[i][j] {
				t.Errorf("row %d, column %d: %q, want %q", i, j, cell.Name, want[i][j])
			}
		}
	}
}
