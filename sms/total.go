package sms

// Total is what a vendor's statistics page says about one day, over whatever filters its query had. Unit: messages. It is a reference
// and never a fact.
type Total struct {
	Day              Day // in the zone that the page counts in
	Requested        Count
	ProcessingFailed Count // refused by the platform
	Delivered        Count
	SendFailed       Count // terminal errors included, which some pages count apart
	Pending          Count
}
