package temper

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// longestCallback is how many hours CallbackStatusStatistics takes between BeginTime and EndTime.
const longestCallback = 32 * 24

// The five reasons that Tencent counts, and which of EngageLab's they are here. The rest of the failures has no reason.
var callbackReasons = [...]struct {
	field string
	of    []int
}{
	{"InternalErrorCount", []int{6}},
	{"InvalidNumberCount", []int{0}},
	{"ShutdownErrorCount", []int{1, 7, 8}},
	{"BlackListCount", []int{2}},
	{"FrequencyLimitCount", []int{3}},
}

// tencentDatasets are the actions in our words.
var tencentDatasets = map[string]string{"SendStatusStatistics": "send_status", "CallbackStatusStatistics": "callback_status"}

// hours is a question of Tencent, read: hours of +08:00 since 1970, both inside.
type hours struct{ first, last int64 }

func (v *Vendor) tencent(w http.ResponseWriter, r *http.Request) {
	now, isOneTooMany, isBroken := v.begin()
	action := r.Header.Get("X-TC-Action")
	c := Call{Dataset: tencentDatasets[action], Status: http.StatusOK}
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16)) // a broken body is no JSON
	q, code := v.readHours(body, c.Dataset)
	c.From, c.To = Day(q.first/24), Day(q.last/24)
	c.IsSum = c.To > c.From
	m := momentOf(now)
	switch {
	case !strings.Contains(r.Header.Get("Authorization"), "Credential="+v.key+"/"), v.world.isRevoked(m):
		code = "AuthFailure.SecretIdNotFound"
	case isOneTooMany:
		code = "RequestLimitExceeded"
	case isBroken:
		c.Status, c.Refused = http.StatusInternalServerError, "internal error"
		v.answer(w, c, []byte(`{"message":"internal error"}`))
		return
	case c.Dataset == "":
		code = "InvalidAction"
	case code == "" && v.world.n.forgotten == Refusing && v.world.isForgotten(c.From, m):
		code = "InvalidParameterValue.BeginTimeVerifyFail"
	}
	if code != "" {
		c.Refused = code
		v.answer(w, c, fmt.Appendf(nil, `{"Response":{"Error":{"Code":%q,"Message":"refused"},"RequestId":"r-1"}}`, code))
		return
	}
	v.answer(w, c, v.world.tencentAnswer(action, q, m))
}

// readHours reads the body of a question; code is the vendor's error.
func (v *Vendor) readHours(body []byte, dataset string) (q hours, code string) {
	var p struct {
		BeginTime string `json:"BeginTime"`
		EndTime   string `json:"EndTime"`
		App       string `json:"SmsSdkAppId"`
		Limit     *int   `json:"Limit"`
		Offset    *int   `json:"Offset"`
	}
	if json.Unmarshal(body, &p) != nil || p.Limit == nil || p.Offset == nil {
		return q, "InvalidParameter"
	}
	if p.App != v.account {
		return q, "InvalidParameterValue.SdkAppIdNotExist"
	}
	const form = "2006010215"
	first, err := time.Parse(form, p.BeginTime)
	if err != nil {
		return q, "InvalidParameterValue.BeginTimeVerifyFail"
	}
	last, err := time.Parse(form, p.EndTime)
	if err != nil || last.Before(first) {
		return q, "InvalidParameterValue.EndTimeVerifyFail"
	}
	q = hours{first.Unix() / 3600, last.Unix() / 3600}
	if dataset == "callback_status" && q.last-q.first > longestCallback {
		return q, "InvalidParameterValue.EndTimeVerifyFail"
	}
	return q, ""
}

// tencentAnswer gives the sums over the hours of a question.
func (w *World) tencentAnswer(action string, q hours, m moment) []byte {
	isSend := action == "SendStatusStatistics"
	lie := w.n.outage.at(m, w.first)
	if w.n.outage.rowsOnly && (!isSend || q.last/24 > q.first/24) {
		lie = NoLie
	}
	var total Row
	isNull := false
	var r rows
	for d := Day(q.first / 24); d <= Day(q.last/24); d++ {
		said := w.say(d, m, lie, &r)
		isNull = isNull || said.form == Null
		day := w.total(d, said, &r)
		day.cut(max(q.first-int64(d)*24, 0), min(q.last-int64(d)*24+1, 24), hoursOver(d, m))
		total.add(&day)
	}
	names, counts := tencentMeasures(isSend, &total)
	b := fmt.Appendf(nil, `{"Response":{%q:{`, action)
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		if isNull {
			b = fmt.Appendf(b, `%q:null`, name)
		} else {
			b = fmt.Appendf(b, `%q:%d`, name, counts[i])
		}
	}
	return fmt.Appendf(b, `},"RequestId":"r-%d-%d-%d"}}`, q.first, q.last, m)
}

// hoursOver gives how many hours of a day are over.
func hoursOver(d Day, m moment) int64 {
	return min(max((int64(m)-int64(d)*secondsADay)/3600, 0), 24)
}

// cut leaves the share of the hours from one up to another, of which over are over: the messages of a day are spread evenly.
func (r *Row) cut(from, to, over int64) {
	if from == 0 && to == 24 {
		return
	}
	part := func(n int64) int64 {
		if over == 0 {
			return 0
		}
		return n*min(to, over)/over - n*min(from, over)/over
	}
	for i := range r.Process {
		r.Process[i] = part(r.Process[i])
	}
	for i := range r.Send {
		r.Send[i] = part(r.Send[i])
	}
	r.Targets, r.Delivered, r.Waiting, r.Billed = part(r.Targets), part(r.Delivered), part(r.Waiting), part(r.Billed)
}

func tencentMeasures(isSend bool, r *Row) (names []string, counts []int64) {
	accepted := r.Targets - r.ProcessFailed()
	if isSend {
		return []string{"FeeCount", "RequestCount", "RequestSuccessCount"}, []int64{r.Billed, r.Targets, accepted}
	}
	failed := r.SendFailed()
	names = []string{"CallbackCount", "RequestSuccessCount", "CallbackFailCount", "CallbackSuccessCount"}
	counts = []int64{r.Delivered + failed, accepted, failed, r.Delivered}
	for _, reason := range callbackReasons {
		n := int64(0)
		for _, i := range reason.of {
			n += r.Send[i]
		}
		names, counts = append(names, reason.field), append(counts, n)
	}
	return names, counts
}
