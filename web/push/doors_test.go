package push_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"smsetl/extract/huawei"
	"smsetl/internal/dev/loopback"
	"smsetl/load/messages"
	played "smsetl/sandbox/huawei"
	"smsetl/web/push"
)

// served is a push listener on loopback, as `etl serve` has one.
func served(t *testing.T, change ...func(*push.Options)) (address string) {
	t.Helper()
	options := push.Options{Listen: "127.0.0.1:0", MaxPerSecond: 100_000}
	for _, c := range change {
		c(&options)
	}
	s := push.New(&shelf{kept: map[string]messages.Push{}}, options, zap.NewNop())
	reader, err := huawei.New(huawei.Options{Source: "main", Key: []byte("a key of the tests, 32 bytes long")})
	if err != nil {
		t.Fatal(err)
	}
	s.SetEndpoints(map[string]push.Endpoint{
		"signed": {Verifier: &huawei.Verifier{AccessKey: access, SecretKey: secret}, Reader: reader},
		"secret": {Secret: path, Reader: reader},
		"open":   {Reader: reader},
	})
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	loopback.Serve(t, s.Serve)
	return strings.TrimSuffix(s.URL(""), push.Path)
}

// pushOnce pushes a report on a connection of its own, and insists on an answer within four seconds: a header may take five.
func pushOnce(t *testing.T, address, id string) {
	t.Helper()
	client := http.Client{Timeout: 4 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Post(address+push.Path+"secret/"+path, form, strings.NewReader(strings.Replace(report, "m1", id, 1)))
	if err != nil {
		t.Fatalf("the listener is silent: %v", err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the push is answered %d", answer.StatusCode)
	}
}

// 1,024 connections without credentials kept the listener silent for a minute, and 17 more a second kept it shut.
func TestDoorIdleConnectionsSilencePushes(t *testing.T) {
	for name, text := range map[string]string{
		"that say nothing":        "",
		"in the middle of a head": "POST /huawei/status/secret HTTP/1.1\r\nHost: a\r\nX-Slow: ",
		"that owe a body":         "POST /huawei/status/secret/wrong HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nid=",
	} {
		t.Run(name, func(t *testing.T) {
			address := served(t)
			for i := range 1100 { // each from an address of its own: no cap of an address is in their way
				loopback.Hold(t, address, fmt.Sprintf("127.1.%d.%d", i/250, i%250+1), text)
			}
			pushOnce(t, address, "m2")
			for i := range 40 { // more than 17 a second
				loopback.Hold(t, address, fmt.Sprintf("127.2.0.%d", i+1), text)
				if i%10 == 0 {
					pushOnce(t, address, fmt.Sprint("m", i+3))
				}
				time.Sleep(25 * time.Millisecond)
			}
		})
	}
}

// One address has its share, whatever it opens, and takes nobody else's.
func TestDoorOneAddressTakesAllConnections(t *testing.T) {
	address := served(t)
	other := loopback.Hold(t, address, "127.3.0.1", "POST ")
	var own []net.Conn
	for range 300 {
		own = append(own, loopback.Hold(t, address, "127.3.0.2", ""))
	}
	ended := func(c net.Conn) bool {
		_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		_, err := c.Read(make([]byte, 1))
		timeout, is := errors.AsType[net.Error](err)
		return !is || !timeout.Timeout()
	}
	if !ended(own[0]) {
		t.Error("300 connections of one address are open: want 128, the newest")
	}
	if ended(own[299]) {
		t.Error("the newest connection of the address is ended, and not the oldest")
	}
	if ended(other) {
		t.Error("the connection of another address is ended")
	}
	pushOnce(t, address, "m9")
}

// An endpoint without credentials is for programs of this machine. It took what a proxy passed on, and what any site let a browser send.
func TestDoorOpenPushTakesWhatAProxyForwards(t *testing.T) {
	address := served(t)
	for _, test := range []struct {
		name, value string
		want        int
	}{
		{"Accept", "*/*", 200},
		{"Forwarded", "for=198.51.100.7", 403}, {"X-Real-IP", "198.51.100.7", 403}, {"Via", "1.1 proxy", 403}, {"CF-Connecting-IP", "198.51.100.7", 403},
		{"True-Client-IP", "198.51.100.7", 403}, {"X-Forwarded-For", "198.51.100.7", 403}, {"X-Forwarded-Port", "443", 403}, {"X-Forwarded-Proto", "", 403},
		{"Host", "hook.example.com", 403}, {"Host", "localhost", 200},
		{"Origin", "http://evil.example.com", 403}, {"Origin", "null", 403}, {"Sec-Fetch-Site", "cross-site", 403},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+push.Path+"open", strings.NewReader(report))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", form)
		if r.Header.Set(test.name, test.value); test.name == "Host" {
			r.Host = test.value
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != test.want {
			t.Errorf("%s: %q: %d, want %d", test.name, test.value, answer.StatusCode, test.want)
		}
	}
	// With credentials, a proxy is how pushes come.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+push.Path+"secret/"+path, strings.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", form)
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 200 {
		t.Errorf("with a secret path, through a proxy: %d", answer.StatusCode)
	}
}

// Parts of a query that cannot be read were left out of what is signed, so anybody on the way could add them.
func TestDoorMalformedQueryIsLeftOutOfTheSignature(t *testing.T) {
	address := served(t)
	for _, query := range []string{"a=%zz", "a=1;b=2", "%", "ok=1&%gg=2", "a=%u0041"} {
		pushes := played.NewConsole(played.ConsoleOptions{Days: 1, PerDay: 1})
		all := pushes.Push(played.Pushes{From: pushes.First(), To: pushes.Last().Add(100 * time.Hour)})
		all[0].At = time.Now()
		signed, err := all[0].Request(t.Context(), address+push.Path+"signed", access, secret)
		if err != nil {
			t.Fatal(err)
		}
		signed.URL.RawQuery = query
		for to, r := range map[string]*http.Request{"signed": signed, "secret": secretRequest(t, address, query)} {
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusBadRequest {
				t.Errorf("%s with ?%s: %d, want 400", to, query, answer.StatusCode)
			}
		}
	}
}

func secretRequest(t *testing.T, address, query string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+push.Path+"secret/"+path, strings.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	r.URL.RawQuery = query
	r.Header.Set("Content-Type", form)
	return r
}
