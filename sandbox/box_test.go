package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// at is the moment of most tests: the history ends in the night before.
var at = time.Date(2026, 3, 20, 9, 0, 0, 0, time.FixedZone("", 8*3600))

// wall is the wall clock of tests without a socket.
var wall = time.Date(2025, 12, 31, 23, 59, 59, 0, time.UTC)

// newBox gives a sandbox whose clocks stand still.
func newBox(change ...func(*Options)) *Sandbox {
	o := Options{
		Seed: 7, Days: 400,
		Now:  func() time.Time { return at },
		Wall: func() time.Time { return wall },
	}
	for _, c := range change {
		c(&o)
	}
	return New(o)
}

// ask asks EngageLab as the service user.
func ask(box *Sandbox, path string, p url.Values) *httptest.ResponseRecorder {
	return askRaw(box, path+"?"+p.Encode())
}

func askRaw(box *Sandbox, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.SetBasicAuth("harbor_service", "sandbox-key-service")
	w := httptest.NewRecorder()
	box.EngageLab().ServeHTTP(w, r)
	return w
}

func days(from, to string, more ...string) url.Values {
	p := url.Values{"start_date": {from}, "end_date": {to}}
	for i := 0; i < len(more); i += 2 {
		p.Set(more[i], more[i+1])
	}
	return p
}

// wireRow is a row of any of the three EngageLab answers, as a client reads it.
type wireRow struct {
	SendDate         string  `json:"send_date"`
	MsgType          string  `json:"msg_type"`
	SMSUser          string  `json:"sms_user"`
	TemplateID       *int64  `json:"template_id"`
	LabelID          *int64  `json:"label_id"`
	Targets          *int64  `json:"targets"`
	Sent             int64   `json:"sent"`
	ProcessFailed    int64   `json:"process_failed"`
	Delivered        int64   `json:"delivered"`
	SendFailed       int64   `json:"send_failed"`
	WaitResult       int64   `json:"wait_result"`
	BillingCount     int64   `json:"billing_count"`
	DeliveredPercent float64 `json:"delivered_percent"`
	GlobalBlock      int64   `json:"global_block"`
	PowerOff         int64   `json:"power_off"`
}

type wireAnswer struct {
	Result []wireRow `json:"result"`
	Count  *int      `json:"count"`
}

func readAnswer(t *testing.T, body []byte) wireAnswer {
	t.Helper()
	var a wireAnswer
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatalf("%v in %.200s", err, body)
	}
	return a
}

// statistics is a request to Tencent that tests can bend before it is signed, and after.
type statistics struct {
	action string
	body   string
	secret Secret
	stamp  int64
	date   string
	before func(*http.Request)
	after  func(*http.Request)
}

func newStatistics(action, begin, end, app string) statistics {
	return statistics{
		action: action,
		body:   fmt.Sprintf(`{"BeginTime":%q,"EndTime":%q,"SmsSdkAppId":%q,"Limit":0,"Offset":0}`, begin, end, app),
		secret: DefaultSecrets()[0],
		stamp:  wall.Unix(),
	}
}

func (q statistics) request(url string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, url, bytes.NewReader([]byte(q.body)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-TC-Action", q.action)
	r.Header.Set("X-TC-Version", "2021-01-11")
	r.Header.Set("X-TC-Region", "ap-guangzhou")
	r.Header.Set("X-TC-Timestamp", strconv.FormatInt(q.stamp, 10))
	if q.before != nil {
		q.before(r)
	}
	date := q.date
	if date == "" {
		date = time.Unix(q.stamp, 0).UTC().Format(time.DateOnly)
	}
	signed := []string{"content-type", "host"}
	signature := sign(q.secret.Key, date, stringToSign(r.Header.Get("X-TC-Timestamp"), date, canonicalRequest(r, signed, []byte(q.body))))
	r.Header.Set("Authorization", fmt.Sprintf(
		"TC3-HMAC-SHA256 Credential=%s/%s/sms/tc3_request, SignedHeaders=content-type;host, Signature=%s", q.secret.ID, date, signature))
	if q.after != nil {
		q.after(r)
	}
	return r
}

func (q statistics) ask(box *Sandbox) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	box.Tencent().ServeHTTP(w, q.request("http://sms.tencentcloudapi.com/"))
	return w
}

// wireSums is what the SDK would find in an answer.
type wireSums struct {
	Response struct {
		Error                    *struct{ Code string }
		RequestID                string `json:"RequestId"`
		SendStatusStatistics     *struct{ FeeCount, RequestCount, RequestSuccessCount *int64 }
		CallbackStatusStatistics *struct {
			CallbackCount, RequestSuccessCount, CallbackFailCount, CallbackSuccessCount                     int64
			InternalErrorCount, InvalidNumberCount, ShutdownErrorCount, BlackListCount, FrequencyLimitCount int64
		}
	}
}

func readSums(t *testing.T, body []byte) wireSums {
	t.Helper()
	var s wireSums
	if err := json.Unmarshal(body, &s); err != nil {
		t.Fatalf("%v in %.200s", err, body)
	}
	return s
}

func (s wireSums) code() string {
	if s.Response.Error == nil {
		return ""
	}
	return s.Response.Error.Code
}

// listen serves the box for the time of the test.
func listen(t *testing.T, box *Sandbox) Addresses {
	t.Helper()
	addresses, stop, err := box.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return addresses
}

// body reads the whole body of an answer.
func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
