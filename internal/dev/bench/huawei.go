package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const (
	messageRows  = 1_000_000
	messageFiles = 5 // of a day each
)

// messageColumns are all columns of what is known of messages, on one line as psql's \copy wants it.
const messageColumns = "account_key, message_id, piece, date_key, sent_at, template, label, message_type, country, is_derived, about_at, pieces, " +
	"outcome, code, source, reported_at, told_at, charged, charged_at"

// huawei imports exports of a million messages, and copies the messages that came of them with psql into a plain table of the same key.
func (b *bench) huawei(ctx context.Context, r *report) error {
	files, err := b.exports()
	if err != nil {
		return err
	}
	arguments := append([]string{"import", "huawei", "--config", "huawei.yaml", "--source", "bench"}, files...)
	for range r.rounds {
		if err := b.fresh(ctx); err != nil {
			return err
		}
		first, err := b.path(ctx, "import of exports", arguments...)
		if err != nil {
			return err
		}
		r.imported = append(r.imported, first)
		limit, err := b.messageLimit(ctx)
		if err != nil {
			return err
		}
		r.messageLimit = append(r.messageLimit, limit)
		again, err := b.path(ctx, "the same exports again", arguments...)
		if err != nil {
			return err
		}
		r.importedAgain = append(r.importedAgain, again)
	}
	return nil
}

// messageLimit copies the messages in the order in which they were sent, which is that of an export.
func (b *bench) messageLimit(ctx context.Context) (time.Duration, error) {
	n, err := b.scalar(ctx, "SELECT count(*) FROM etl.huawei_message")
	if err == nil && n != messageRows {
		err = fmt.Errorf("%d messages are known, want %d", n, messageRows)
	}
	if err != nil {
		return 0, err
	}
	file := filepath.Join(b.dir, "messages.csv")
	if _, err := b.psql(ctx, `\copy (SELECT `+messageColumns+` FROM etl.huawei_message ORDER BY sent_at) TO '`+file+`' CSV`); err != nil {
		return 0, err
	}
	err = b.exec(ctx, "CREATE TABLE etl.plain_message (LIKE etl.huawei_message)",
		"ALTER TABLE etl.plain_message ADD PRIMARY KEY (account_key, message_id, piece)", "CHECKPOINT")
	if err != nil {
		return 0, err
	}
	took, err := b.psql(ctx, `\copy etl.plain_message (`+messageColumns+`) FROM '`+file+`' CSV`)
	if err != nil {
		return 0, err
	}
	sayf("%-40s %6.2f s", `limit: psql \copy of the messages`, took.Seconds())
	return took, b.exec(ctx, "DROP TABLE etl.plain_message")
}

// exports writes the files, of days that are over, and the configuration of their source.
func (b *bench) exports() (files []string, err error) {
	sayf("writing exports of %d messages", messageRows)
	last := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	random := rand.New(rand.NewPCG(5, 8))
	for i := range messageFiles {
		day := last.AddDate(0, 0, i-messageFiles)
		path := filepath.Join(b.dir, fmt.Sprintf("SendingDetails_%s000000_%s235959.csv", day.Format("20060102"), day.Format("20060102")))
		if err := writeExport(path, day, messageRows/messageFiles, random); err != nil {
			return nil, err
		}
		files = append(files, path)
	}
	return files, os.WriteFile(filepath.Join(b.dir, "huawei.yaml"), fmt.Appendf(nil, `sources:
  - name: bench
    vendor: huawei
    applications: [bench]
    phone_key: a key of the benchmark, 32 bytes
    history_start: %s
    export_time_zone: "+00:00"
    time_zone: "+00:00"
    numbers: mainland
`, last.AddDate(0, 0, -messageFiles).Format(time.DateOnly)), 0o644)
}

// writeExport writes a day's messages as the console exports them: 230 bytes a row, in the order of sending.
func writeExport(path string, day time.Time, rows int, random *rand.Rand) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := file.Close(); err == nil {
			err = e
		}
	}()
	out := bufio.NewWriterSize(file, 1<<20)
	fmt.Fprintln(out, "SMS Message ID,Mobile Number,Sending Time,Status Report Time,Application Name,Template ID,Signature,SMS Type,Result,Status,Source,Charged,Segments,Content")
	codes := [...]string{"DELIVRD", "DELIVRD", "DELIVRD", "DELIVRD", "DELIVRD", "DELIVRD", "DELIVRD", "UNDELIV", "EXPIRED", "MK:0001"}
	step := 24 * time.Hour / time.Duration(rows)
	for i := range rows {
		at := day.Add(time.Duration(i) * step)
		code, result := codes[random.IntN(len(codes))], 1
		if code == "DELIVRD" {
			result = 0
		}
		a, c := random.Uint64(), random.Uint64()
		fmt.Fprintf(out, "%08x-%04x-%04x-%04x-%012x_%d,+86138%08d,%s,%s,bench,%032x,Harbor,%d,%d,%s,2,0,1,%s\n",
			uint32(a), uint16(a>>32), uint16(a>>48), uint16(c), c>>16, 10000000+random.IntN(90000000), random.IntN(100000000),
			at.Format(time.DateTime), at.Add(time.Duration(random.IntN(90))*time.Second).Format(time.DateTime),
			random.IntN(40)+1, 1+random.IntN(3), result, code, strings.Repeat("text ", 6))
	}
	return out.Flush()
}

const huaweiHeading = "## Huawei: exports of a million messages"

// huawei tells what the imports took.
func (r *report) huawei() string {
	var w strings.Builder
	limit := median(r.messageLimit)
	ratio := func(d time.Duration) float64 { return d.Seconds() / limit.Seconds() }
	fmt.Fprintf(&w, "%s\n\nMade by `go run ./internal/dev/bench -only huawei`, and by `make bench` with the rest. %d rows in %d CSV files of a day each. The\n"+
		"limit copies the same messages, all columns of `etl.huawei_message`, in the order of sending, into a plain table with the same\n"+
		"primary key, on the same server between the imports. The product is `etl import huawei` as a process of its own: files read and\n"+
		"scrubbed, raw forms, messages with one more index, facts, history and ledger. Median of %d rounds; PostgreSQL %s, %d cores.\n\n",
		huaweiHeading, messageRows, messageFiles, r.rounds, r.server, runtime.NumCPU())
	fmt.Fprintf(&w, "| path | seconds | x limit | target | processor seconds | peak memory | WAL |\n|---|---|---|---|---|---|---|\n")
	fmt.Fprintf(&w, "| limit: `psql \\copy` of the messages as CSV | %.2f | 1 | | | | |\n", limit.Seconds())
	line := func(name, outcome string, samples []sample) {
		s := middle(samples)
		fmt.Fprintf(&w, "| %s | %.2f | %.2f | %s | %.2f | %d MB | %.1f MB |\n",
			name, s.wall.Seconds(), ratio(s.wall), outcome, s.cpu.Seconds(), s.memory>>20, float64(s.wal)/1e6)
	}
	outcome := "2.0, met"
	if ratio(middle(r.imported).wall) > 2 {
		outcome = "2.0, missed"
	}
	line("first import", outcome, r.imported)
	line("the same files again: every message is compared", "", r.importedAgain)
	fmt.Fprintf(&w, "\nIds are random, and the copy pays for that at the index of its key: it takes the rows as they come. The import puts some\n"+
		"40,000 rows at a time into the order of the key, which is why it can be the faster of the two.\n")
	return w.String()
}
