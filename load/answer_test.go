package load_test

import "smsetl/sms"

// answer is a batch as tests write it: each row with its keys.
type answer struct {
	Scope      sms.Scope
	Deliveries []sms.Delivery
	Failures   []sms.Failure
	Rejects    []sms.Reject
	Findings   []sms.Finding
	Zeros      int64
	Beyond     []sms.Window
	Partial    map[sms.Day]string
	Unread     map[sms.Day]string
}

func batchOf(a answer) sms.Batch {
	b := sms.Batch{
		Scope: a.Scope, Rejects: a.Rejects, Findings: a.Findings, Zeros: a.Zeros, Beyond: a.Beyond, Partial: a.Partial, Unread: a.Unread,
	}
	b.Rows = rowsOf(a.Deliveries, a.Failures)
	return b
}

func rowsOf(deliveries []sms.Delivery, failures []sms.Failure) (all sms.Rows) {
	for i := range deliveries {
		all.AddDelivery(&deliveries[i].Grain, &deliveries[i].Measures)
	}
	for i := range failures {
		all.AddFailure(&failures[i].Grain, failures[i].Reason, failures[i].Messages)
	}
	return all
}

func (a *answer) Received() int64 { return int64(len(a.Deliveries) + len(a.Failures) + len(a.Rejects)) }
