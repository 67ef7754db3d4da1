package temper

import (
	"fmt"
	"net/http"
	"strconv"

	"smsetl/sandbox/traffic"
)

// The calls of EngageLab, by path.
var engageLabPaths = map[string]string{
	"/v1/stats_day":            "stats_day",
	"/v1/stats/process_failed": "process_failed",
	"/v1/stats/send_failed":    "send_failed",
}

// Error codes of EngageLab. The pages show the first; 35001 and 35429 are the emulator's own.
const (
	codeAuthentication = 30000
	codeBadParameter   = 35001
	codeTooMany        = 35429
	codeInternal       = 35500
)

// longestWindow is how many days EngageLab takes in one question.
const longestWindow = 90

// refusal is an error of EngageLab.
type refusal struct {
	status, code int
	message      string
}

func (v *Vendor) engageLab(w http.ResponseWriter, r *http.Request) {
	now, isOneTooMany, isBroken := v.begin()
	c := Call{Dataset: engageLabPaths[r.URL.Path], Status: http.StatusOK}
	parameters := r.URL.Query()
	from, err1 := traffic.ParseDay(parameters.Get("start_date"))
	to, err2 := traffic.ParseDay(parameters.Get("end_date"))
	c.From, c.To, c.IsSum = from, to, parameters.Get("aggregate_by") == "1"
	user, key, _ := r.BasicAuth()
	m := momentOf(now)
	var no *refusal
	switch {
	case c.Dataset == "":
		no = &refusal{http.StatusNotFound, 35404, "no such module"}
	case user != v.account || key != v.key || v.world.isRevoked(m):
		no = &refusal{http.StatusUnauthorized, codeAuthentication, "authentication failed"}
	case isOneTooMany:
		w.Header().Set("Retry-After", "1")
		no = &refusal{http.StatusTooManyRequests, codeTooMany, "too many requests"}
	case isBroken:
		no = &refusal{http.StatusInternalServerError, codeInternal, "internal error"}
	case err1 != nil || err2 != nil || to < from:
		no = &refusal{http.StatusBadRequest, codeBadParameter, "start_date and end_date must be days"}
	default:
		no = v.checkWindow(from, to, m)
	}
	if no != nil {
		c.Status, c.Refused = no.status, no.message
		v.answer(w, c, fmt.Appendf(nil, `{"code":%d,"message":%q}`, no.code, no.message))
		return
	}
	e := writer{world: v.world, user: v.account, dataset: c.Dataset, dialect: v.world.n.dialect, asked: m}
	if c.IsSum {
		v.answer(w, c, e.sum(from, to))
		return
	}
	v.answer(w, c, e.answer(from, to))
}

func (v *Vendor) checkWindow(from, to Day, m moment) *refusal {
	longest := longestWindow
	if n := v.world.n.manners.longest; n > 0 {
		longest = n
	}
	if int(to-from) >= longest {
		return &refusal{http.StatusBadRequest, codeBadParameter, "the date range must not exceed 90 days"}
	}
	if n := &v.world.n; n.forgotten == Refusing && v.world.isForgotten(from, m) {
		return &refusal{http.StatusBadRequest, codeBadParameter, fmt.Sprintf("start_date must be within the last %d days", n.keeps)}
	}
	return nil
}

// writer writes the answers of EngageLab in a dialect.
type writer struct {
	world   *World
	user    string
	dataset string
	dialect dialect
	asked   moment
	b       []byte
}

// lie gives the lie that the answer is told with. Rows alone are wrong where the outage is about rows only.
func (e *writer) lie(isSum bool) Lie {
	o := &e.world.n.outage
	if o.rowsOnly && (isSum || e.dataset != "stats_day") {
		return NoLie
	}
	return o.at(e.asked, e.world.first)
}

// told gives the rows that the dataset has of a day; isNull says that their numbers are null.
func (e *writer) told(d Day, lie Lie, r *rows) (isNull bool) {
	said := e.world.say(d, e.asked, lie, r)
	if e.dataset == "stats_day" {
		return said.form == Null
	}
	if e.world.n.noReasons {
		r.n = 0
	}
	kept := 0
	for i := range r.list() {
		row := r.all[i]
		failed := row.ProcessFailed()
		if e.dataset == "send_failed" {
			failed = row.SendFailed()
		}
		if failed > 0 || row.Targets == 0 { // a row of zeros is told by all calls
			r.all[kept] = row
			kept++
		}
	}
	r.n = kept
	return said.form == Null
}

// answer gives the rows of a window.
func (e *writer) answer(from, to Day) []byte {
	lie := e.lie(false)
	last := to
	if n := e.dialect.pagesOver; n > 0 && int(to-from)+1 > n {
		last = from + (to-from)/2
	}
	e.b = append(e.b, '{')
	if e.dialect.codeZero {
		e.b = append(e.b, `"code":0,`...)
	}
	if e.dialect.extraFields {
		e.b = append(e.b, `"request_id":"a1b2","took_ms":12,`...)
	}
	e.b = append(e.b, `"result":[`...)
	before := len(e.b)
	total, count := 0, 0
	var r rows
	for d := from; d <= to; d++ {
		isNull := e.told(d, lie, &r)
		for i := range r.list() {
			parts := e.parts(&r.all[i])
			for k := range parts {
				total++
				if d <= last {
					count++
					e.row(d, &parts[k], isNull)
				}
			}
		}
	}
	if len(e.b) > before {
		e.b = e.b[:len(e.b)-1] // the comma behind the last row
	} else if e.dialect.nullForEmpty {
		e.b = append(e.b[:before-1], `null`...)
	}
	if len(e.b) == 0 || e.b[len(e.b)-1] != 'l' {
		e.b = append(e.b, ']')
	}
	if e.dialect.pagesOver > 0 {
		e.b = fmt.Appendf(e.b, `,"total":%d`, total)
	}
	if !e.dialect.noCount {
		e.b = fmt.Appendf(e.b, `,"count":%d`, count)
	}
	return append(e.b, '}')
}

// parts cuts the row of some keys in two.
func (e *writer) parts(r *Row) []Row {
	if !e.dialect.twoRows || r.Template != Templates[1] || r.Targets < 2 {
		return []Row{*r}
	}
	half, rest := *r, *r
	half.scale(1, 2)
	rest.subtract(&half)
	return []Row{half, rest}
}

func (e *writer) row(d Day, r *Row, isNull bool) {
	e.b = append(e.b, `{"send_date":"`...)
	e.b = d.Append(e.b)
	if e.dialect.dateWithTime {
		e.b = append(e.b, ` 00:00:00`...)
	}
	e.b = append(e.b, `","msg_type":`...)
	e.b = strconv.AppendQuote(e.b, r.Type)
	if !e.dialect.noUser || e.dataset == "stats_day" {
		e.b = append(e.b, `,"sms_user":`...)
		e.b = strconv.AppendQuote(e.b, e.user)
	}
	e.b = append(e.b, `,"template_id":`...)
	e.b = strconv.AppendInt(e.b, r.Template, 10)
	e.label(r.Label)
	if e.dialect.extraFields {
		e.b = append(e.b, `,"channel":"gw-3","is_test":false`...)
	}
	e.measures(r, isNull)
	e.b = append(e.b, `},`...)
}

// label writes a label, and none in the form of the day.
func (e *writer) label(label int64) {
	if label != 0 {
		e.b = fmt.Appendf(e.b, `,"label_id":%d`, label)
		return
	}
	forms := [...]string{`,"label_id":null`, `,"label_id":""`, `,"label_id":0`, ``}
	form := forms[0]
	if e.dialect.labelForms {
		form = forms[int(e.asked.day())%len(forms)]
	}
	e.b = append(e.b, form...)
}

// sum gives the sums of a window, with neither day nor key. Pages do not cut it.
func (e *writer) sum(from, to Day) []byte {
	lie := e.lie(true)
	var total Row
	var r rows
	isNull := false
	for d := from; d <= to; d++ {
		isNull = e.told(d, lie, &r) || isNull
		for i := range r.list() {
			total.add(&r.all[i])
		}
	}
	e.b = append(e.b, `{"result":{"msg_type":"2"`...)
	e.measures(&total, isNull)
	return append(e.b, `}}`...)
}

func (e *writer) measures(r *Row, isNull bool) {
	switch e.dataset {
	case "process_failed":
		for i, name := range ProcessReasons {
			e.count(name, r.Process[i], isNull)
		}
		return
	case "send_failed":
		for i, name := range SendReasons {
			e.count(name, r.Send[i], isNull)
		}
		return
	}
	process, send := r.ProcessFailed(), r.SendFailed()
	e.count("targets", r.Targets, isNull)
	if !e.dialect.noSent {
		e.count("sent", r.Delivered+send+r.Waiting, isNull)
	}
	e.count("process_failed", process, isNull)
	e.count("delivered", r.Delivered, isNull)
	e.count("send_failed", send, isNull)
	e.count("wait_result", r.Waiting, isNull)
	e.count("billing_count", r.Billed, isNull)
	if e.dialect.noPercent || isNull {
		return
	}
	e.percent("process_failed_percent", process, r.Targets)
	e.percent("delivered_percent", r.Delivered, r.Targets)
	e.percent("send_failed_percent", send, r.Targets)
	e.percent("wait_result_percent", r.Waiting, r.Targets)
}

func (e *writer) count(name string, n int64, isNull bool) {
	e.b = append(e.b, `,"`...)
	e.b = append(e.b, name...)
	e.b = append(e.b, `":`...)
	switch {
	case isNull:
		e.b = append(e.b, `null`...)
	case e.dialect.countsAsText:
		e.b = fmt.Appendf(e.b, `"%d"`, n)
	case e.dialect.countsAsFloats:
		e.b = fmt.Appendf(e.b, `%d.0`, n)
	default:
		e.b = strconv.AppendInt(e.b, n, 10)
	}
}

func (e *writer) percent(name string, part, whole int64) {
	share := 0.0
	if whole > 0 {
		share = float64(part*10000/whole) / 100
	}
	e.b = fmt.Appendf(e.b, `,%q:%.2f`, name, share)
}
