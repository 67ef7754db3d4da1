package transform

import (
	"fmt"

	"smsetl/sms"
)

// Sums gives the counts of an answer over all days of its window together, in the words of the facts. What its dataset
// does not count is not reported. Facts are never made of it; it is compared with their sums. EngageLab answers so to
// aggregate_by=1, Tencent always does.
//
// The error wraps sms.ErrMalformed for an answer that is no sum, and pack.ErrCorrupt as that of Batch does.
func Sums(p sms.Payload) (sms.Sums, error) {
	v := vendors[p.Account.Vendor]
	if v.sums == nil {
		return sms.Sums{}, fmt.Errorf("transform: %s does not answer in sums", p.Account.Vendor)
	}
	sums, err := v.sums(&p)
	if err != nil {
		return sms.Sums{}, fmt.Errorf("transform: answer %s of %s %s for %s: %w", short(&p), p.Account, p.Dataset, p.Window, err)
	}
	return sums, nil
}
