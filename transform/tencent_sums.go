package transform

import (
	"fmt"

	"smsetl/sms"
)

// tencentSums: of SendStatus what was requested, accepted and billed, of CallbackStatus what came of it. A missing count is
// malformed.
func tencentSums(p *sms.Payload) (sms.Sums, error) {
	if tencentStatistics[p.Dataset].object == "" {
		return sms.Sums{}, fmt.Errorf("dataset %q is not understood", p.Dataset)
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
