package huawei

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"smsetl/internal/pack"
	"smsetl/sms"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
	// vendorSample is the body of the vendor's page.
	vendorSample = "sequence=1&total=1&orgCode=000&updateTime=2018-04-13T06%3A31%3A46Z&source=2&smsMsgId=b9d9b4fe-ad0e-4a2a-a2c7-445505b674ac_6&status=DELIVRD"
)

func pushedForm(t testing.TB, r *Reader, contentType, body string, isSigned bool) (string, Pushed, error) {
	t.Helper()
	p, err := r.Reports(contentType, []byte(body), isSigned)
	if err != nil {
		return "", p, err
	}
	text, err := pack.Unpack(p.Body)
	return string(text), p, err
}

func TestReports(t *testing.T) {
	head := "huawei/1\tstatus_reports\ttrust=hint\nrow\tid\tpiece\tpieces\tstatus\tsource\treported_at\textend\n"
	for name, c := range map[string]struct {
		contentType, body, want string
		unknown                 []string
	}{
		"sample":        {formType, vendorSample, "1\tb9d9b4fe-ad0e-4a2a-a2c7-445505b674ac_6\t1\t1\tDELIVRD\t2\t2018-04-13T06:31:46Z\t\n", nil},
		"charset":       {formType + "; charset=UTF-8", "smsMsgId=a&status=MK%3A0001", "1\ta\t\t\tMK:0001\t\t\t\n", nil},
		"extend":        {formType, "smsMsgId=a&status=EXPIRED&source=1&extend=order+7&to=%2B8613800138000", "1\ta\t\t\tEXPIRED\t1\t\torder 7\n", nil},
		"extend number": {formType, "smsMsgId=a&status=EXPIRED&extend=+86+138+0013+8000&to=%2B8613800138000", "1\ta\t\t\tEXPIRED\t\t\t\n", nil},
		"unknown":       {formType, "smsMsgId=a&status=DELIVRD&newField=8&13800138000=1&new%20one=2", "1\ta\t\t\tDELIVRD\t\t\t\n", []string{"(unreadable)", "newField"}},
		"batch": {jsonType, `{"statusReportList":[{"smsMsgId":"a","total":"2","sequence":"1","status":"DELIVRD","source":"2","updateTime":"2026-01-01T00:00:00Z"},
			{"smsMsgId":"a","total":2,"sequence":2,"status":"UNDELIV","statusDesc":null,"extra":{"a":[1]}}],"more":[1]}`,
			"1\ta\t1\t2\tDELIVRD\t2\t2026-01-01T00:00:00Z\t\n2\ta\t2\t2\tUNDELIV\t\t\t\n", []string{"extra", "more"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := testReader(t, func(o *Options) { o.KeepExtend = true })
			got, p, err := pushedForm(t, r, c.contentType, c.body, false)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(head+c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.unknown, p.Unknown); diff != "" {
				t.Errorf("unknown fields (-want +got):\n%s", diff)
			}
			mustBePrivate(t, got+fmt.Sprintf("%+v", p.Request))
		})
	}
	signed, _, err := pushedForm(t, testReader(t, nil), formType, "smsMsgId=a&status=DELIVRD&extend=x", true)
	if err != nil || !strings.Contains(signed, "\ttrust=signed\n") || strings.Contains(signed, "x\n") {
		t.Errorf("%q, %v: want it signed and without extend", signed, err)
	}
}

func TestReportsRefused(t *testing.T) {
	ok := `{"smsMsgId":"a","status":"DELIVRD"}`
	for name, c := range map[string][2]string{
		"no type":          {"", vendorSample},
		"other type":       {"text/plain", vendorSample},
		"nothing":          {formType, ""},
		"no id":            {formType, "status=DELIVRD"},
		"no status":        {formType, "smsMsgId=a"},
		"long id":          {formType, "status=DELIVRD&smsMsgId=" + strings.Repeat("a", 101)},
		"id with a space":  {formType, "status=DELIVRD&smsMsgId=a%20b"},
		"id with a tab":    {formType, "status=DELIVRD&smsMsgId=a%09b"},
		"long status":      {formType, "smsMsgId=a&status=" + strings.Repeat("A", 33)},
		"status of words":  {formType, "smsMsgId=a&status=it%20failed"},
		"twice":            {formType, "smsMsgId=a&status=DELIVRD&status=UNDELIV"},
		"bad escape":       {formType, "smsMsgId=a&status=DELIVRD%zz"},
		"no text":          {formType, "smsMsgId=a&status=DELIVRD&extend=%ff"},
		"piece 0":          {formType, "smsMsgId=a&status=DELIVRD&sequence=0"},
		"piece 256":        {formType, "smsMsgId=a&status=DELIVRD&sequence=256"},
		"piece 01":         {formType, "smsMsgId=a&status=DELIVRD&sequence=01"},
		"piece behind":     {formType, "smsMsgId=a&status=DELIVRD&sequence=3&total=2"},
		"source":           {formType, "smsMsgId=a&status=DELIVRD&source=x"},
		"many fields":      {formType, "smsMsgId=a&status=DELIVRD" + manyFields(50)},
		"field alone":      {formType, "smsMsgId=a&status=DELIVRD&x"},
		"large":            {formType, "smsMsgId=a&status=DELIVRD&extend=" + strings.Repeat("a", MaxPush)},
		"long extend":      {formType, "smsMsgId=a&status=DELIVRD&extend=" + strings.Repeat("a", 513)},
		"json: nothing":    {jsonType, ""},
		"json: null":       {jsonType, "null"},
		"json: array":      {jsonType, "[" + ok + "]"},
		"json: empty":      {jsonType, "{}"},
		"json: no reports": {jsonType, `{"statusReportList":[]}`},
		"json: no list":    {jsonType, `{"statusReportList":` + ok + `}`},
		"json: cut":        {jsonType, `{"statusReportList":[` + ok},
		"json: junk":       {jsonType, `{"statusReportList":[` + ok + `]} x`},
		"json: two":        {jsonType, `{"statusReportList":[` + ok + `]}{}`},
		"json: twice":      {jsonType, `{"statusReportList":[` + ok + `],"statusReportList":[` + ok + `]}`},
		"json: id twice":   {jsonType, `{"statusReportList":[{"smsMsgId":"a","smsMsgId":"b","status":"DELIVRD"}]}`},
		"json: status obj": {jsonType, `{"statusReportList":[{"smsMsgId":"a","status":{"a":1}}]}`},
		"json: 101":        {jsonType, `{"statusReportList":[` + strings.Repeat(ok+",", 100) + ok + `]}`},
		"json: one bad":    {jsonType, `{"statusReportList":[` + ok + `,{"smsMsgId":"b"}]}`},
		"json: no utf-8":   {jsonType, `{"statusReportList":[{"smsMsgId":"a","status":"DELIVRD","extend":"` + "\xff" + `"}]}`},
		"id is the number": {formType, "smsMsgId=13800138000&status=DELIVRD&to=%2B8613800138000"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := pushedForm(t, testReader(t, func(o *Options) { o.KeepExtend = true }), c[0], c[1], true)
			if !errors.Is(err, ErrPush) || !errors.Is(err, sms.ErrMalformed) {
				t.Errorf("read as %q, %v; want ErrPush", got, err)
			}
			if err != nil {
				mustBePrivate(t, err.Error())
			}
		})
	}
	if _, _, err := pushedForm(t, testReader(t, nil), jsonType, `{"statusReportList":[`+strings.Repeat(ok+",", 99)+ok+`]}`, true); err != nil {
		t.Errorf("100 reports are refused: %v", err)
	}
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&f%d=1", i)
	}
	return b.String()
}

// Whoever can push can put a phone number into any field. None is stored, and a message whose id looks like one is still the same
// message in exports and pushes.
func TestPushWhoseIDIsAPhoneNumberIsHashed(t *testing.T) {
	r := testReader(t, func(o *Options) { o.KeepExtend = true })
	for _, id := range []string{"13800138000", "+8613800138000", "008613800138000", "138-0013-8000", "8613800138000_2", "order-13800138000", "x.8613800138000", "14155550123"} {
		got, _, err := pushedForm(t, r, formType, "smsMsgId="+url.QueryEscape(id)+"&status=DELIVRD&updateTime=13800138000&extend=%2B8613800138000", false)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		_, row, _ := strings.Cut(got, "extend\n1\t")
		pushed, rest, _ := strings.Cut(row, "\t")
		if len(pushed) != hashLen || rest != "\t\tDELIVRD\t\t\t\n" || strings.Contains(got, "0013") {
			t.Errorf("%s is stored as %q", id, row)
		}
		form, _, _, err := stored(t, r, fileOf("a.csv", []byte("SMS Message ID,Sending Time,Status Code\n"+id+",2026-01-05 10:00:00,DELIVRD\n")))
		if err != nil || len(form) != 1 || !strings.Contains(form[0], "\n2\t"+pushed+"\t") {
			t.Errorf("%s is %q in a push, and in an export %q, %v", id, pushed, form, err)
		}
	}
	for _, id := range []string{"b9d9b4fe-ad0e-4a2a-a2c7-445505b674ac_6", "00000000-0000-4a00-0000-138001380001_1", "m1", "123456", "2026110912345678901234"} {
		if got, _, err := pushedForm(t, r, formType, "smsMsgId="+id+"&status=DELIVRD", false); err != nil || !strings.Contains(got, "\n1\t"+id+"\t") {
			t.Errorf("%s is stored as %q, %v", id, got, err)
		}
	}
	if got, _, err := pushedForm(t, r, formType, "smsMsgId=a&status=13800138000", false); !errors.Is(err, ErrPush) || strings.Contains(err.Error(), "138") {
		t.Errorf("a status that is a number: %q, %v", got, err)
	}
}
