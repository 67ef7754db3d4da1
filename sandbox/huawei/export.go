package huawei

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"time"
)

// Export says which export to make and how it looks. Nobody outside has seen the vendor's real headers, so the layouts differ in
// everything that pages leave open: language, words or codes, one row for a message or for a piece, zone, order.
type Export struct {
	App      string    // name of the application; "" for all
	From, To time.Time // of sending, To outside
	At       time.Time // when it is made

	Chinese  bool
	XLSX     bool
	Encoding string // of a CSV: utf-8 (""), utf-8-bom, gb18030, utf-16le, utf-16be, utf-16le-bare (without a mark)
	Comma    rune   // of a CSV; 0 for ','

	PerPiece   bool // a row for each piece, with sequence and total; else one for a message with the number of its SMS
	Words      bool // "Successful" and "Yes" where the vendor's codes stand otherwise
	Hours      int  // zone of the times, east of UTC
	ZoneInHead bool // the header of the times names the zone
	Titled     bool // a title and the filters of the query stand above the header
	Totals     bool // a row that sums up stands below
	Shuffled   bool // columns in another order, rows backwards
	NoID       bool // without message ids
	NoCountry  bool
	NoReports  bool // without the times of reports
	Numbers    int  // spelling of numbers, 0 to 5
	Guarded    bool // cells as spreadsheets guard them: '+86.. and ="..."
	DateCells  bool // XLSX: times as numbers with a format
	AnyName    bool // the name of the file does not tell the stretch of time
	Hourly     bool // of a statistics page: rows of hours, as for a single day
}

// ExportFile is an exported file.
type ExportFile struct {
	Export
	Name  string
	Data  []byte
	Rows  int  // of data
	IsCut bool // there were more rows than the site exports
}

// The refusals of the console.
var (
	ErrConsoleWindow  = errors.New("huawei: the console exports no longer stretch of time at once")
	ErrConsoleHistory = errors.New("huawei: the console goes no farther back")
)

// Export exports sending details.
func (c *Console) Export(e Export) (ExportFile, error) {
	switch {
	case e.To.Sub(e.From) > c.o.Site.Window || !e.From.Before(e.To):
		return ExportFile{}, ErrConsoleWindow
	case e.From.Before(e.At.Add(-c.o.Site.History)):
		return ExportFile{}, ErrConsoleHistory
	}
	columns := c.columns(&e)
	var rows [][]string
	isCut := false
	for i := range c.messages {
		m := &c.messages[i]
		if !c.holds(&e, m) {
			continue
		}
		for _, row := range c.lines(&e, m) {
			if len(rows) == c.o.Site.Rows {
				isCut = true
				break
			}
			cells := make([]string, len(columns))
			for j, column := range columns {
				cells[j] = row[column.name]
			}
			rows = append(rows, cells)
		}
	}
	if e.Shuffled {
		for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
			rows[i], rows[j] = rows[j], rows[i]
		}
	}
	sheet := sheet{columns: columns, rows: rows, export: &e}
	data, err := sheet.write()
	return ExportFile{Export: e, Name: e.name(), Data: data, Rows: len(rows), IsCut: isCut}, err
}

// holds says whether a message is in an export.
func (c *Console) holds(e *Export, m *consoleMessage) bool {
	return (e.App == "" || e.App == c.o.Apps[m.app].Name) && !m.sentAt.Before(e.From) && m.sentAt.Before(e.To) && !m.sentAt.After(e.At)
}

// Exports cuts a stretch of time into exports of at most step, each drawn a look of its own, made at a moment. The same dice give
// the same exports.
func (c *Console) Exports(dice *rand.Rand, from, to, at time.Time, step time.Duration) []Export {
	var all []Export
	for ; from.Before(to); from = from.Add(step) {
		end := from.Add(step)
		if end.After(to) {
			end = to
		}
		all = append(all, RandomLook(dice, Export{From: from, To: end, At: at}))
	}
	return all
}

// RandomLook gives the export a look drawn by the dice.
func RandomLook(dice *rand.Rand, e Export) Export {
	flip := func() bool { return dice.IntN(2) == 0 }
	e.Chinese, e.XLSX, e.PerPiece, e.Words, e.ZoneInHead = flip(), dice.IntN(3) == 0, flip(), flip(), flip()
	e.Titled, e.Totals, e.Shuffled, e.Guarded, e.DateCells = flip(), flip(), flip(), flip(), flip()
	e.Encoding = []string{"utf-8", "utf-8-bom", "gb18030", "utf-16le", "utf-16be", "utf-16le-bare"}[dice.IntN(6)]
	e.Comma = []rune{',', ';', '\t'}[dice.IntN(3)]
	e.Numbers = dice.IntN(6)
	return e
}

// name gives the file's name.
func (e *Export) name() string {
	ending := ".csv"
	if e.XLSX {
		ending = ".xlsx"
	}
	if e.AnyName {
		return "download" + ending
	}
	zone := time.Duration(e.Hours) * time.Hour
	form := "20060102150405"
	return "SendingDetails_" + e.From.Add(zone).Format(form) + "_" + e.To.Add(zone-time.Second).Format(form) + ending
}

// exportColumn is a column of an export.
type exportColumn struct{ name, english, chinese string }

var exportColumns = []exportColumn{
	{"id", "SMS Message ID", "短信ID"},
	{"number", "Mobile Number", "手机号码"},
	{"app", "Application Name", "应用名称"},
	{"text", "SMS Content", "短信内容"},
	{"template", "Template ID", "模板ID"},
	{"signature", "Signature", "签名"},
	{"kind", "SMS Type", "短信类型"},
	{"country", "Country/Region", "国家/地区"},
	{"sent", "Sending Time", "发送时间"},
	{"reported", "Status Report Time", "状态报告时间"},
	{"result", "Sending Result", "发送结果"},
	{"status", "Status Code", "状态码"},
	{"source", "Status Source", "状态来源"},
	{"charged", "Charged", "是否计费"},
	{"segments", "Number of SMSs", "短信条数"},
	{"piece", "Sequence", "短信序号"},
	{"pieces", "Total", "短信总数"},
	{"remarks", "Remarks", "备注信息"},
}

// columns gives the columns of an export in its order.
func (c *Console) columns(e *Export) []exportColumn {
	var columns []exportColumn
	for _, column := range exportColumns {
		switch column.name {
		case "id":
			if e.NoID {
				continue
			}
		case "country":
			if e.NoCountry {
				continue
			}
		case "segments":
			if e.PerPiece {
				continue
			}
		case "piece", "pieces":
			if !e.PerPiece {
				continue
			}
		case "sent", "reported":
			if e.NoReports && column.name == "reported" {
				continue
			}
			if e.ZoneInHead {
				column.english += fmt.Sprintf(" (UTC%+03d:00)", e.Hours)
				column.chinese += fmt.Sprintf("（UTC%+03d:00）", e.Hours)
			}
		}
		columns = append(columns, column)
	}
	if e.Shuffled {
		for i := range columns { // an order that is always the same one
			j := i * 7 % len(columns)
			columns[i], columns[j] = columns[j], columns[i]
		}
	}
	return columns
}

// lines gives the rows of a message by the names of their columns.
func (c *Console) lines(e *Export, m *consoleMessage) []map[string]string {
	base := map[string]string{
		"id": m.id, "number": spellings(m)[e.Numbers], "app": c.o.Apps[m.app].Name, "text": m.text, "template": m.template,
		"signature": m.signature, "country": m.iso, "sent": e.clock(m.sentAt), "remarks": "-",
		"kind": strconv.Itoa(m.kind), "charged": "1",
	}
	if m.billed() > 0 {
		base["charged"] = "0"
	}
	if e.Words {
		c.words(e, m, base)
	}
	if !e.PerPiece {
		base["segments"] = strconv.Itoa(len(m.pieces))
		status, source := m.at(e.At)
		c.outcome(e, m, base, status, source, m.lastReport(e.At))
		return []map[string]string{base}
	}
	var all []map[string]string
	for i := range m.pieces {
		row := maps.Clone(base)
		row["piece"], row["pieces"] = strconv.Itoa(i+1), strconv.Itoa(len(m.pieces))
		status, source, reportedAt := m.pieces[i].at(m.sentAt, e.At)
		c.outcome(e, m, row, status, source, reportedAt)
		all = append(all, row)
	}
	return all
}

// words puts words in place of codes.
func (c *Console) words(e *Export, m *consoleMessage, row map[string]string) {
	isCharged := m.billed() > 0
	if e.Chinese {
		row["kind"] = [...]string{1: "验证码", 2: "推广", 3: "通知"}[m.kind]
		row["charged"] = map[bool]string{true: "是", false: "否"}[isCharged]
		row["country"] = map[string]string{"CN": "中国", "DE": "德国", "FR": "法国", "GB": "英国", "SG": "新加坡", "HK": "中国香港", "US": "美国",
			"CA": "加拿大", "KZ": "哈萨克斯坦", "AE": "阿联酋", "TH": "泰国"}[m.iso]
		return
	}
	row["kind"] = [...]string{1: "Verification code", 2: "Promotion", 3: "Notification"}[m.kind]
	row["charged"] = map[bool]string{true: "Yes", false: "No"}[isCharged]
	row["country"] = map[string]string{"CN": "Chinese mainland", "DE": "Germany", "FR": "France", "GB": "United Kingdom", "SG": "Singapore",
		"HK": "Hong Kong (China)", "US": "United States", "CA": "Canada", "KZ": "Kazakhstan", "AE": "United Arab Emirates", "TH": "Thailand"}[m.iso]
}

// outcome fills the columns about what became of it.
func (c *Console) outcome(e *Export, m *consoleMessage, row map[string]string, status string, source int, reportedAt time.Time) {
	row["status"] = status
	if source > 0 {
		row["source"] = strconv.Itoa(source)
	}
	if !reportedAt.IsZero() {
		row["reported"] = e.clock(reportedAt)
	}
	late := reportedAt.Sub(m.sentAt) > 3*time.Minute || reportedAt.IsZero()
	code := 2
	switch {
	case status == "DELIVRD" && !late:
		code = 0
	case status == "DELIVRD":
		code = 3
	case status != "" && !late:
		code = 1
	case status != "":
		code = 4
	}
	row["result"] = strconv.Itoa(code)
	if e.Words {
		words := [...]string{"Successful", "Failed", "Sending", "Successful", "Failed"}
		if e.Chinese {
			words = [...]string{"发送成功", "发送失败", "发送中", "发送成功", "发送失败"}
		}
		row["result"] = words[code]
	}
}

// lastReport gives the time of the last report of a message by a moment.
func (m *consoleMessage) lastReport(at time.Time) time.Time {
	var last time.Time
	for i := range m.pieces {
		if _, _, t := m.pieces[i].at(m.sentAt, at); t.After(last) {
			last = t
		}
	}
	return last
}

func (e *Export) clock(t time.Time) string {
	return t.Add(time.Duration(e.Hours) * time.Hour).Format(time.DateTime)
}
