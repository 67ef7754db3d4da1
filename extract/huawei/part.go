package huawei

import (
	"encoding/json"
	"fmt"
	"strings"

	"smsetl/sms"
)

// parts puts rows into stored forms of at most so many rows.
type parts struct {
	emit   func(Part) error // nil for a preview
	most   int64
	number int
	im     *importer
	now    *former
	header []string   // of a preview
	cells  [][]string // of a preview
}

// out gives the form that the next row goes into.
func (p *parts) out(im *importer) (*former, error) {
	if p.now != nil && p.emit != nil && p.now.rows == p.most {
		if err := p.flush(); err != nil {
			return nil, err
		}
	}
	if p.now == nil {
		p.im = im
		settings := []string{"zone=" + im.report.Zone.String(), "key=" + im.reader.keyID}
		if account := im.reader.o.Account; account != "" {
			settings = append(settings, "account="+string(appendPlain(nil, []byte(account))))
		}
		if zone, ok := im.layout.zones[colReportedAt]; ok && im.layout.kind == SendingDetails {
			settings = append(settings, "reported_zone="+zone.String())
		}
		now, err := newFormer(im.layout.kind, im.layout.form(), settings...)
		if err != nil {
			return nil, err
		}
		p.now = now
		p.number++
	}
	return p.now, nil
}

// flush ends the form that is being written.
func (p *parts) flush() error {
	if p.now == nil {
		return nil
	}
	now := p.now
	p.now = nil
	if p.emit == nil {
		p.header = p.im.layout.form()
		for line := range strings.SplitSeq(strings.TrimSuffix(string(now.line), "\n"), "\n") {
			p.cells = append(p.cells, strings.Split(line, "\t"))
		}
		now.out.Close()
		return nil
	}
	body, err := now.body()
	if err != nil {
		return err
	}
	return p.emit(Part{Kind: p.im.layout.kind, Body: body, Rows: now.rows, Request: p.request(now)})
}

// provenance is what is kept about the file of a part, as JSON in the request of the stored payload.
type provenance struct {
	File     string   `json:"file"`
	SHA256   string   `json:"sha256"`
	Format   string   `json:"format"`
	Encoding string   `json:"encoding,omitempty"`
	Sheet    string   `json:"sheet,omitempty"`
	Part     int      `json:"part"`
	Rows     string   `json:"rows"` // of the file, from 1, both inside
	Columns  []string `json:"columns"`
}

func (p *parts) request(f *former) sms.Request {
	rep := p.im.report
	of := provenance{
		File: rep.Name, SHA256: rep.SHA256.String(), Format: rep.Format, Encoding: string(rep.Encoding), Sheet: rep.Sheet,
		Part: p.number, Rows: fmt.Sprintf("%d-%d", f.first, f.last),
	}
	for _, c := range rep.Columns {
		of.Columns = append(of.Columns, c.Column+"="+c.Header)
	}
	text, _ := json.Marshal(of) //nolint:errchkjson // strings and numbers always marshal
	return sms.Request{Method: "IMPORT", URL: "file:" + rep.Name, Action: string(rep.Kind), Body: string(text)}
}
