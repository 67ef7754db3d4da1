package main

import (
	"time"

	"smsetl/check"
	"smsetl/job"
	"smsetl/load"
)

// keepStatistics keeps a statistics page for comparing.
func (in *importing) keepStatistics(wh *load.Warehouse, f job.ExportFile, shown importedFile, report *importReport) error {
	im := in.job(report.RunID, nil)
	days, err := im.KeepStatistics(in.session.ctx, wh, &f)
	if err != nil {
		return err
	}
	shown.MadeAt, shown.Days = f.MadeAt.Format(time.RFC3339), days
	report.Files = append(report.Files, shown)
	return nil
}

// compare compares the statistics pages of the source with what is imported by now, and keeps what differs as findings.
func (in *importing) compare(wh *load.Warehouse, report *importReport) error {
	accounts := in.source.Accounts()
	lines, isKnown, err := job.CompareStatistics(in.session.ctx, wh, accounts)
	if err != nil || !isKnown {
		return err
	}
	for _, l := range lines {
		report.Differences = append(report.Differences, l.Account.ID+": "+l.Detail)
	}
	_, err = check.New(wh.DB).Check(in.session.ctx, in.now, check.Options{Accounts: accounts, External: append([]check.Line{}, lines...), ExternalOnly: true})
	return err
}
