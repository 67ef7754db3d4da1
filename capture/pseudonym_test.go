package capture

import (
	"strings"
	"testing"
)

func TestPseudonyms(t *testing.T) {
	for name, c := range map[string]struct{ raw, want string }{
		"numbers stay numbers, texts stay texts, the same stays the same": {
			`{"template_id":77,"label_id":"88"}, {"template_id": 77, "label_id": "99"}`,
			`{"template_id":10001,"label_id":"20001"}, {"template_id": 10001, "label_id": "20002"}`,
		},
		"a name is a text":              {`{"template_id":"Welcome"}`, `{"template_id":"template-1"}`},
		"what says none stays":          {`[{"label_id":null},{"label_id":0},{"label_id":""},{"label_id":"None"},{}]`, `[{"label_id":null},{"label_id":0},{"label_id":""},{"label_id":"None"},{}]`},
		"counts keep their form":        {`{"targets":"43","sent":3.0,"other":0,"delivered_percent":"60.47"}`, `{"targets":"43","sent":3.0,"other":0,"delivered_percent":"60.47"}`},
		"bytes around stay":             {"{ \"count\" :\t1 ,\n\"result\": [ ] }", "{ \"count\" :\t1 ,\n\"result\": [ ] }"},
		"names, phones and free texts":  {`{"label_name":"VIP","phone":"861380000","note":"to John","reason_id":5}`, `{"label_name":"[dropped]","phone":"[dropped]","note":"[dropped]","reason_id":30001}`},
		"ids of requests":               {`{"RequestId":"a-b"}`, `{"RequestId":"00000000-0000-0000-0000-000000000001"}`},
		"an error keeps code and words": {`{"code":33001,"message":"template 77123 of marketing at 10.1.2.3 does not exist"}`, `{"code":33001,"message":"template [digits] of [secret] at [address] does not exist"}`},
		"a field named like a user":     {`{"sms_user":"marketing","marketing":1}`, `{"sms_user":"user-1","marketing":1}`},
		"no JSON":                       {`<p>marketing 123456</p>`, `<p>[secret] [digits]</p>`},
		"cut":                           {`{"sms_user":"marketing","no`, `{"sms_user":"user-1","no`},
		"cut in a name":                 {`{"label_id":7,"label_name":"Spring sa`, `{"label_id":20001,"label_name":"[dropped]"`},
		"a sample of the vendor's page": {`{"result":[{"sms_user":"marketing" "template_id":77, "targets":1}}],count:1}`, `{"result":[{"sms_user":"user-1" "template_id":10001, "targets":1}}],count:1}`},
		"a secret of another source":    {`{"targets":"hunter22","hunter22":1}`, `{"targets":"[dropped]","[secret]":1}`},
		"a day with a time":             {`{"send_date":"2026-11-20 00:00:00"}`, `{"send_date":"2026-11-20 00:00:00"}`},
		"an application":                {`{"SmsSdkAppId":"1400006874","Limit":0}`, `{"SmsSdkAppId":"1400000001","Limit":0}`},
	} {
		t.Run(name, func(t *testing.T) {
			p := NewPseudonyms([]string{"marketing"}, []string{"hunter22"})
			if got := string(p.Body([]byte(c.raw))); got != c.want {
				t.Errorf("%s\nbecame %s\nwant   %s", c.raw, got, c.want)
			}
		})
	}
}

// The same id is the same in every answer, and never the one that it was.
func TestPseudonymsAreStable(t *testing.T) {
	p := NewPseudonyms([]string{"marketing"}, nil)
	if p.User("marketing") != "user-1" || string(p.Body([]byte(`["x",{"sms_user":"marketing"}]`))) != `["[dropped]",{"sms_user":"user-1"}]` {
		t.Error(string(p.Body([]byte(`["x",{"sms_user":"marketing"}]`))))
	}
	if got := p.App("1400006874"); strings.Contains(got, "6874") || got != p.App("1400006874") || got == p.App("1400006875") {
		t.Error(got)
	}
}

// The account's name in the question is hidden as in the answer.
func TestHide(t *testing.T) {
	f := Fixture{Request: Request{Query: []Pair{{"end_date", "2026-11-20"}, {"sms_users", "marketing"}}}, Failed: "marketing: no route",
		Headers: []Pair{{"X-Ratelimit-Owner", "marketing"}}}
	f.SetBytes([]byte(`{"result":[{"sms_user":"marketing"}]}`))
	f.Hide(NewPseudonyms([]string{"marketing"}, nil))
	if f.Request.Query[1].Value != "user-1" || f.Request.Query[0].Value != "2026-11-20" || string(f.Body) != `{"result":[{"sms_user":"user-1"}]}` ||
		strings.Contains(f.Failed, "marketing") || strings.Contains(f.Headers[0].Value, "marketing") {
		t.Errorf("%+v %s", f, f.Body)
	}
}
