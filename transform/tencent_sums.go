package transform

import (
	"fmt"

	"smsetl/sms"
)

// Sums gives what a Tencent answer says of all days of its window together, in the words of the facts: of SendStatus what was
// requested, accepted and billed, of CallbackStatus what came of it. What the other answer tells is not reported. Facts are
// never made of it; it is there to be compared with their sums.
//
// The error wraps sms.ErrMalformed, also when a count is missing, and pack.ErrCorrupt as that of Batch does.
func Sums(p sms.Payload) (sms.Sums, error) {
	sums, err := sumsOf(&p)
	if err != nil {
		return sms.Sums{}, fmt.Errorf("transform: answer %s of %s %s for %s: %w", short(&p), p.Account, p.Dataset, p.Window, err)
	}
	return sums, nil
}

func sumsOf(p *sms.Payload) (sms.Sums, error) {
	if p.Account.Vendor != sms.Tencent || tencentStatistics[p.Dataset].object == "" {
		return sms.Sums{}, fmt.Errorf("%s of %s does not answer in sums", p.Dataset, p.Account.Vendor)
	}
	t := &tencent{batch: &batch{}, isSurvey: true}
	c, err := t.sum(p)
	if err != nil {
		return sms.Sums{}, err
	}
	for _, name := range tencentStatistics[p.Dataset].counts {
		if !c[name].IsReported() {
			return sms.Sums{}, malformed("%s is not reported", name)
		}
	}
	if p.Dataset == sms.SendStatus {
		return sms.Sums{Measures: sms.Measures{
			Requested:        c[requestCount],
			Accepted:         c[successCount],
			ProcessingFailed: c[requestCount].Minus(c[successCount]),
			BilledSegments:   c[feeCount],
		}}, nil
	}
	s := sms.Sums{
		Measures: sms.Measures{
			Delivered:  c[callbackSuccess],
			SendFailed: c[callbackFail],
			Pending:    c[successCount].Minus(c[callbackCount]),
		},
		Failures: map[string]sms.Count{},
	}
	rest := c[callbackFail]
	for _, reason := range tencentFailures {
		s.Failures[reason.Code] = c[reason.Code]
		rest = rest.Minus(c[reason.Code])
	}
	s.Failures[tencentResidual.Code] = rest
	return s, nil
}
