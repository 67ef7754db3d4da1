package sms

// Sums are what several days hold together: the counts of one answer, or of what is stored. A measure that is not reported
// of one of the days is not reported of the sum.
type Sums struct {
	Measures
	Failures map[string]Count // by the vendor's code, in the stage that the answer's dataset counts; without an entry there were none
}
