package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"smsetl/capture"
	"smsetl/config"
	"smsetl/internal/english"
	"smsetl/internal/pack"
	"smsetl/load"
	"smsetl/pipeline"
	"smsetl/sms"
	"smsetl/vendors"
)

// sampleTime is how long the doctor waits for one group of datasets.
const sampleTime = 30 * time.Second

// sampleChecks asks every dataset of the account for yesterday and reads what comes, a line for each dataset.
func sampleChecks(ctx context.Context, world pipeline.World, source config.Source, client vendors.Client, account sms.Account) []Check {
	v := world.Vendors.Of(account.Vendor)
	day := sms.OneDay(account.Zone.Today(world.Now())-1, account.Zone)
	var all []Check
	for _, group := range apart(&v) {
		name := func(d sms.Dataset) string { return source.Name + " " + account.ID + " " + string(d) }
		answers, batch, err := sample(ctx, world, client, sms.Scope{Account: account, Datasets: group, Window: day})
		for _, dataset := range group {
			if err != nil {
				all = append(all, Check{name(dataset), false, err.Error()})
				continue
			}
			all = append(all, sampleCheck(name(dataset), &v, dataset, day.First(), answers, batch))
		}
		if errors.Is(err, sms.ErrSourceDenied) || errors.Is(err, sms.ErrAccountDenied) {
			break // the other datasets would say the same, and some vendors lock out who goes on asking
		}
	}
	return all
}

// apart gives the datasets of a vendor in the smallest parts that it can be asked for: what is wrong with one says nothing of another.
func apart(v *vendors.Vendor) [][]sms.Dataset {
	if v.IsPaired {
		return [][]sms.Dataset{v.DatasetNames()}
	}
	return slices.Collect(slices.Chunk(v.DatasetNames(), 1))
}

// sample asks for one scope and reads the answers as a load would.
func sample(ctx context.Context, world pipeline.World, client vendors.Client, scope sms.Scope) ([]sms.Payload, sms.Batch, error) {
	ctx, cancel := context.WithTimeout(ctx, sampleTime)
	defer cancel()
	var answers []sms.Payload
	err := client.Sample(ctx, scope, func(p sms.Payload) error {
		if p.Refused == "" {
			answers = append(answers, p)
		}
		return nil
	})
	if err != nil {
		return nil, sms.Batch{}, err
	}
	batch, err := world.Vendors.Readers().Batch(scope, answers)
	return answers, batch, err
}

// sampleCheck reports what an answer that was understood holds of a dataset. A row that could not be read is a failure: its messages
// would be missing.
func sampleCheck(name string, v *vendors.Vendor, dataset sms.Dataset, day sms.Day, answers []sms.Payload, batch sms.Batch) Check {
	rows, err := rowsIn(v, dataset, answers)
	if err != nil {
		return Check{name, false, err.Error()}
	}
	found := fmt.Sprintf("%s of %s: %s", rows, day, messagesOf(v.Facts(dataset), batch))
	if n := len(batch.Rejects); n > 0 {
		return Check{name, false, fmt.Sprintf("%s; %s could not be read, the first: %s", found, english.Plural(n, "row"), batch.Rejects[0].Reason)}
	}
	var remarks []string
	for _, f := range batch.Findings {
		remarks = append(remarks, f.Check+" "+f.Subject)
	}
	if len(remarks) > 0 {
		found += "; to be looked at: " + strings.Join(remarks, ", ")
	}
	return Check{name, true, found}
}

// rowsIn counts what the vendor sent: rows of EngageLab, a sum of Tencent.
func rowsIn(v *vendors.Vendor, dataset sms.Dataset, answers []sms.Payload) (string, error) {
	n, isSum := 0, false
	for _, p := range answers {
		if p.Dataset != dataset {
			continue
		}
		body, err := pack.Unpack(p.Body)
		if err != nil {
			return "", err
		}
		rows, ok := capture.RowCount(body)
		n, isSum = n+rows, !ok && v.IsPaired
	}
	if isSum {
		return "the sum", nil
	}
	return english.Plural(n, "row"), nil
}

// messagesOf counts the messages of a dataset.
func messagesOf(facts sms.Facts, batch sms.Batch) string {
	switch {
	case facts.Delivery && !facts.Sending:
		var n int64
		for _, d := range batch.AllDeliveries() {
			n += d.Requested.Or(0)
		}
		return english.Plural(n, "message")
	case facts.Delivery:
		var n int64
		for _, d := range batch.AllDeliveries() {
			n += d.Delivered.Or(0) + d.SendFailed.Or(0)
		}
		return english.Plural(n, "message") + " with a receipt"
	default:
		var n int64
		for _, f := range batch.Failures {
			n += f.Messages.Or(0)
		}
		return english.Plural(n, "message") + " failed"
	}
}

// retentionChecks proposes retention_days where a vendor was seen to forget and the configuration does not say so.
func retentionChecks(sources []config.Source, known []load.Profile) []Check {
	var all []Check
	for _, source := range sources {
		for _, account := range source.Accounts() {
			at := slices.IndexFunc(known, func(p load.Profile) bool { return p.Vendor == account.Vendor && p.Account == account.ID })
			if at < 0 || known[at].RetentionDays == 0 {
				continue
			}
			kept := known[at].RetentionDays
			if source.RetentionDays > 0 && source.RetentionDays <= kept {
				continue
			}
			all = append(all, Check{source.Name + " " + account.ID + " retention", true,
				fmt.Sprintf("the vendor was seen to keep %s: set retention_days: %d", english.Plural(kept, "day"), kept)})
		}
	}
	return all
}
