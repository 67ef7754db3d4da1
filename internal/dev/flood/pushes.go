package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"smsetl/internal/db"
	"smsetl/internal/dev/torture/cases"
	"smsetl/internal/pack"
	"smsetl/sandbox/huawei"
	"smsetl/sms"
)

// mostHeap is by how much the process may grow, in MiB, this side of the connections with it.
const mostHeap = 256

// pushes sends some valid pushes among very many that are not.
func pushes(ctx context.Context, t *turn) (err error) {
	console := huawei.NewConsole(huawei.ConsoleOptions{Seed: t.seed, First: "2026-11-01", Days: 10, PerDay: t.most/20 + 20})
	made := console.Push(huawei.Pushes{From: console.First(), To: today, Seed: t.seed, Extend: true})
	private := numbers{}
	for plain := range console.Private() {
		private.add(plain)
	}
	log := &watched{turn: t, never: []string{cases.SecretKey}, also: private.in}
	address, drop, err := t.stage.Fresh(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	p, err := log.open(ctx, address, cases.Pushing)
	if err != nil {
		return err
	}
	defer p.Close()
	server, stop, err := p.TakePushes(ctx)
	if err != nil {
		return err
	}
	f := &forger{address: server.URL("huawei-main"), valid: map[string]bool{}}
	bomb() // before memory is looked at
	most := heap()
	err = t.each(ctx, 16, func(n int, dice *rand.Rand) error { return f.push(ctx, t, dice, made[n%(len(made)-1)], n%10 == 0) })
	last := time.Now()
	err = errors.Join(err, f.push(ctx, t, t.dice(-1), made[len(made)-1], true))
	if took := time.Since(last); took > time.Second {
		t.wrongf("a valid push took %s after the flood", took)
	}
	if mib := most(); mib > mostHeap {
		t.wrongf("the process grew by %d MiB", mib)
	} else {
		t.notef("%d valid among them, at most %d MiB more of memory", len(f.valid), mib)
	}
	return errors.Join(err, stop(), f.compare(ctx, t, p.Warehouse.DB, private))
}

// forger sends pushes, and knows which of them are to be believed.
type forger struct {
	address string
	mu      sync.Mutex
	valid   map[string]bool // by id and piece
}

func (f *forger) push(ctx context.Context, t *turn, dice *rand.Rand, p huawei.Push, isValid bool) error {
	p.At = today
	kind, times := "valid", 1
	if isValid {
		report := p.Reports()[0]
		f.mu.Lock()
		f.valid[report["smsMsgId"]+" "+report["sequence"]] = true
		f.mu.Unlock()
		if dice.IntN(2) == 0 {
			p = huawei.Push{At: today, ContentType: "application/json", Body: listOf(report)}
		}
		times += dice.IntN(2) // a replay in time says nothing new
	}
	r, err := p.Request(ctx, f.address, cases.AccessKey, cases.SecretKey)
	if err == nil && !isValid {
		kind, r, err = f.forge(ctx, dice, p, r)
	}
	if err != nil {
		return err
	}
	var whole bytes.Buffer
	if err := r.Write(&whole); err != nil {
		return err
	}
	request := whole.Bytes()
	isCut := kind == ""
	if isCut {
		kind, request = spoilFrame(dice, request)
	}
	for range times {
		got, err := shoot(ctx, r.URL.Host, request, isCut)
		if err != nil {
			return err
		}
		if isOK := got.status == http.StatusOK; isOK != isValid {
			t.wrongf("%s: a push was answered with %d", kind, got.status)
		}
	}
	return nil
}

func listOf(reports ...map[string]string) []byte {
	body, _ := json.Marshal(map[string][]map[string]string{"statusReportList": reports}) //nolint:errchkjson // strings always marshal
	return body
}

// forge makes a push that nobody may believe: signed wrongly, or signed well and no report. Without a kind its frame is to be spoilt.
func (f *forger) forge(ctx context.Context, dice *rand.Rand, p huawei.Push, r *http.Request) (string, *http.Request, error) {
	switch dice.IntN(4) {
	case 0:
		return "", r, nil
	case 1:
		secret := cases.SecretKey
		switch dice.IntN(4) {
		case 0:
			p.At = today.Add(-time.Duration(16+dice.IntN(1e6)) * time.Minute)
		case 1:
			p.At = today.Add(time.Duration(16+dice.IntN(1e6)) * time.Minute)
		default:
			secret = pick(dice, "?", secret+" ", secret[1:], repeat("x", 1000))
		}
		r, err := p.Request(ctx, f.address, cases.AccessKey, secret)
		return "another secret or time", r, err
	case 2:
		report := p.Reports()[0]
		p.ContentType, p.Body = noReport(dice, report)
		r, err := p.Request(ctx, f.address, cases.AccessKey, cases.SecretKey)
		return "no report: " + p.ContentType + " " + string(p.Body[:min(len(p.Body), 80)]), r, err
	}
	name := spoilHeader(dice, r)
	return name, r, nil
}

// bomb is small, and unpacks to 128 MiB.
var bomb = sync.OnceValue(func() []byte { return squeezed(make([]byte, 128<<20)) })

// noReport makes a body that is none, whoever signed it.
func noReport(dice *rand.Rand, report map[string]string) (contentType string, body []byte) {
	form := url.Values{}
	for name, value := range report {
		form.Set(name, value)
	}
	const inForm, inJSON = "application/x-www-form-urlencoded", "application/json"
	list, number := string(listOf(report)), strings.TrimPrefix(report["to"], "+")
	with := func(name string, values ...string) (string, []byte) {
		form.Set(name, pick(dice, values...))
		return inForm, []byte(form.Encode())
	}
	switch dice.IntN(12) {
	case 0:
		return with("smsMsgId", "", number, repeat("i", 101), "a b", "a\x00b", "é")
	case 1:
		return with("status", "", number, "+"+number, repeat("S", 33), "A B")
	case 2:
		return with("sequence", "0", "-1", "256", "1e2", "01", "1.0", " 1", repeat("9", 100))
	case 3:
		return with("source", "10", "x", "-1", "\u0661")
	case 4:
		return pick(dice, "", "text/plain", "multipart/form-data", "application/json; charset", "application/xml", "*/*"), []byte(form.Encode())
	case 5:
		return inJSON, []byte(pick(dice, "", "null", "[]", "{}", `{"statusReportList":null}`, `{"statusReportList":[]}`, `{"statusReportList":{}}`, list+list, list+"x",
			"\ufeff"+list, list[:dice.IntN(len(list)-1)], `{"statusReportList":[null]}`, `{"statusReportList":["`+number+`"]}`, strings.Replace(list, `"status":`, `"status":`+repeat("[", 1e5), 1),
			repeat(`{"statusReportList":`, 1e4), list[:len(list)-1]+`,"statusReportList":[{}]}`, `{"a":"`+"\xff"+`",`+list[1:], strings.Replace(list, "{", `{"x":1e999999,"x":2,`, 1)+"]"))
	case 6:
		many := make([]map[string]string, 101+dice.IntN(100))
		for i := range many {
			many[i] = report
		}
		return inJSON, listOf(many...)
	case 7:
		return inJSON, []byte(list + repeat(" ", 256<<10+dice.IntN(1<<20)))
	case 8:
		return pick(dice, inForm, inJSON, "application/gzip"), bomb()
	case 9:
		return inForm, []byte(form.Encode() + pick(dice, "&status=DELIVRD", "&x", "&%zz=1", "&a=%ff", repeat("&a=1", 50), "&\x00=1&\x00=2"))
	case 10:
		form.Del(pick(dice, "smsMsgId", "status"))
		return inForm, []byte(form.Encode())
	}
	noise := []byte{0xff}
	for range dice.IntN(4000) {
		noise = append(noise, byte(dice.IntN(256)))
	}
	return pick(dice, inForm, inJSON), noise
}

// spoilHeader changes what was signed, or the signature.
func spoilHeader(dice *rand.Rand, r *http.Request) string {
	const sign, date = "Authorization", "X-Sdk-Date"
	h, was := r.Header, r.Header.Get(sign)
	kind := pick(dice, "none", "access", "signature", "algorithm", "twice", "two dates", "no date", "date", "headers", "method", "path", "query", "large", "many", "type", "shape")
	switch kind {
	case "none":
		h.Del(sign)
	case "access":
		h.Set(sign, strings.Replace(was, cases.AccessKey, pick(dice, "", "AKPUSH2", "akpush", repeat("A", 3000)), 1))
	case "signature":
		h.Set(sign, was[:len(was)-1-dice.IntN(63)]+pick(dice, "", "g", repeat("0", 64)))
	case "algorithm":
		h.Set(sign, strings.Replace(was, "SDK-HMAC-SHA256", pick(dice, "SDK-HMAC-SM3", "Basic", "", "none"), 1))
	case "twice":
		h.Add(sign, was)
	case "two dates":
		h.Add(date, h.Get(date))
	case "no date":
		h.Del(date)
	case "date":
		h.Set(date, pick(dice, today.UTC().Add(time.Second).Format("20060102T150405Z"), "now", "99999999T999999Z", ""))
	case "headers":
		h.Set(sign, strings.Replace(was, "SignedHeaders=", "SignedHeaders="+pick(dice, "x;", repeat("host;", 100), ";", "cookie;"), 1))
	case "method":
		r.Method = pick(dice, "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POSTS")
	case "path":
		r.URL.Path += pick(dice, "/", "x", "/secret", "/../huawei-main/..", "%00", "//")
	case "query":
		r.URL.RawQuery = pick(dice, "a=1", "%zz", "a;b", "a=%", "&%zz=1", "status=DELIVRD", repeat("a=1&", 2000))
	case "large":
		h.Set("X-Large", repeat("x", 30<<10))
	case "many":
		for i := range 2000 {
			h.Set("X-"+repeat("y", i%20)+string(rune('a'+i%26)), "z")
		}
		h.Del(sign)
	case "type":
		h.Set("Content-Type", pick(dice, "text/plain", "application/json;x", ""))
	default:
		h.Set(sign, pick(dice, "", was+", Access=x", was+",", strings.ReplaceAll(was, ", ", ";"), repeat(was, 40)))
	}
	return kind
}

// spoilFrame breaks HTTP around a push that is signed well.
func spoilFrame(dice *rand.Rand, request []byte) (kind string, spoilt []byte) {
	head, body, _ := bytes.Cut(request, []byte("\r\n\r\n"))
	put := func(h string, b []byte) []byte { return append([]byte(h+"\r\n\r\n"), b...) }
	length := regexp.MustCompile(`Content-Length: \d+`)
	kind = pick(dice, "cut body", "cut head", "longer", "shorter", "two lengths", "chunks that are none", "both", "header", "version", "hosts", "noise", "endless chunk")
	switch kind {
	case "cut body":
		return kind, request[:len(request)-1-dice.IntN(len(body))]
	case "cut head":
		return kind, request[:dice.IntN(len(head))+1]
	case "longer":
		return kind, put(length.ReplaceAllString(string(head), "Content-Length: "+pick(dice, "200000", "262145", "99999999999999999999", "-1", "1e3", "0x10")), body)
	case "shorter":
		return kind, put(length.ReplaceAllString(string(head), "Content-Length: "+pick(dice, "0", "1", "20")), body)
	case "two lengths":
		return kind, put(string(head)+"\r\nContent-Length: 5", body)
	case "chunks that are none":
		return kind, put(length.ReplaceAllString(string(head), "Transfer-Encoding: "+pick(dice, "chunked", "gzip, chunked", "identity", "chunked, chunked", "xchunked")), body)
	case "both": // another request behind the end
		return kind, put(string(head)+"\r\nTransfer-Encoding: chunked", append([]byte("0\r\n\r\n"), request...))
	case "header":
		return kind, put(string(head)+"\r\n"+pick(dice, "X-A: \x00", "X A: b", ": b", "X-A\r\n", "\xff: b", " folded", "X-A: a\rb"), body)
	case "version":
		return kind, bytes.Replace(request, []byte("HTTP/1.1"), []byte(pick(dice, "HTTP/0.9", "HTTP/3.0", "HTTP/1.1.1", "", "HTTPS/1.1")), 1)
	case "hosts":
		return kind, put(string(head)+"\r\nHost: other", body)
	case "endless chunk":
		return kind, put(length.ReplaceAllString(string(head), "Transfer-Encoding: chunked"), []byte(pick(dice, "ffffffffffffffff1\r\n", "80000\r\n"+repeat("x", 300<<10), repeat("1\r\nx\r\n", 60000), "5;"+repeat("e", 9000)+"\r\n")))
	}
	return kind, append([]byte(pick(dice, "\x16\x03\x01\x02\x00\x01\x00", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x00\x00", "GET\r\n\r\n", "{}")), request...)
}

// compare looks whether exactly the valid pushes are stored, and nothing that is private.
func (f *forger) compare(ctx context.Context, t *turn, d *db.DB, private numbers) error {
	type kept struct {
		Hash   sms.Hash
		Packed []byte
		Size   int64
	}
	all, err := db.All[kept](ctx, d, "SELECT r.hash, r.packed, r.size FROM etl.huawei_push AS p RIGHT JOIN etl.raw AS r USING (hash)")
	if err != nil {
		return err
	}
	for _, k := range all {
		text, err := pack.Unpack(sms.Body{Hash: k.Hash, Packed: k.Packed, Size: k.Size})
		if err != nil {
			return err
		}
		for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")[2:] {
			fields := strings.Split(line, "\t")
			if key := fields[1] + " " + fields[2]; !f.valid[key] {
				t.wrongf("a push is stored that was none, or twice: %s", key)
			} else {
				f.valid[key] = false
			}
		}
		if found := private.in(string(text)); found != "" || strings.Contains(string(text), cases.SecretKey) {
			t.wrongf("a push that is stored holds %q", found)
		}
	}
	for key, isMissing := range f.valid {
		if isMissing {
			t.wrongf("a valid push is not stored: %s", key)
		}
	}
	return nil
}

// numbers finds phone numbers, by their length.
type numbers map[int]map[string]bool

var digits = regexp.MustCompile(`\d{7,}`)

func (n numbers) add(plain string) {
	if plain = strings.TrimPrefix(plain, "+"); digits.FindString(plain) == plain && plain != "" {
		if n[len(plain)] == nil {
			n[len(plain)] = map[string]bool{}
		}
		n[len(plain)][plain] = true
	}
}

// in gives the first of the numbers that stands in a text, or "".
func (n numbers) in(text string) string {
	for _, run := range digits.FindAllString(text, -1) {
		for length, all := range n {
			for at := 0; at+length <= len(run); at++ {
				if all[run[at:at+length]] {
					return run[at : at+length]
				}
			}
		}
	}
	return ""
}
