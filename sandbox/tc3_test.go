package sandbox

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	vendor "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/sms/v20210111"
)

// The signature was computed with `openssl dgst` from the written algorithm, a second before a UTC year ends (eight hours
// after Beijing's did).
func TestSignatureVector(t *testing.T) {
	const want = "cc77b9b0fc419b3ece5285f419344da1c2bc6408bd0c799c5ec675dffdf115eb"
	q := newStatistics(sendStatusStatistics, "2025123100", "2025123123", "1400006874")
	q.stamp = 1767225599
	q.after = func(r *http.Request) {
		r.Header.Set("Authorization", "TC3-HMAC-SHA256 Credential="+q.secret.ID+
			"/2025-12-31/sms/tc3_request, SignedHeaders=content-type;host, Signature="+want)
	}
	if code := readSums(t, q.ask(newBox()).Body.Bytes()).code(); code != "" {
		t.Errorf("the vector is refused: %s", code)
	}
	q.body = strings.Replace(q.body, "23", "22", 1)
	if code := readSums(t, q.ask(newBox()).Body.Bytes()).code(); code != "AuthFailure.SignatureFailure" {
		t.Errorf("the vector of another body: %q", code)
	}
}

func TestSignatureRefusals(t *testing.T) {
	good := newStatistics(sendStatusStatistics, "2026031900", "2026031923", "1400006874")
	with := func(change func(*statistics)) statistics {
		q := good
		change(&q)
		return q
	}
	after := func(header, value string) statistics {
		return with(func(q *statistics) { q.after = func(r *http.Request) { r.Header.Set(header, value) } })
	}
	tests := []struct {
		name string
		q    statistics
		code string
	}{
		{"good", good, ""},
		{"wrong key", with(func(q *statistics) { q.secret.Key += "x" }), "AuthFailure.SignatureFailure"},
		{"unknown secret", with(func(q *statistics) { q.secret.ID = "AKIDnobody" }), "AuthFailure.SecretIdNotFound"},
		{"5 minutes late", with(func(q *statistics) { q.stamp -= 300 }), ""},
		{"5 minutes and a second late", with(func(q *statistics) { q.stamp -= 301 }), "AuthFailure.SignatureExpire"},
		{"5 minutes and a second early", with(func(q *statistics) { q.stamp += 301 }), "AuthFailure.SignatureExpire"},
		{"Beijing's date", with(func(q *statistics) { q.date = "2026-01-01" }), "AuthFailure.SignatureFailure"},
		{"content type changed", after("Content-Type", "application/json; charset=utf-8"), "AuthFailure.SignatureFailure"},
		{"timestamp changed", after("X-TC-Timestamp", fmt.Sprint(wall.Unix()-1)), "AuthFailure.SignatureFailure"},
		{"timestamp missing", after("X-TC-Timestamp", ""), "MissingParameter"},
		{"no authorization", after("Authorization", ""), "AuthFailure.InvalidAuthorization"},
		{"basic", after("Authorization", "Basic eDp5"), "AuthFailure.InvalidAuthorization"},
		{"host not signed", after("Authorization", "TC3-HMAC-SHA256 Credential=a/2025-12-31/sms/tc3_request, SignedHeaders=content-type, Signature=00"), "AuthFailure.InvalidAuthorization"},
		{"no action", after("X-TC-Action", ""), "MissingParameter"},
		{"other action", after("X-TC-Action", "SendSms"), "InvalidAction"},
		{"old version", after("X-TC-Version", "2019-07-11"), "NoSuchVersion"},
		{"no region", after("X-TC-Region", ""), "MissingParameter"},
		{"strange region", after("X-TC-Region", "mars"), "UnsupportedRegion"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := test.q.ask(newBox())
			if w.Code != http.StatusOK {
				t.Errorf("status %d: errors come under 200", w.Code)
			}
			got := readSums(t, w.Body.Bytes())
			if got.code() != test.code || got.Response.RequestID == "" {
				t.Errorf("code %q, want %q: %s", got.code(), test.code, w.Body)
			}
		})
	}
}

// Headers beyond the two are signed in lower case, as the vendor's newer pages show.
func TestSignatureOverMoreHeaders(t *testing.T) {
	q := newStatistics(sendStatusStatistics, "2026031900", "2026031923", "1400006874")
	q.after = func(r *http.Request) {
		signed := []string{"content-type", "host", "x-tc-action"}
		date := wall.Format("2006-01-02")
		text := "POST\n/\n\ncontent-type:application/json\nhost:sms.tencentcloudapi.com\nx-tc-action:sendstatusstatistics\n\n" +
			strings.Join(signed, ";") + "\n" + canonicalRequest(r, nil, []byte(q.body))[len("POST\n/\n\n\n\n"):]
		r.Header.Set("Authorization", "TC3-HMAC-SHA256 Credential="+q.secret.ID+"/"+date+"/sms/tc3_request, SignedHeaders="+
			strings.Join(signed, ";")+", Signature="+sign(q.secret.Key, date, stringToSign(r.Header.Get("X-TC-Timestamp"), date, text)))
	}
	if code := readSums(t, q.ask(newBox()).Body.Bytes()).code(); code != "" {
		t.Errorf("refused: %s", code)
	}
}

// The vendor's own client is understood, and understands.
func TestVendorClient(t *testing.T) {
	box := New(Options{Seed: 7, First: "2026-01-01"})
	addresses := listen(t, box)
	p := profile.NewClientProfile()
	p.HttpProfile.Endpoint = strings.TrimPrefix(addresses.Tencent, "http://")
	p.HttpProfile.Scheme = "HTTP"
	secret := DefaultSecrets()[0]
	client, err := vendor.NewClient(common.NewCredential(secret.ID, secret.Key), "ap-guangzhou", p)
	if err != nil {
		t.Fatal(err)
	}
	send := vendor.NewSendStatusStatisticsRequest()
	send.BeginTime, send.EndTime = new("2026011000"), new("2026011023")
	send.SmsSdkAppId, send.Limit, send.Offset = new("1400006874"), new(uint64(0)), new(uint64(0))
	sent, err := client.SendStatusStatistics(send)
	if err != nil {
		t.Fatal(err)
	}
	callback := vendor.NewCallbackStatusStatisticsRequest()
	callback.BeginTime, callback.EndTime = send.BeginTime, send.EndTime
	callback.SmsSdkAppId, callback.Limit, callback.Offset = send.SmsSdkAppId, send.Limit, send.Offset
	received, err := client.CallbackStatusStatistics(callback)
	if err != nil {
		t.Fatal(err)
	}
	s, c := sent.Response.SendStatusStatistics, received.Response.CallbackStatusStatistics
	if *s.RequestCount == 0 || *s.RequestSuccessCount != *c.RequestSuccessCount || *c.CallbackCount != *c.RequestSuccessCount {
		t.Errorf("sent %+v, received %+v", s, c)
	}
	send.Limit = nil
	if _, err := client.SendStatusStatistics(send); err == nil || !strings.Contains(err.Error(), "MissingParameter") {
		t.Errorf("without Limit: %v", err)
	}
}
