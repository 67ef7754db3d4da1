package huawei

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"smsetl/sms"
)

// File is a file to be read.
type File struct {
	Name string // without folders; it is shown to people
	Data io.ReaderAt
	Size int64 // bytes
}

// Options of a Reader.
type Options struct {
	Source   string            // name of the source; hashes of numbers are good within it alone
	Key      []byte            // secret by which numbers are hashed, at least 16 bytes
	Zone     sms.Zone          // of times that name none: that of the console
	Mainland bool              // a number of 11 digits without a country's code is one of the Chinese mainland
	Columns  map[string]string // name of our column (Columns) to the header in the file; "" for the built-in headers
	Account  string            // the application of rows that name none, as whoever exported them says; "" when nobody does
	Sheet    string            // of a workbook; "" for the first one whose columns are recognised
	// KeepExtend keeps what the sender of a message gave along to be echoed in its reports.
	KeepExtend bool

	PartRows    int64  // rows of one stored form; 0 for 100,000
	RowLimit    int64  // rows at which the console cuts an export, so that as many rows are probably not all; 0 for 10,000
	MaxFile     int64  // bytes of a file; 0 for 1 GiB
	MaxUnpacked int64  // bytes that a workbook may unpack to; 0 for 128 MiB
	TempDir     string // where parts of large workbooks are unpacked for the time of reading; "" for the system's
}

func (o *Options) setDefaults() {
	o.PartRows = cmp.Or(o.PartRows, 100_000)
	o.RowLimit = cmp.Or(o.RowLimit, 10_000)
	o.MaxFile = cmp.Or(o.MaxFile, 1<<30)
	o.MaxUnpacked = cmp.Or(o.MaxUnpacked, 128<<20)
}

// Reader reads what the vendor gave. Its methods may be called from any goroutine.
type Reader struct {
	o      Options
	mapped mapping
	keyID  string
}

// New gives a Reader. The error says which option is wrong.
func New(o Options) (*Reader, error) {
	o.setDefaults()
	mapped, err := newMapping(o.Columns)
	if err != nil {
		return nil, fmt.Errorf("huawei: %w", err)
	}
	k, err := newKeyed(o.Key, o.Source)
	if err != nil {
		return nil, fmt.Errorf("huawei: %w", err)
	}
	return &Reader{o: o, mapped: mapped, keyID: k.id()}, nil
}

// Part is a piece of a file in the stored form. A large file is stored in several, so that none stands in memory whole.
type Part struct {
	Kind    Kind
	Body    sms.Body
	Rows    int64       // of the part
	Request sms.Request // what it is of: file, hash, sheet, rows; as it can be shown to anybody
}

// Report says what was read.
type Report struct {
	Name     string   // of the file, with what could be a phone number masked
	SHA256   sms.Hash // of the file
	Format   string   // csv or xlsx
	Encoding Encoding // of a CSV
	Sheet    string   // of a workbook
	Kind     Kind
	Header   int64    // the row of the header in the file, from 1
	Columns  []Found  // by which header each column was recognised
	Dropped  []string // headers of columns that are not kept: texts, and what nobody knows
	Zone     sms.Zone // of the times
	Rows     int64    // rows read, without those below
	Totals   int64    // rows that sum up the others, at the end of many exports
	Empty    int64    // rows without any cell
	// Asked is the stretch of time that the export was asked for, as its title or its name states it; empty when neither does.
	Asked    sms.Span
	MadeAt   time.Time // when the export says it was made; zero when it does not
	IsCut    bool      // it has exactly as many rows as the console exports at most: rows are probably missing
	Numbers  int64     // cells of numbers that are none
	Repeated int64     // cells that repeat the row's number and were emptied
}

// rows are the rows of a file, one after the other. Cells are good until the next call; row counts from 1; the end is io.EOF.
type rows interface {
	next() (cells [][]byte, row int64, err error)
	close() error
}

// Read reads a file of sending details or of a statistics page and gives its parts in the stored form, in the order of the
// file. When it fails, the parts given so far are part of a file that could not be read: nothing should be believed of them.
func (r *Reader) Read(ctx context.Context, f File, emit func(Part) error) (Report, error) {
	report, err := r.read(ctx, f, &parts{emit: emit, most: r.o.PartRows}, -1)
	if err != nil {
		return report, fmt.Errorf("huawei: %s: %w", SafeName(f.Name), err)
	}
	return report, nil
}

// Preview is what a dry run shows.
type Preview struct {
	Report
	Header []string   // names of our columns
	Cells  [][]string // of the first rows, as they would be stored
}

// Preview reads the first rows of a file, and stores nothing. The report's counts are of these rows.
func (r *Reader) Preview(ctx context.Context, f File, most int) (Preview, error) {
	p := &parts{}
	report, err := r.read(ctx, f, p, max(most, 1))
	if err != nil {
		return Preview{Report: report}, fmt.Errorf("huawei: %s: %w", SafeName(f.Name), err)
	}
	return Preview{Report: report, Header: p.header, Cells: p.cells}, nil
}

func (r *Reader) read(ctx context.Context, f File, p *parts, most int) (Report, error) {
	report := Report{Name: SafeName(f.Name), Zone: r.o.Zone}
	if f.Size > r.o.MaxFile {
		return report, fmt.Errorf("the file has %d bytes, want at most %d", f.Size, r.o.MaxFile)
	}
	g, err := sniff(ctx, io.NewSectionReader(f.Data, 0, f.Size))
	if err != nil {
		return report, err
	}
	report.SHA256 = g.hash
	if g.isOLE {
		return report, errors.New("this is an old .xls or an encrypted workbook: save it as .xlsx or .csv, without a password")
	}
	im := &importer{reader: r, ctx: ctx, report: &report, parts: p, most: most}
	if im.keyed, err = newKeyed(r.o.Key, r.o.Source); err != nil {
		return report, err
	}
	im.titles = append(im.titles, stem(f.Name))
	if g.isZip {
		err = im.workbook(f)
	} else {
		err = im.csv(f, &g)
	}
	if err != nil {
		return report, err
	}
	im.finish()
	return report, nil
}

func stem(name string) string {
	name, _, _ = strings.Cut(name, ".")
	return name
}
