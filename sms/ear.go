package sms

// Known is an answer that is stored. The next answer to the same question often begins with the same bytes, or is the same.
type Known struct {
	Body // without Packed

	// Stored reads the packed bytes.
	Stored func() (Body, error)
}

// Ear hears an answer while it comes, before anybody knows whether it will be whole and believed.
type Ear interface {
	// Begin begins an answer, or the same one anew where a request is repeated. It gives what is stored of the last answer
	// to the same question, nil for nothing.
	Begin() *Known
}
