package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

const (
	messageRows  = 1_000_000
	messageFiles = 5 // of a day each
)

// plainMessage is a table of the messages of exports, with as few columns as they can be counted from.
const plainMessage = `CREATE TABLE etl.plain_message (
	account_key integer, message_id text COLLATE "C", piece smallint, date_key date, sent_at timestamptz, template text COLLATE "C",
	label text COLLATE "C", message_type text COLLATE "C", country text COLLATE "C", is_derived boolean, about_at timestamptz, pieces smallint,
	outcome smallint, code text COLLATE "C", source smallint, reported_at timestamptz, seen_at timestamptz, charged smallint,
	charged_at timestamptz, PRIMARY KEY (account_key, message_id, piece))`

// huawei imports exports of a million messages, and copies the same messages with psql into a plain table.
func (b *bench) huawei(ctx context.Context, r *report) error {
	files, newer, err := b.exports()
	if err != nil {
		return err
	}
	arguments := []string{"import", "huawei", "--config", "huawei.yaml", "--source", "bench"}
	for range r.rounds {
		if err := b.fresh(ctx); err != nil {
			return err
		}
		for _, path := range []struct {
			name  string
			files []string
			to    *[]sample
		}{
			{"import of exports", files, &r.imported},
			{"the same exports again", files, &r.importedAgain},
			{"one day exported again", []string{newer}, &r.importedNewer},
		} {
			took, err := b.path(ctx, path.name, append(slices.Clone(arguments), path.files...)...)
			if err != nil {
				return err
			}
			*path.to = append(*path.to, took)
		}
		limit, err := b.messageLimit(ctx)
		if err != nil {
			return err
		}
		r.messageLimit = append(r.messageLimit, limit)
	}
	return nil
}

// messageLimit copies the messages in the order in which they were sent, which is that of an export.
func (b *bench) messageLimit(ctx context.Context) (time.Duration, error) {
	if err := b.exec(ctx, plainMessage, "CHECKPOINT"); err != nil {
		return 0, err
	}
	took, err := b.psql(ctx, `\copy etl.plain_message FROM '`+filepath.Join(b.dir, "messages.csv")+`' CSV`)
	if err != nil {
		return 0, err
	}
	sayf("%-40s %6.2f s", `limit: psql \copy of the messages`, took.Seconds())
	return took, b.exec(ctx, "DROP TABLE etl.plain_message")
}

// exports writes the files, of days that are over, with the last of them as it was exported later, the messages as CSV, and the
// configuration of their source.
func (b *bench) exports() (files []string, newer string, err error) {
	sayf("writing exports of %d messages", messageRows)
	plain, err := os.Create(filepath.Join(b.dir, "messages.csv"))
	if err != nil {
		return nil, "", err
	}
	defer plain.Close()
	last := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	for i := range messageFiles {
		day := last.AddDate(0, 0, i-messageFiles)
		name := fmt.Sprintf("SendingDetails_%s000000_%s235959.csv", day.Format("20060102"), day.Format("20060102"))
		files, newer = append(files, filepath.Join(b.dir, name)), filepath.Join(b.dir, "newer", name)
		if err := writeExport(files[i], day, uint64(i), 7, plain); err != nil {
			return nil, "", err
		}
	}
	if err := os.MkdirAll(filepath.Dir(newer), 0o755); err != nil {
		return nil, "", err
	}
	if err := writeExport(newer, last.AddDate(0, 0, -1), messageFiles-1, 8, nil); err != nil {
		return nil, "", err
	}
	return files, newer, os.WriteFile(filepath.Join(b.dir, "huawei.yaml"), fmt.Appendf(nil, `sources:
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

// writeExport writes a day's messages as the console exports them: 230 bytes a row, in the order of sending. The seed gives the
// messages, and delivered of 10 are. The same go to plain, which may be nil.
func writeExport(path string, day time.Time, seed uint64, delivered int, plain io.Writer) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := file.Close(); err == nil {
			err = e
		}
	}()
	if plain == nil {
		plain = io.Discard
	}
	rows := messageRows / messageFiles
	random := rand.New(rand.NewPCG(5, seed))
	out, table := bufio.NewWriterSize(file, 1<<20), bufio.NewWriterSize(plain, 1<<20)
	fmt.Fprintln(out, "SMS Message ID,Mobile Number,Sending Time,Status Report Time,Application Name,Template ID,Signature,SMS Type,Result,Status,Source,Charged,Segments,Content")
	step := 24 * time.Hour / time.Duration(rows)
	for i := range rows {
		at := day.Add(time.Duration(i) * step)
		code, result := "DELIVRD", 0
		if dice := random.IntN(10); dice >= delivered {
			code, result = [...]string{"UNDELIV", "EXPIRED", "MK:0001"}[9-dice], 1
		}
		a, c := random.Uint64(), random.Uint64()
		id := fmt.Sprintf("%08x-%04x-%04x-%04x-%012x_%d", uint32(a), uint16(a>>32), uint16(a>>48), uint16(c), c>>16, 10000000+random.IntN(90000000))
		number, seconds, template, kind := random.IntN(100000000), random.IntN(90), random.IntN(40)+1, 1+random.IntN(3)
		sent, reported := at.Format(time.DateTime), at.Add(time.Duration(seconds)*time.Second).Format(time.DateTime)
		fmt.Fprintf(out, "%s,+86138%08d,%s,%s,bench,%032x,Harbor,%d,%d,%s,2,0,1,%s\n",
			id, number, sent, reported, template, kind, result, code, strings.Repeat("text ", 6))
		fmt.Fprintf(table, "1,%s,0,%s,%s,=%032x,=Harbor,=notification,-(not reported),f,%s,0,%d,%s,2,%s,%s,1,%s\n",
			id, at.Format(time.DateOnly), sent, template, reported, 3+result, code, reported, reported, reported)
	}
	return errors.Join(out.Flush(), table.Flush())
}

const huaweiHeading = "## Huawei: exports of a million messages"

// huawei tells what the imports took.
func (r *report) huawei() string {
	var w strings.Builder
	limit := median(r.messageLimit)
	ratio := func(d time.Duration) float64 { return d.Seconds() / limit.Seconds() }
	fmt.Fprintf(&w, "%s\n\nMade by `go run ./internal/dev/bench -only huawei`, and by `make bench` with the rest. %d rows in %d CSV files of a day each. The\n"+
		"limit copies the same messages with what is known of each, in the order of sending, into a plain table whose primary key is the\n"+
		"message, on the same server between the imports. The product is `etl import huawei` as a process of its own: files read and\n"+
		"scrubbed, raw forms, facts, history and ledger. Median of %d rounds; PostgreSQL %s, %d cores.\n\n",
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
	line("the same files again", "", r.importedAgain)
	line("one of the days exported again, a tenth of it with other results", "", r.importedNewer)
	fmt.Fprintf(&w, "\nIds are random, and the copy pays for that at the index of its key. The import has no table of messages: it counts the days from the\n"+
		"kept forms of the files.\n")
	return w.String()
}
