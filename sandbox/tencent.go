package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"

	"smsetl/sandbox/traffic"
)

// The statistics calls of Tencent Cloud SMS 2021-01-11, and their version.
const (
	sendStatusStatistics     = "SendStatusStatistics"
	callbackStatusStatistics = "CallbackStatusStatistics"
	tencentVersion           = "2021-01-11"
)

// maxCallbackWindow bounds the hours between BeginTime and EndTime of CallbackStatusStatistics.
const maxCallbackWindow = 32 * 24

// tencentError is an error as Tencent words it, under HTTP 200.
type tencentError struct{ code, message string }

// Tencent serves the two statistics calls.
func (s *Sandbox) Tencent() http.Handler { return http.HandlerFunc(s.tencent) }

func (s *Sandbox) tencent(w http.ResponseWriter, r *http.Request) {
	now := s.o.Wall()
	x := &exchange{box: s, w: w, r: r, vendor: Tencent}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		x.refuse(tencentRefusal(&tencentError{"RequestSizeLimitExceeded", "The request is too large."}))
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		x.refuse(page(http.StatusNotFound))
		return
	}
	secret, problem := s.verify(r, body)
	if problem == nil {
		problem = checkAction(r.Header)
	}
	if problem != nil {
		x.refuse(tencentRefusal(problem))
		return
	}
	x.action = r.Header.Get("X-TC-Action")
	if !s.arrivals.admit(bucket{Tencent, secret.ID, x.action}, now, s.o.Tencent.PerSecond, s.o.Tencent.StrictRate) {
		x.refuse(tencentRefusal(s.tooMany()))
		return
	}
	if !s.wait(r, s.latency()) {
		return
	}
	if x.action == smsPackagesStatistics {
		s.packages(x, secret, body)
		return
	}
	q, problem := readStatistics(x.action, body, s.tencentOffset())
	if problem == nil && s.o.Tencent.RefuseEmpty && q.last == q.first {
		problem = &tencentError{"InvalidParameterValue.EndTimeVerifyFail", "`EndTime` must be after `BeginTime`."}
	}
	if problem == nil {
		x.account = q.app
		problem = s.checkApp(secret, q.app)
	}
	if problem != nil {
		x.refuse(tencentRefusal(problem))
		return
	}
	x.answer(x.action+string(body), func(f Fault) (reply, bool) { return s.tencentReply(x.action, q, f) })
}

var region = regexp.MustCompile(`^[a-z]{2}-[a-z]+(-\d)?$`)

// checkAction checks the headers that are not signed.
func checkAction(h http.Header) *tencentError {
	switch action := h.Get("X-TC-Action"); action {
	case sendStatusStatistics, callbackStatusStatistics, smsPackagesStatistics:
	case "":
		return &tencentError{"MissingParameter", "The request header has no X-TC-Action."}
	default:
		return &tencentError{"InvalidAction", "The action " + action + " does not exist."}
	}
	switch {
	case h.Get("X-TC-Version") != tencentVersion:
		return &tencentError{"NoSuchVersion", "The version of the API does not exist."}
	case h.Get("X-TC-Region") == "":
		return &tencentError{"MissingParameter", "The request header has no X-TC-Region."}
	case !region.MatchString(h.Get("X-TC-Region")):
		return &tencentError{"UnsupportedRegion", "The API does not support the region."}
	}
	return nil
}

// tooMany gives the limit's error: mostly the plain code, every third time a child of it.
func (s *Sandbox) tooMany() *tencentError {
	code := "RequestLimitExceeded"
	if s.Breaches()%3 == 0 {
		code += ".UinLimitExceeded"
	}
	return &tencentError{code, "Your current request times equals to 11 in a second, which exceeds the frequency limit 10 for a second."}
}

// checkApp says whether the secret may see the application.
func (s *Sandbox) checkApp(secret *Secret, app string) *tencentError {
	for _, a := range secret.Apps {
		if a.ID == app && !a.Denied {
			return nil
		}
	}
	if s.account(Tencent, app) != nil {
		return &tencentError{"UnauthorizedOperation.SmsSdkAppIdVerifyFail", "The SmsSdkAppId does not belong to the caller."}
	}
	return &tencentError{"InvalidParameterValue.SdkAppIdNotExist", "The SmsSdkAppId does not exist."}
}

// window is a request for statistics, read: hours of an application, both inside, none when last is before first.
type window struct {
	app         string
	first, last traffic.Hour
}

// readStatistics reads the parameters.
func readStatistics(action string, body []byte, offset int) (q window, problem *tencentError) {
	var p map[string]json.RawMessage
	if err := json.Unmarshal(body, &p); err != nil {
		return q, &tencentError{"InvalidParameter", "The body is not a JSON object."}
	}
	for name := range p {
		switch name {
		case "BeginTime", "EndTime", "SmsSdkAppId", "Limit", "Offset":
		default:
			return q, &tencentError{"UnknownParameter", "The parameter `" + name + "` is not recognized."}
		}
	}
	for _, name := range []string{"BeginTime", "EndTime", "SmsSdkAppId", "Limit", "Offset"} {
		if v, ok := p[name]; !ok || string(v) == "null" {
			return q, &tencentError{"MissingParameter", "The request is missing a required parameter `" + name + "`."}
		}
	}
	for _, name := range []string{"Limit", "Offset"} {
		if problem := checkZero(name, p[name]); problem != nil {
			return q, problem
		}
	}
	if json.Unmarshal(p["SmsSdkAppId"], &q.app) != nil {
		return q, &tencentError{"InvalidParameter", "`SmsSdkAppId` must be a string."}
	}
	var ok bool
	if q.first, ok = readHour(p["BeginTime"], offset); !ok {
		return q, &tencentError{"InvalidParameterValue.BeginTimeVerifyFail", "`BeginTime` must be yyyymmddhh."}
	}
	if q.last, ok = readHour(p["EndTime"], offset); !ok {
		return q, &tencentError{"InvalidParameterValue.EndTimeVerifyFail", "`EndTime` must be yyyymmddhh."}
	}
	if q.last < q.first {
		return q, &tencentError{"InvalidParameterValue.EndTimeVerifyFail", "`EndTime` must not be before `BeginTime`."}
	}
	if action == callbackStatusStatistics && q.last-q.first > maxCallbackWindow {
		return q, &tencentError{"InvalidParameterValue.EndTimeVerifyFail", "`EndTime` must be within 32 days of `BeginTime`."}
	}
	return q, nil
}

// checkZero checks Limit and Offset, which are fixed at 0.
func checkZero(name string, v json.RawMessage) *tencentError {
	var n uint64
	if json.Unmarshal(v, &n) != nil {
		return &tencentError{"InvalidParameter", "`" + name + "` must be an unsigned integer."}
	}
	if n != 0 {
		return &tencentError{"InvalidParameterValue." + name + "VerifyFail", "`" + name + "` is fixed at 0."}
	}
	return nil
}

// readHour reads "2026010123", an hour of a zone.
func readHour(v json.RawMessage, offset int) (traffic.Hour, bool) {
	var text string
	if json.Unmarshal(v, &text) != nil || len(text) != 10 {
		return 0, false
	}
	t, err := time.Parse("2006010215", text)
	if err != nil {
		return 0, false
	}
	return traffic.HourAt(t) - traffic.Hour(offset), true
}

func tencentRefusal(e *tencentError) reply {
	return reply{
		status: http.StatusOK, kind: asJSON, code: e.code,
		body: fmt.Appendf(nil, `{"Response":{"Error":{"Code":%q,"Message":%q},"RequestId":%q}}`, e.code, e.message, requestID(e.code)),
	}
}

// requestID gives an id in the vendor's form, the same for the same text.
func requestID(text string) string {
	h := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// tencentReply builds the answer to a request, in the vendor's own words for a fault.
func (s *Sandbox) tencentReply(action string, q window, f Fault) (reply, bool) {
	switch f {
	case Status503:
		answer := tencentRefusal(&tencentError{"ServiceUnavailable", "The service is currently unavailable."})
		answer.status = http.StatusServiceUnavailable
		return answer, true
	case Status429, Status429Later:
		answer := reply{status: http.StatusTooManyRequests, kind: asJSON, body: []byte(`{"message":"too many requests"}`)}
		if f == Status429Later {
			answer.header = [2]string{"Retry-After", "1"}
		}
		return answer, true
	case ErrorUnder200:
		return tencentRefusal(&tencentError{"InternalError.Timeout", "The request timed out."}), true
	case OtherDays, OtherUsers, DuplicateRows, CountMismatch:
		return reply{}, false
	}
	names, counts := tencentMeasures(action, s.sum(q, s.Now()))
	var b bytes.Buffer
	b.WriteString(`{"Response":{`)
	switch f {
	case EmptyResult:
	case NullResult:
		fmt.Fprintf(&b, `%q:null,`, action)
	default:
		fmt.Fprintf(&b, `%q:{`, action)
		for i, name := range names {
			if f == NullCounts {
				fmt.Fprintf(&b, `%q:null,`, name)
			} else {
				fmt.Fprintf(&b, `%q:%d,`, name, counts[i])
			}
		}
		b.Truncate(b.Len() - 1)
		b.WriteString(`},`)
	}
	fmt.Fprintf(&b, `"RequestId":%q}}`, requestID(fmt.Sprint(action, q, s.Now().UnixNano())))
	return reply{status: http.StatusOK, kind: asJSON, body: b.Bytes()}, true
}

// callbackReasons are the failures that CallbackStatusStatistics counts, in the order of the traffic's indices. The index
// after them is counted by none of them: receipts that failed and have no reason.
var callbackReasons = []string{
	"InternalErrorCount", "InvalidNumberCount", "ShutdownErrorCount", "BlackListCount", "FrequencyLimitCount",
}

func tencentMeasures(action string, t traffic.Tally) (names []string, counts []int64) {
	submitted := t.Targets - t.ProcessFailed()
	if action == sendStatusStatistics {
		return []string{"FeeCount", "RequestCount", "RequestSuccessCount"}, []int64{t.Billed, t.Targets, submitted}
	}
	names = append([]string{"CallbackCount", "RequestSuccessCount", "CallbackFailCount", "CallbackSuccessCount"}, callbackReasons...)
	failed := t.SendFailed()
	counts = append([]int64{t.Delivered + failed, submitted, failed, t.Delivered}, t.Send[:len(callbackReasons)]...)
	return names, counts
}

// sum gives the one sum over the hours of a request.
func (s *Sandbox) sum(q window, at time.Time) traffic.Tally {
	a := s.account(Tencent, q.app)
	last := q.last
	if s.o.Tencent.ExclusiveEnd {
		last--
	}
	if s.o.Tencent.ClampToYesterday {
		last = min(last, traffic.DayAt(at, s.tencentOffset()).Start(s.tencentOffset())-1)
	}
	edits := s.told(a, at)
	var sum traffic.Tally
	if len(edits) == 0 {
		for _, row := range a.traffic.Rows(q.first, last, at, nil) {
			sum.Add(&row.Tally)
		}
		return sum
	}
	told := changes(edits)
	for from := q.first; from <= last; from++ {
		for _, row := range a.traffic.Rows(from, from, at, told) {
			t := row.Times(lie(edits, traffic.DayAt(from.Time(), beijing)))
			sum.Add(&t)
		}
	}
	return sum
}
