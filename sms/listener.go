package sms

// Known is an answer that is stored. The next answer to the same question often begins with the same bytes, or is the same.
type Known struct {
	Body // without Packed

	PackedSize int64
	// Stored reads the next packed bytes from a place on; none at the end. They come in pieces, so that an answer that parts
	// from the known one is not in memory twice.
	Stored func(at int64) ([]byte, error)
}

// Listener is told an answer while it comes, before anybody knows whether it will be whole and believed.
type Listener interface {
	// Begin begins an answer, or the same one anew where a request is repeated. size is how many bytes will come, below 0 when
	// nobody knows. It gives what is stored of the last answer to the same question, nil for nothing.
	Begin(size int64) *Known
	// Write is told the next bytes. It is told nothing of an answer as long as it may be the stored one. Its error is nil.
	Write(p []byte) (int, error)
	// End says that the answer is whole.
	End(b *Body)
}
