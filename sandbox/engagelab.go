package sandbox

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"smsetl/sandbox/traffic"
)

// The statistics of EngageLab's old SMS API, by path. The paths in the examples of its pages (/v1/data/...) do not exist.
var engageLabPaths = map[string]string{
	"/v1/stats_day":            "stats_day",
	"/v1/stats/process_failed": "process_failed",
	"/v1/stats/send_failed":    "send_failed",
}

// The listings of names, by path.
var engageLabListings = map[string]string{"/v1/templates": "template", "/v1/labels": "label"}

// Error codes of EngageLab. The pages give two of them and no table; the 35... are the sandbox's own.
const (
	codeAuthentication = 30000
	codeBadLabel       = 34020
	codeBadParameter   = 35001
	codeNoSuchPath     = 35404
	codeBadMethod      = 35405
	codeTooMany        = 35429
	codeInternal       = 35500
)

// maxWindowDays and maxFilterIDs bound one query.
const (
	maxWindowDays = 90
	maxFilterIDs  = 10
)

// EngageLab serves the three statistics calls and the two listings of names.
func (s *Sandbox) EngageLab() http.Handler { return http.HandlerFunc(s.engageLab) }

func (s *Sandbox) engageLab(w http.ResponseWriter, r *http.Request) {
	x := &exchange{box: s, w: w, r: r, vendor: EngageLab}
	dataset, ok := engageLabPaths[r.URL.Path]
	kind, isListing := engageLabListings[r.URL.Path]
	if isListing {
		dataset, ok = kind+"s", true
	}
	if !ok {
		x.refuse(engageLabError(http.StatusNotFound, codeNoSuchPath, "no such module"))
		return
	}
	x.action = dataset
	user, ok := s.authenticate(r)
	if !ok {
		x.refuse(engageLabError(http.StatusUnauthorized, codeAuthentication, "authentication failed"))
		return
	}
	x.account = user
	if r.Method != http.MethodGet {
		x.refuse(engageLabError(http.StatusMethodNotAllowed, codeBadMethod, "method not allowed"))
		return
	}
	if !s.arrivals.admit(bucket{EngageLab, user, dataset}, s.o.Wall(), s.o.EngageLab.PerSecond, false) {
		x.refuse(engageLabError(http.StatusTooManyRequests, codeTooMany, "too many requests"))
		return
	}
	if !s.wait(r, s.latency()) {
		return
	}
	if isListing {
		s.listing(x, user, kind)
		return
	}
	q, code, err := readQuery(dataset, user, r.URL.RawQuery)
	if err != nil {
		x.refuse(engageLabError(http.StatusBadRequest, code, err.Error()))
		return
	}
	request := r.URL.Path + "?" + r.URL.RawQuery
	x.answer(request, func(f Fault) (reply, bool) { return s.engageLabReply(q, user+request, f) })
}

// engageLabReply builds the answer to a query, in the vendor's own words for a fault.
func (s *Sandbox) engageLabReply(q query, request string, f Fault) (reply, bool) {
	switch f {
	case Status503:
		return engageLabError(http.StatusServiceUnavailable, codeInternal, "service unavailable"), true
	case Status429:
		return engageLabError(http.StatusTooManyRequests, codeTooMany, "too many requests"), true
	case Status429Later:
		answer := engageLabError(http.StatusTooManyRequests, codeTooMany, "too many requests")
		answer.header = [2]string{"Retry-After", "1"}
		return answer, true
	case ErrorUnder200:
		return engageLabError(http.StatusOK, codeInternal, "system busy"), true
	}
	now := s.Now()
	if body, ok := s.answers.get(request, now, s.o.EngageLab.CacheFor); ok && f == nothing {
		return reply{status: http.StatusOK, kind: asJSON, body: body}, true
	}
	rows, ok := s.spoil(s.statistics(q, now), q, f)
	if !ok {
		return reply{}, false
	}
	var body []byte
	if q.aggregate {
		body = s.appendAggregate(nil, q, rows)
	} else {
		body = s.appendRows(nil, q, rows, f)
	}
	if f == nothing {
		s.answers.put(request, now, s.o.EngageLab.CacheFor, body)
	}
	return reply{status: http.StatusOK, kind: asJSON, body: body}, true
}

// authenticate gives the sms_user whose key the request carries.
func (s *Sandbox) authenticate(r *http.Request) (user string, ok bool) {
	name, key, ok := r.BasicAuth()
	if !ok {
		return "", false
	}
	for _, u := range s.o.Users {
		if u.SMSUser == name && subtle.ConstantTimeCompare([]byte(u.Key), []byte(key)) == 1 {
			return name, true
		}
	}
	return "", false
}

func engageLabError(status, code int, message string) reply {
	return reply{
		status: status, kind: asJSON, code: strconv.Itoa(code),
		body: fmt.Appendf(nil, `{"code":%d,"message":%q}`, code, message),
	}
}

// query is a request for statistics, read.
type query struct {
	dataset     string
	caller      string
	first, last traffic.Day
	offset      int      // of the zone, in hours
	users       []string // nil for no filter
	templates   []int64
	labels      []int64
	msgType     string // "" for every type
	aggregate   bool
}

// readQuery reads the parameters. Names nobody knows are ignored, as web frameworks do.
func readQuery(dataset, caller, raw string) (q query, code int, err error) {
	p, err := Parameters(raw)
	if err != nil {
		return q, codeBadParameter, err
	}
	q = query{dataset: dataset, caller: caller, offset: beijing, msgType: p["msg_type"]}
	if q.first, err = readDay(p, "start_date"); err != nil {
		return q, codeBadParameter, err
	}
	if q.last, err = readDay(p, "end_date"); err != nil {
		return q, codeBadParameter, err
	}
	if q.last < q.first {
		return q, codeBadParameter, errors.New("end_date must not be before start_date")
	}
	if q.last-q.first >= maxWindowDays {
		return q, codeBadParameter, fmt.Errorf("the date range must not exceed %d days", maxWindowDays)
	}
	if zone, ok := p["time_zone"]; ok {
		if q.offset, err = readZone(zone); err != nil {
			return q, codeBadParameter, err
		}
	}
	switch p["aggregate_by"] {
	case "", "0":
	case "1":
		q.aggregate = true
	default:
		return q, codeBadParameter, errors.New("aggregate_by must be 0 or 1")
	}
	if q.users, err = list(p, "sms_users"); err != nil {
		return q, codeBadParameter, err
	}
	if q.templates, err = integers(p, "template_ids"); err != nil {
		return q, codeBadParameter, err
	}
	if q.labels, err = integers(p, "label_ids"); err != nil {
		return q, codeBadLabel, err
	}
	return q, 0, nil
}

// Parameters reads a query string as Java's servlets do: '&' alone separates, '+' is a space, ';' is a character like any
// other. Go's own reader would drop a parameter with a bare ';'. Of a repeated name the first value counts.
func Parameters(raw string) (map[string]string, error) {
	p := map[string]string{}
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, errors.New("bad query string")
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, errors.New("bad query string")
		}
		if _, ok := p[name]; !ok && name != "" {
			p[name] = value
		}
	}
	return p, nil
}

func readDay(p map[string]string, name string) (traffic.Day, error) {
	if p[name] == "" {
		return 0, fmt.Errorf("%s is required", name)
	}
	d, err := traffic.ParseDay(p[name])
	if err != nil {
		return 0, fmt.Errorf("%s must be yyyy-MM-dd", name)
	}
	return d, nil
}

// readZone reads a whole-hour zone from -12 to +14. The space that an unescaped + turns into makes it no zone at all.
func readZone(zone string) (int, error) {
	digits := strings.TrimPrefix(zone, "+")
	hours, err := strconv.Atoi(digits)
	if err != nil || hours < -12 || hours > 14 || strings.HasPrefix(digits, "+") {
		return 0, errors.New("time_zone is invalid")
	}
	return hours, nil
}

// list reads values separated by ';'. nil for no filter.
func list(p map[string]string, name string) ([]string, error) {
	if p[name] == "" {
		return nil, nil
	}
	values := strings.Split(strings.TrimSuffix(p[name], ";"), ";")
	if len(values) > maxFilterIDs {
		return nil, fmt.Errorf("%s must not hold more than %d values", name, maxFilterIDs)
	}
	return values, nil
}

func integers(p map[string]string, name string) ([]int64, error) {
	values, err := list(p, name)
	if err != nil || values == nil {
		return nil, err
	}
	numbers := make([]int64, len(values))
	for i, v := range values {
		if numbers[i], err = strconv.ParseInt(v, 10, 64); err != nil || numbers[i] <= 0 {
			return nil, fmt.Errorf("%s must be an integer", strings.TrimSuffix(name, "s"))
		}
	}
	return numbers, nil
}

// keeps says whether a row passes the filters. A row without a template or label passes no filter on it.
func (q *query) keeps(k traffic.Key) bool {
	return (q.msgType == "" || q.msgType == k.Type) &&
		(q.templates == nil || slices.Contains(q.templates, k.Template)) &&
		(q.labels == nil || slices.Contains(q.labels, k.Label))
}

// latency gives how long an answer takes.
func (s *Sandbox) latency() time.Duration {
	if s.o.Jitter <= 0 {
		return s.o.Latency
	}
	return s.o.Latency + s.jitter()
}
