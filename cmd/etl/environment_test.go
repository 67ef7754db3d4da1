package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/extract/engagelab"
	"smsetl/extract/tencent"
	"smsetl/plan"
	"smsetl/sms"
	"smsetl/vendors"
)

func variables(set map[string]string) environment {
	return environment{vendors: vendors.All, lookup: func(name string) (string, bool) { v, ok := set[name]; return v, ok }}
}

func TestProxyOfTheEnvironment(t *testing.T) {
	for _, tt := range []struct {
		set     map[string]string
		address string
		want    string
	}{
		{nil, "https://sms.vendor.invalid", ""},
		{map[string]string{"HTTPS_PROXY": "http://proxy:3128"}, "https://sms.vendor.invalid", "http://proxy:3128"},
		{map[string]string{"https_proxy": "proxy:3128"}, "https://sms.vendor.invalid", "http://proxy:3128"},
		{map[string]string{"HTTP_PROXY": "http://proxy:3128"}, "https://sms.vendor.invalid", ""},
		{map[string]string{"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".vendor.invalid"}, "https://sms.vendor.invalid", ""},
		{map[string]string{"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "other.invalid"}, "https://sms.vendor.invalid", "http://proxy:3128"},
		{map[string]string{"HTTPS_PROXY": "http://proxy:3128"}, "https://127.0.0.1:8443", ""},
	} {
		u, err := url.Parse(tt.address)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		through, err := variables(tt.set).proxy()(u)
		if through != nil {
			got = through.String()
		}
		if err != nil || got != tt.want {
			t.Errorf("%v: %s is asked through %q, %v, want %q", tt.set, tt.address, got, err, tt.want)
		}
	}
}

// Each vendor's client asks through the proxy: a CONNECT comes in for its host, and nothing else leaves this machine.
func TestClientsAskThroughTheProxy(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.Method+" "+r.Host)
		mu.Unlock()
		w.WriteHeader(http.StatusForbidden)
	}))
	defer proxy.Close()
	env := variables(map[string]string{"HTTPS_PROXY": strings.Replace(proxy.URL, "//", "//user:canary-secret@", 1)})
	for _, s := range []config.Source{
		{
			Source:  plan.Source{Name: "e", Vendor: sms.EngageLab, Datasets: engagelab.Spec.DatasetNames(), AccountIDs: []string{"u"}},
			BaseURL: "https://engagelab.invalid", Own: &engagelab.Settings{User: "u", Key: config.NewSecret("k")},
		},
		{
			Source:  plan.Source{Name: "t", Vendor: sms.Tencent, Datasets: tencent.Spec.DatasetNames(), AccountIDs: []string{"1"}},
			BaseURL: "https://tencent.invalid", Own: &tencent.Settings{
				SecretID: config.NewSecret("i"), SecretKey: config.NewSecret("k"),
				Options: tencent.Options{SdkAppIDs: []string{"1"}, EndHour: tencent.Inclusive},
			},
		},
	} {
		s.MaxRequestsPerSecond = 100
		c, err := (&session{env: env, log: zap.NewNop()}).world(time.Now).Clients([]config.Source{s}, nil, nil).Of(s)
		if err != nil {
			t.Fatal(err)
		}
		asked = nil
		a := s.Accounts()[0]
		scope := sms.Scope{Account: a, Datasets: s.Datasets, Window: sms.OneDay(a.Zone.Today(time.Now())-1, a.Zone)}
		err = c.Sample(t.Context(), scope, func(sms.Payload) error { return nil })
		if len(asked) == 0 || asked[0] != "CONNECT "+string(s.Vendor)+".invalid:443" {
			t.Errorf("%s: the proxy was asked %v (%v)", s.Vendor, asked, err)
		}
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", s.Vendor, err)
		}
	}
}
