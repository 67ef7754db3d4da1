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
	"slices"
	"strings"
	"time"
)

// messageFiles is how many files the messages come in, of a day each.
const messageFiles = 5

// plainMessage is a table of the messages of exports, with as few columns as they can be counted from.
const plainMessage = `CREATE TABLE etl.bare (
	account_key integer, message_id text COLLATE "C", piece smallint, date_key date, sent_at timestamptz, template text COLLATE "C",
	label text COLLATE "C", message_type text COLLATE "C", country text COLLATE "C", is_derived boolean, about_at timestamptz, pieces smallint,
	outcome smallint, code text COLLATE "C", source smallint, reported_at timestamptz, seen_at timestamptz, charged smallint,
	charged_at timestamptz, PRIMARY KEY (account_key, message_id, piece))`

// huawei imports exports of a million messages, and copies the same messages with psql into a plain table.
func (b *bench) huawei(ctx context.Context, r *report) error {
	table, err := os.Create(filepath.Join(b.dir, "messages.csv"))
	if err != nil {
		return err
	}
	defer table.Close()
	files, err := b.exports(messageFiles, b.messages/messageFiles, table)
	if err != nil {
		return err
	}
	last := files[messageFiles-1]
	newer := filepath.Join(b.dir, "newer", filepath.Base(last))
	if err := os.MkdirAll(filepath.Dir(newer), 0o755); err != nil {
		return err
	}
	if err := writeExport(newer, yesterday().AddDate(0, 0, -1), b.messages/messageFiles, messageFiles-1, 8, io.Discard); err != nil {
		return err
	}
	paths := []struct {
		name    string
		files   []string
		most    float64
		samples []sample
	}{
		{name: "first import", files: files, most: 1.3},
		{name: "the same files again", files: files, most: 1.5},
		{name: "one of the days exported again, a tenth of it with other results", files: []string{newer}},
	}
	var limits []sample
	for range b.rounds {
		if err := b.fresh(ctx, ""); err != nil {
			return err
		}
		for i := range paths {
			p := &paths[i]
			s, err := b.path(ctx, p.name, b.etl(ctx, append(slices.Clone(importing), p.files...)...))
			if err != nil {
				return err
			}
			p.samples = append(p.samples, s)
			if i == 2 || len(limits) == 2*b.rounds-1 {
				continue
			}
			if s, err = b.copied(ctx, plainMessage, `\copy etl.bare FROM '`+table.Name()+`' CSV`); err != nil {
				return err
			}
			limits = append(limits, s)
		}
	}
	limit := middle(limits)
	r.addf("\n## Huawei\n\n%d messages in %d CSV files of a day each. The limit is `psql \\copy` of the same messages with what is known of each, in the\n"+
		"order of sending, into a plain table whose primary key is the message. The product is `etl import huawei`: files read and scrubbed, raw\n"+
		"forms, facts, history and ledger. Medians: of %d of the limit and of %d of each path, in turn.\n\n", b.messages, messageFiles, len(limits), b.rounds)
	r.table("path")
	r.row("limit", limit, limit)
	for _, p := range paths {
		if part := r.row(p.name, limit, middle(p.samples)); p.most > 0 {
			r.atMost(fmt.Sprintf("Huawei, %d messages: %s", b.messages, p.name), "%.2f x limit", p.most, part)
		}
	}
	r.addf("\nIds are random, and the copy pays for that at the index of its key. The import has no table of messages: it counts the days from the\n" +
		"kept forms of the files.\n")
	return nil
}

// importing are the arguments that import exports.
var importing = []string{"import", "huawei", "--config", "huawei.yaml", "--source", "bench"}

func yesterday() time.Time { return time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1) }

// exports writes files of so many days that are over, of so many messages each, with the configuration of their source. The messages go to
// table as CSV too.
func (b *bench) exports(days, rows int, table io.Writer) (files []string, err error) {
	sayf("writing exports of %d messages", days*rows)
	first := yesterday().AddDate(0, 0, -days)
	for i := range days {
		day := first.AddDate(0, 0, i)
		files = append(files, filepath.Join(b.dir, fmt.Sprintf("SendingDetails_%s000000_%[1]s235959.csv", day.Format("20060102"))))
		if err := writeExport(files[i], day, rows, uint64(i), 7, table); err != nil {
			return nil, err
		}
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
`, first.Format(time.DateOnly)), 0o644)
}

// writeExport writes a day's messages as the console exports them: 230 bytes a row, in the order of sending. The seed gives the
// messages, and delivered of 10 are. The same go to table.
func writeExport(path string, day time.Time, rows int, seed uint64, delivered int, table io.Writer) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := file.Close(); err == nil {
			err = e
		}
	}()
	random := rand.New(rand.NewPCG(5, seed))
	out, copied := bufio.NewWriterSize(file, 1<<20), bufio.NewWriterSize(table, 1<<20)
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
		fmt.Fprintf(copied, "1,%s,0,%s,%s,=%032x,=Harbor,=notification,-(not reported),f,%s,0,%d,%s,2,%s,%s,1,%s\n",
			id, at.Format(time.DateOnly), sent, template, reported, 3+result, code, reported, reported, reported)
	}
	return errors.Join(out.Flush(), copied.Flush())
}
