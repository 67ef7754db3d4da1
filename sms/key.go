package sms

import "unique"

// Key is a vendor's own name for a template, label or message type, or one of the fixed members that stand where there
// is no such name. Keys are one word and compare by value. The zero Key is None.
type Key struct{ handle unique.Handle[string] }

// The fixed members. A leading NUL keeps them apart from anything that a vendor can send, since NUL is refused in text.
var (
	None        = Key{}                                // the row has none: a message without a label
	NotReported = Key{unique.Make("\x00not reported")} // the vendor never tells: Tencent has no templates in its statistics
	Unknown     = Key{unique.Make("\x00unknown")}      // the vendor should have told and did not
)

// Named gives the key of a vendor's own name. The empty name is None.
func Named(name string) Key {
	if name == "" {
		return None
	}
	return Key{unique.Make(name)}
}

// Name gives the vendor's name; ok is false for the fixed members.
func (k Key) Name() (name string, ok bool) {
	if k == None || k == NotReported || k == Unknown {
		return "", false
	}
	return k.handle.Value(), true
}

// String gives the vendor's name, or the fixed member as views show it.
func (k Key) String() string {
	switch k {
	case None:
		return "(none)"
	case NotReported:
		return "(not reported)"
	case Unknown:
		return "(unknown)"
	default:
		return k.handle.Value()
	}
}
