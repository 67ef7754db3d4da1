package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"
)

// reply is an answer of a vendor on its way, which can be spoilt.
type reply struct {
	line, kind, encoding string // the status line, Content-Type and Content-Encoding
	head                 string // more of the head
	body                 []byte
	length               int // that the head states; -1 for that of the body, -2 for none
}

// bytes gives what goes over the wire.
func (r *reply) bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: %s\r\n%s", r.line, r.kind, r.head)
	if r.encoding != "" {
		fmt.Fprintf(&b, "Content-Encoding: %s\r\n", r.encoding)
	}
	if r.length >= 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", r.length)
	}
	b.WriteString("\r\n")
	b.Write(r.body)
	return b.Bytes()
}

// kind is a way to spoil an answer. What does not change the answer has nothing to spoil there.
type kind struct {
	name string
	// isMute: nothing comes that could be kept. isLie: the answer is whole and wrong; only what is stored and settled can tell.
	// isTold: it is stored as it was said, with a finding that says what is wrong with it.
	isMute, isLie, isTold bool
	do                    func(dice *rand.Rand, r *reply)
}

var (
	measure = regexp.MustCompile(`"(?:targets|process_failed|delivered|send_failed|wait_result|billing_count|[a-z_]+block|unsubscribe|power_off|other|empty|[A-Za-z]+Count)":(\d+)`)
	reason  = regexp.MustCompile(`"(?:[a-z_]+block|unsubscribe|power_off|empty)":(\d+)`)
	summed  = regexp.MustCompile(`"(?:targets|delivered|send_failed|CallbackCount|CallbackFailCount|CallbackSuccessCount)":(\d+)`)
	member  = regexp.MustCompile(`"(?:[a-z_]+|[A-Z][A-Za-z]+)":(?:\d+|"[^"]*")`)
	key     = regexp.MustCompile(`"(?:template_id|label_id)":(\d+|null)`)
	day     = regexp.MustCompile(`"send_date":"([0-9-]+)"`)
	object  = regexp.MustCompile(`(?:"result":|"(?:Send|Callback)StatusStatistics":)(\[.*\]|\{[^{}]*\})`)
	rows    = regexp.MustCompile(`\{"send_date"[^{}]*\}`)
	count   = regexp.MustCompile(`"count":(\d+)`)
)

// replaced replaces one of the places that a form finds, or its group where it has one.
func replaced(dice *rand.Rand, form *regexp.Regexp, body []byte, by func(old string) string) []byte {
	all := form.FindAllSubmatchIndex(body, -1)
	if len(all) == 0 {
		return body
	}
	at := pick(dice, all...)
	from, to := at[len(at)-2], at[len(at)-1]
	return fmt.Appendf(nil, "%s%s%s", body[:from], by(string(body[from:to])), body[to:])
}

func to(form *regexp.Regexp, values ...string) func(*rand.Rand, *reply) {
	return func(dice *rand.Rand, r *reply) {
		r.body = replaced(dice, form, r.body, func(old string) string { return strings.ReplaceAll(pick(dice, values...), "OLD", old) })
	}
}

func whole(values ...string) func(*rand.Rand, *reply) {
	return func(dice *rand.Rand, r *reply) {
		r.body = []byte(strings.Replace(pick(dice, values...), "OLD", string(r.body), 1))
	}
}

func moved(days int) func(*rand.Rand, *reply) {
	return func(dice *rand.Rand, r *reply) {
		r.body = replaced(dice, day, r.body, func(old string) string {
			d, _ := time.Parse(time.DateOnly, old)
			return d.AddDate(0, 0, days).Format(time.DateOnly)
		})
	}
}

func squeezed(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

// kinds are all ways.
var kinds = []kind{
	{name: "a number that is text", do: to(measure, `"many"`, `""`, `" OLD"`, `"OLDx"`, `"0xOLD"`, `"OLD,000"`)},
	{name: "a number that is a word", do: to(measure, "true", "false")},
	{name: "a number that is an object", do: to(measure, "{}", `{"n":OLD}`)},
	{name: "a number that is an array", do: to(measure, "[]", "[OLD]", "[[OLD]]")},
	{name: "a number below zero", do: to(measure, "-1", "-OLD1", `"-5"`)},
	{name: "a fraction", do: to(measure, "OLD.5", "0.1", `"OLD.25"`)},
	{name: "a huge number", do: to(measure, "9223372036854775808", "99999999999999999999999999", `"1`+repeat("0", 400)+`"`)},
	{name: "a number near the end of what fits", do: to(summed, "9223372036854775807", "9007199254740993", "4611686018427387904")},
	{name: "a huge exponent", do: to(measure, "1e400", "1E+999999999", "1e-999999999", "OLDe19")},
	{name: "a number that is none", do: to(measure, "NaN", "Infinity", "-", "+OLD", "0xff", "0OLD", ".5", "1.", "1e", "1_000", "undefined")},
	{name: "a number spelled in another way", do: to(measure, "OLDe0", "OLD.0", `"OLD"`, "OLD.000e+0")},
	{name: "null for a number", isTold: true, do: to(measure, "null")},
	{name: "sums that do not add up", isTold: true, do: to(summed, "1OLD", "OLD1", "OLD99")},
	{name: "failures that the totals do not know", isTold: true, do: to(reason, "1OLD99")},
	{name: "a name of a wrong type", do: to(key, "true", "{}", "[]", `"`+repeat("k", 5000)+`"`)},
	{name: "a member that is missing", isTold: true, do: func(dice *rand.Rand, r *reply) {
		r.body = replaced(dice, regexp.MustCompile(`("[A-Za-z_]+":(?:\d+|"[^"]*"),)`), r.body, func(string) string { return "" })
	}},
	{name: "a member that stands twice", isTold: true, do: func(dice *rand.Rand, r *reply) {
		r.body = replaced(dice, regexp.MustCompile(`()"(?:targets|delivered|send_date|sms_user|count|[A-Za-z]+Count)":`), r.body, func(string) string {
			return pick(dice, `"delivered":7,`, `"send_date":"2020-01-01",`, `"count":0,`, `"RequestCount":5,`, `"CallbackCount":5,`)
		})
	}},
	{name: "a member that nobody knows", do: to(member, `"x`+repeat("y", 300)+`":{"a":[1]},OLD`, `"":null,OLD`, `"__proto__":{},OLD`)},
	{name: "a name in other letters", isTold: true, do: func(dice *rand.Rand, r *reply) {
		r.body = replaced(dice, regexp.MustCompile(`"(targets|delivered|send_date|result|count|Response|RequestCount|CallbackCount)"`), r.body, func(old string) string {
			return pick(dice, strings.ToUpper(old), old+" ", fmt.Sprintf(`\u%04x`, old[0])+old[1:], "\u212a"+old)
		})
	}},
	{name: "a deep nest", do: to(object, repeat("[", 20000)+repeat("]", 20000), repeat(`{"a":`, 20000)+"1"+repeat("}", 20000), repeat("[", 20000))},
	{name: "cut", do: func(dice *rand.Rand, r *reply) { r.body = r.body[:dice.IntN(len(r.body))] }},
	{name: "a piece missing in the middle", do: func(dice *rand.Rand, r *reply) {
		at := 1 + dice.IntN(len(r.body)-2)
		left := append(bytes.Clone(r.body[:at]), r.body[at+1+dice.IntN(min(20, len(r.body)-at-1)):]...)
		if !json.Valid(left) { // else it is another answer, as good as this one
			r.body = left
		}
	}},
	{name: "a byte that is no UTF-8", do: func(dice *rand.Rand, r *reply) {
		r.body = replaced(dice, regexp.MustCompile(`"()[A-Za-z_]+":"?`), r.body, func(string) string { return pick(dice, "\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf5") })
	}},
	{name: "a character that none is", do: func(dice *rand.Rand, r *reply) {
		r.body = replaced(dice, regexp.MustCompile(`:"()[^"]+"`), r.body, func(string) string { return pick(dice, `\ud800`, "\x00", `\u0000`, "\n", "\x1b[2J", `\q`) })
	}},
	{name: "a byte order mark", do: whole("\ufeffOLD", "\xff\xfeOLD", "\ufeff")},
	{name: "something behind the end", do: whole("OLDx", "OLD{}", "OLDOLD", "OLD]", "OLD\x00", "OLD,")},
	{name: "something before the beginning", do: whole(")]}',\nOLD", "callback(OLD)", "xOLD", "[OLD]", `{"data":OLD}`, "//OLD")},
	{name: "white space", do: whole(repeat(" ", 1<<20)+"OLD", "OLD"+repeat("\n", 1<<20))},
	{name: "no body", isMute: true, do: whole("")},
	{name: "another document", do: whole("null", "[]", "{}", "0", `""`, "true", `{"result":{}}`, `{"result":"x","count":1}`, `{"Response":null}`, `{"Response":[]}`, `{"Response":{}}`)},
	{name: "null for the object", do: to(object, "null", `"OLD"`, "7", "true")},
	{name: "the object in a list, the list in an object", do: func(dice *rand.Rand, r *reply) {
		r.body = replaced(dice, object, r.body, func(old string) string { return pick(dice, "["+old+"]", `{"list":`+old+"}", "[null]", "[[]]") })
	}},
	{name: "a page of HTML", do: func(dice *rand.Rand, r *reply) {
		r.line, r.kind, r.body = pick(dice, "200 OK", "502 Bad Gateway", "403 Forbidden", "503 Busy"), "text/html", []byte("<html><body>"+repeat("<p>busy", 1+dice.IntN(2000))+"</html>")
	}},
	{name: "an error under 200", do: whole(`{"code":35500,"message":"busy"}`, `{"Response":{"Error":{"Code":"InternalError","Message":"busy"},"RequestId":"a"}}`, `{"Response":{"Error":{}}}`, `{"code":1}`, `{"error":"x"}`)},
	{name: "an error beside the numbers", do: func(_ *rand.Rand, r *reply) {
		r.body = bytes.Replace(bytes.Replace(r.body, []byte(`{"result"`), []byte(`{"code":35500,"message":"busy","result"`), 1), []byte(`{"Response":{`), []byte(`{"Response":{"Error":{"Code":"InternalError","Message":"busy"},`), 1)
	}},
	{name: "another status", do: func(dice *rand.Rand, r *reply) {
		r.line = pick(dice, "500 Oops", "404 Not Found", "302 Found\r\nLocation: /other", "418 Teapot", "400 Bad Request", "299 OK", "206 Partial Content", "201 Created", "599 x")
	}},
	{name: "a status without a body", isMute: true, do: func(dice *rand.Rand, r *reply) { r.line = pick(dice, "204 No Content", "304 Not Modified") }},
	{name: "a head that is none", isMute: true, do: func(dice *rand.Rand, r *reply) {
		r.line = pick(dice, "abc OK", "20 OK", "99999 OK", "", "200 OK\r\nno colon", "200 OK\r\nX: "+repeat("x", 300<<10), "200 OK\r\nContent-Length: 3", "200 OK\r\n: x")
	}},
	{name: "another type of content", do: func(dice *rand.Rand, r *reply) {
		r.kind = pick(dice, "text/plain", "text/html", "image/png", "", "application/json; charset=utf-16", "multipart/mixed")
	}},
	{name: "a length that is too long", do: func(dice *rand.Rand, r *reply) { r.length = len(r.body) + 1 + dice.IntN(1000) }},
	{name: "a length that is too short", do: func(dice *rand.Rand, r *reply) { r.length = dice.IntN(len(r.body)) }},
	{name: "neither a length nor chunks", isMute: true, do: func(_ *rand.Rand, r *reply) { r.length = -2 }},
	{name: "chunks that are none", isMute: true, do: func(dice *rand.Rand, r *reply) {
		r.head, r.length = "Transfer-Encoding: chunked\r\n", -2
		r.body = append([]byte(pick(dice, "zz\r\n", fmt.Sprintf("%x\r\n", len(r.body)+5), "ffffffffffffffffff\r\n", "-1\r\n", "5\r\nabcde", fmt.Sprintf("%x\r\n", len(r.body)/2))), r.body...)
	}},
	{name: "no gzip where it says so", isMute: true, do: func(dice *rand.Rand, r *reply) { r.encoding = pick(dice, "gzip", "gzip, gzip", "GZIP") }},
	{name: "gzip that is cut or spoilt", isMute: true, do: func(dice *rand.Rand, r *reply) {
		r.encoding, r.body = "gzip", squeezed(r.body)
		switch at := 10 + dice.IntN(len(r.body)-10); dice.IntN(3) {
		case 0:
			r.body = r.body[:at]
		case 1:
			r.body[len(r.body)-1-dice.IntN(8)] ^= 0x55
		default:
			r.body = append(r.body, pick(dice, "x", "\x1f\x8b", "{}")...)
		}
	}},
	{name: "gzip twice or unsaid, or another encoding", isMute: true, do: func(dice *rand.Rand, r *reply) {
		switch dice.IntN(3) {
		case 0:
			r.encoding, r.body = "gzip", squeezed(squeezed(r.body))
		case 1:
			r.body = squeezed(r.body)
		default:
			r.encoding = pick(dice, "br", "deflate", "zstd", "identity, x")
		}
	}},
	{name: "a row of another day", do: moved(1)},
	{name: "a row of an older day", do: moved(-1)},
	{name: "a row of a day that is none", do: to(day, "2026-02-30", "2026-13-01", "22-11-2026", "20261119", "OLD 00:00:00", "OLDT00:00:00Z", "", "0000-00-00", "OLD\\u0000", "\u0662026-01-01")},
	{name: "month and day swapped", do: func(dice *rand.Rand, r *reply) {
		r.body = replaced(dice, day, r.body, func(old string) string { return old[:5] + old[8:] + old[4:7] })
	}},
	{name: "a row of another user", isTold: true, do: to(regexp.MustCompile(`"sms_user":"([^"]*)"`), "somebody_else", "", "OLD ", "OLD\\u0000", "null")},
	{name: "a row that stands twice", do: func(dice *rand.Rand, r *reply) {
		before := len(r.body)
		r.body = replaced(dice, rows, r.body, func(old string) string { return old + "," + old })
		if len(r.body) != before && dice.IntN(2) == 0 {
			r.body = replaced(dice, count, r.body, func(string) string { return fmt.Sprint(len(rows.FindAll(r.body, -1))) })
		}
	}},
	{name: "a count that is not that of the rows", do: to(count, "OLD0", "0", "-1", "null", `"x"`, "1OLD", "1e3", "[]")},
	{name: "a row that is missing", do: func(dice *rand.Rand, r *reply) {
		r.body = bytes.Replace(bytes.Replace(replaced(dice, rows, r.body, func(string) string { return "" }), []byte("[,"), []byte("["), 1), []byte(",,"), []byte(","), 1)
		r.body = bytes.Replace(r.body, []byte(",]"), []byte("]"), 1)
	}},
	{name: "a row that is none", do: to(rows, "null", "[]", "7", `"OLD"`, "{}")},
	{name: "nothing where there was something", isLie: true, do: func(_ *rand.Rand, r *reply) {
		if count.Match(r.body) {
			r.body = []byte(`{"result":[],"count":0}`)
			return
		}
		r.body = measure.ReplaceAllFunc(r.body, func(m []byte) []byte { return append(m[:bytes.IndexByte(m, ':')+1:bytes.IndexByte(m, ':')+1], '0') })
	}},
}

// spoil gives an answer spoilt; the same bytes where there is nothing to spoil in this way.
func (k *kind) spoil(dice *rand.Rand, body []byte) (said, honest []byte) {
	r := reply{line: "200 OK", kind: "application/json", body: body, length: len(body)}
	honest = r.bytes()
	r.body, r.length = bytes.Clone(body), -1
	k.do(dice, &r)
	if r.length == -1 {
		r.length = len(r.body)
	}
	return r.bytes(), honest
}

// spoil gives an answer spoilt, in a way that it can be. hasStored says that what is stored can tell of a lie.
func spoil(dice *rand.Rand, body []byte, hasStored bool) (kind, []byte) {
	for {
		k := pick(dice, kinds...)
		if said, honest := k.spoil(dice, body); !bytes.Equal(said, honest) && (hasStored || !k.isLie) {
			return k, said
		}
	}
}
