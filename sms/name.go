package sms

// NameKind is what a Name names.
type NameKind string

// The kinds of names.
const (
	TemplateName    NameKind = "template"
	LabelName       NameKind = "label"
	AccountName     NameKind = "account"
	MessageTypeName NameKind = "message_type"
)

// MaxName is the longest name that is kept, in bytes.
const MaxName = 200

// Name is what an ID of a vendor is called.
type Name struct {
	Kind    NameKind
	Vendor  Vendor
	Account string // whose ID it is; empty for every account of the vendor
	ID      string
	Name    string
}

// NameSource says who calls an ID so. People are believed before vendors.
type NameSource string

// The sources of names.
const (
	NamedByPeople NameSource = "people"
	NamedByVendor NameSource = "vendor"
)
