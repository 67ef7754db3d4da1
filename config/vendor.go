package config

import (
	"slices"

	"smsetl/sms"
)

// Vendor is how sources of one vendor are configured. This package knows no vendor: whoever lists them hands them over.
type Vendor struct {
	sms.Spec

	// New gives the vendor's own settings, with their defaults.
	New           func() Settings
	ChunkDays     int     // the longest window where the source says nothing else
	RetentionDays int     // how long the vendor keeps statistics; 0 where its documents say nothing of forgetting
	Rate, MaxRate float64 // calls a second where the source says nothing else, and at most
	WholeHours    bool    // the vendor knows only zones of whole hours
	NoPath        bool    // the vendor's address has no path
}

// Settings are what only the sources of one vendor have.
type Settings interface {
	// Keys are the keys that fill the settings.
	Keys() []Key
	// Accounts gives the ids of the accounts that the vendor keeps separate statistics for.
	Accounts() []string
	// CallsPerWindow is how many calls one dataset of a window takes; see plan.Source.
	CallsPerWindow() int
}

func (e Env) vendor(name sms.Vendor) (Vendor, bool) {
	i := slices.IndexFunc(e.Vendors, func(v Vendor) bool { return v.Name == name })
	if i < 0 {
		return Vendor{}, false
	}
	return e.Vendors[i], true
}

// vendorNames gives the names of all vendors, or of those whose files are imported.
func (e Env) vendorNames(imported bool) []string {
	var all []string
	for _, v := range e.Vendors {
		if v.IsImported || !imported {
			all = append(all, string(v.Name))
		}
	}
	return all
}
