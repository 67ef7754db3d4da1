package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"smsetl/extract/huawei"
	"smsetl/internal/confined"
	"smsetl/sms"
)

// apart reads files as a huawei.Reader does, each in a process of its own (package confined): whatever a file does to whoever reads it, the
// program goes on. What comes back are the stored forms, packed, and the report, so a million rows cost what starting the process does.
type apart struct {
	*huawei.Reader

	options huawei.Options // of the Reader
	// limits of the process; nil where there are no such processes: files are then read in this one, under the bounds on workbooks alone.
	limits *confined.Limits
}

// question is what the process is asked.
type question struct {
	Options huawei.Options
	Name    string
	Size    int64
	Preview int // rows to show, 0 to read all
}

// answer is one of those that the process gives: a part, or at the end what became of the file.
type answer struct {
	Part   *huawei.Part
	Report *huawei.Report // comes last
	Header []string       // of a preview
	Cells  [][]string     // of a preview
	Error  string
	IsDisk bool // the file cannot be read where it lies
	Stack  string
}

// inJSON gives zones the form that they have everywhere.
var inJSON = json.JoinOptions(
	json.WithMarshalers(json.MarshalToFunc(func(e *jsontext.Encoder, z sms.Zone) error { return e.WriteToken(jsontext.String(z.String())) })),
	json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, z *sms.Zone) error {
		text, err := d.ReadToken()
		if err == nil {
			*z, err = sms.ParseZone(text.String())
		}
		return err
	})),
)

// crashError says that the program crashed over a file, and where.
type crashError struct{ stack string }

// Error says it without the place, which is for the log.
func (c *crashError) Error() string { return "the program crashed over this file: the log says where" }

// read is Read of the Reader.
func (a *apart) read(ctx context.Context, f *os.File, name string, size int64, emit func(huawei.Part) error) (huawei.Report, error) {
	if a.limits == nil {
		return a.Read(ctx, huawei.File{Name: name, Data: f, Size: size}, emit)
	}
	p, err := a.ask(ctx, f, question{Name: name, Size: size}, emit)
	return p.Report, err
}

// preview is Preview of the Reader.
func (a *apart) preview(ctx context.Context, f *os.File, name string, size int64, most int) (huawei.Preview, error) {
	if a.limits == nil {
		return a.Preview(ctx, huawei.File{Name: name, Data: f, Size: size}, most)
	}
	return a.ask(ctx, f, question{Name: name, Size: size, Preview: max(most, 1)}, func(huawei.Part) error { return errUnasked })
}

var errUnasked = errors.New("a part of a file that was only looked at")

func (a *apart) ask(ctx context.Context, f *os.File, q question, emit func(huawei.Part) error) (huawei.Preview, error) {
	dir, err := os.MkdirTemp(a.options.TempDir, "smsetl-reading-*") // a process that is killed leaves there what it has unpacked
	if err != nil {
		return huawei.Preview{}, err
	}
	defer os.RemoveAll(dir)
	q.Options = a.options
	q.Options.TempDir = dir
	text, err := json.Marshal(q, inJSON)
	if err != nil {
		return huawei.Preview{}, fmt.Errorf("huawei: %w", err)
	}
	var last answer
	var rows int64
	err = confined.Run(ctx, *a.limits, f, text, func(r io.Reader) error {
		dec := jsontext.NewDecoder(r)
		for last.Report == nil {
			if err := json.UnmarshalDecode(dec, &last, inJSON); err != nil {
				return fmt.Errorf("what the process that reads it says is cut: %w", err)
			}
			if last.Part == nil {
				continue
			}
			if err := checkPart(last.Part); err != nil {
				return err
			}
			rows += last.Part.Rows
			if err := emit(*last.Part); err != nil {
				return err
			}
			last = answer{}
		}
		return nil
	})
	switch {
	case errors.Is(err, confined.ErrDied):
		return huawei.Preview{}, fmt.Errorf("huawei: %s cannot be read: %w. Is it what the console exported? Files of fewer rows cost less", huawei.SafeName(q.Name), err)
	case errors.Is(err, confined.ErrNotStarted):
		return huawei.Preview{}, fmt.Errorf("huawei: %w: %w", sms.ErrTemporary, err)
	case err != nil:
		return huawei.Preview{}, fmt.Errorf("huawei: %s: %w", huawei.SafeName(q.Name), err)
	}
	return last.end(q, rows)
}

// checkPart refuses a part that no reader gives.
func checkPart(p *huawei.Part) error {
	if p.Rows < 1 || p.Body.Size < 1 || len(p.Body.Packed) == 0 || p.Kind != huawei.SendingDetails && p.Kind != huawei.Statistics {
		return errors.New("the process that reads it gives a part that is none")
	}
	return nil
}

// end gives what became of the file.
func (a *answer) end(q question, rows int64) (huawei.Preview, error) {
	p := huawei.Preview{Report: *a.Report, Header: a.Header, Cells: a.Cells}
	switch {
	case a.Stack != "":
		return p, &crashError{a.Stack}
	case a.IsDisk:
		return p, &fs.PathError{Op: "read", Path: huawei.SafeName(q.Name), Err: errors.New(a.Error)}
	case a.Error != "":
		return p, errors.New(a.Error)
	case q.Preview == 0 && rows != p.Rows:
		return p, fmt.Errorf("huawei: %s: %d of its %d rows came", huawei.SafeName(q.Name), rows, p.Rows)
	}
	return p, nil
}

// Answer is the work of the process: it reads the file that the question is about.
func Answer(asked io.Reader, file *os.File, out io.Writer) error {
	var q question
	if err := json.UnmarshalRead(asked, &q, inJSON); err != nil {
		return err
	}
	enc := jsontext.NewEncoder(out)
	last := q.answer(file, func(p huawei.Part) error { return json.MarshalEncode(enc, answer{Part: &p}, inJSON) })
	return json.MarshalEncode(enc, last, inJSON)
}

func (q *question) answer(file *os.File, emit func(huawei.Part) error) (a answer) {
	a.Report = &huawei.Report{}
	defer func() {
		if crash := recover(); crash != nil {
			a.Stack = fmt.Sprintf("%v\n%s", crash, debug.Stack())
		}
	}()
	r, err := huawei.New(q.Options)
	if err == nil {
		f := huawei.File{Name: q.Name, Data: file, Size: q.Size}
		if q.Preview > 0 {
			var p huawei.Preview
			p, err = r.Preview(context.Background(), f, q.Preview)
			*a.Report, a.Header, a.Cells = p.Report, p.Header, p.Cells
		} else {
			*a.Report, err = r.Read(context.Background(), f, emit)
		}
	}
	if err != nil {
		a.Error = err.Error()
		at, isOfDisk := errors.AsType[*fs.PathError](err)
		if a.IsDisk = isOfDisk; isOfDisk {
			a.Error = at.Err.Error()
		}
	}
	return a
}
