package capture

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"smsetl/extract"
)

// Pseudonyms replaces what would name a customer, a template or a person by made-up names: the same one always by the
// same one, a number by a number, a text by a text, in the order in which they are first seen. What says "none" stays
// as it is. The zero value is no good: use NewPseudonyms.
type Pseudonyms struct {
	names   map[kind]map[string]int
	ids     *extract.Scrubber // of the accounts, for texts
	secrets *extract.Scrubber
}

type kind string

const (
	user     kind = "user"
	app      kind = "app"
	template kind = "template"
	label    kind = "label"
	other    kind = "id"
)

// first is what the numbers of each kind are counted on from.
var first = map[kind]int{user: 40000, app: 1400000000, template: 10000, label: 20000, other: 30000}

// NewPseudonyms gives pseudonyms for a capture of the accounts. The secrets are those of all sources: each client takes
// out its own, and a proxy or a mistake in a file can bring one source's to another one's vendor.
func NewPseudonyms(accounts, secrets []string) *Pseudonyms {
	return &Pseudonyms{
		names: map[kind]map[string]int{}, ids: extract.NewScrubber(accounts...), secrets: extract.NewScrubber(secrets...),
	}
}

// User gives the pseudonym of an sms_user.
func (p *Pseudonyms) User(id string) string { return p.of(user, id) }

// App gives the pseudonym of an SdkAppId.
func (p *Pseudonyms) App(id string) string { return p.of(app, id) }

func (p *Pseudonyms) of(k kind, id string) string {
	if p.names[k] == nil {
		p.names[k] = map[string]int{}
	}
	n, known := p.names[k][id]
	if !known {
		n = len(p.names[k]) + 1
		p.names[k][id] = n
	}
	if isDigits.MatchString(id) {
		return strconv.Itoa(first[k] + n)
	}
	return fmt.Sprintf("%s-%d", k, n)
}

// dropped stands where a text was that could be anything.
const dropped = "[dropped]"

var (
	isDigits = regexp.MustCompile(`^[0-9]+$`)
	// plainText is a text that names nobody: a number, a day, a time, an error code.
	plainText = regexp.MustCompile(`^(-?[0-9]{1,9}(\.[0-9]+)?%?|[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9:.]+(Z|[+-][0-9:]+)?)?|[0-9]{10})$`)
	codeText  = regexp.MustCompile(`^[A-Za-z0-9_.]{0,80}$`)
	// longDigits could be a phone number, or an id, in a text.
	longDigits = regexp.MustCompile(`[0-9]{5,}`)
	address    = regexp.MustCompile(`[0-9]{1,3}(\.[0-9]{1,3}){3}`)
)

// token is a text or a number of JSON. A text with a colon behind it is a name; one that is cut ends with the answer.
var token = regexp.MustCompile(`("(?:[^"\\]|\\.)*(?:"|$))(\s*:)?|-?[0-9][0-9.eE+-]*`)

// Body gives an answer, or what was posted, with pseudonyms. All other bytes of JSON stay as they are; of anything else
// only what cannot name anybody. The samples on EngageLab's pages are broken JSON: there what looks like a name with a
// value is treated as that, and the rest as words.
func (p *Pseudonyms) Body(raw []byte) []byte {
	raw = p.secrets.Bytes(raw)
	isJSON := jsontext.Value(raw).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	words := p.Text
	if isJSON {
		words = func(between string) string { return between }
	}
	var out []byte
	name, isNamed, done := "", isJSON, 0
	for _, at := range token.FindAllSubmatchIndex(raw, -1) {
		isNext := isJSON || len(bytes.TrimSpace(raw[done:at[0]])) == 0
		switch isName := at[4] >= 0; {
		case isName:
			name, isNamed = extract.Unquoted(raw[at[2]:at[3]]), true
			out = append(append(out, words(string(raw[done:at[0]]))...), raw[at[0]:at[1]]...)
		case isNamed && isNext:
			out = append(append(out, words(string(raw[done:at[0]]))...), p.scalar(name, raw[at[0]:at[1]])...)
			isNamed = isJSON // the elements of a list share its name
		default:
			continue
		}
		done = at[1]
	}
	return append(out, words(string(raw[done:]))...)
}

// Text gives words of a vendor with pseudonyms.
func (p *Pseudonyms) Text(words string) string {
	words = string(p.ids.Bytes(p.secrets.Bytes([]byte(words))))
	words = address.ReplaceAllString(words, "[address]")
	return longDigits.ReplaceAllString(words, "[digits]")
}

// scalar gives what stands in place of a value that is no object and no array.
func (p *Pseudonyms) scalar(name string, v jsontext.Value) jsontext.Value {
	if v.Kind() != '"' && v.Kind() != '0' {
		return v
	}
	text := extract.Unquoted(v)
	if isNone(text) {
		return v
	}
	if k := kindOf(name); k != "" {
		return like(v, p.of(k, text))
	}
	switch lower := strings.ToLower(name); {
	case lower == "requestid":
		return quoted(fmt.Sprintf("00000000-0000-0000-0000-%012d", p.request(text)))
	case strings.Contains(lower, "name") || strings.Contains(lower, "phone") || strings.Contains(lower, "mobile"):
		return like(v, dropped)
	case v.Kind() == '0' || plainText.MatchString(text):
		return v
	case lower == "code" && codeText.MatchString(text):
		return v
	case slices.Contains([]string{"message", "msg", "error"}, lower):
		return quoted(p.Text(text))
	default:
		return quoted(dropped)
	}
}

// request numbers the vendor's own ids of requests.
func (p *Pseudonyms) request(id string) int {
	p.of("request", id)
	return p.names["request"][id]
}

// kindOf says what a field names; empty for nothing that needs a pseudonym.
func kindOf(field string) kind {
	switch strings.ToLower(field) {
	case "sms_user", "sms_users", "smsuser", "user":
		return user
	case "smssdkappid", "sdkappid":
		return app
	case "template_id", "template_ids", "templateid":
		return template
	case "label_id", "label_ids", "labelid":
		return label
	case "requestid":
		return ""
	}
	if strings.HasSuffix(field, "_id") || strings.HasSuffix(field, "Id") || strings.EqualFold(field, "id") {
		return other
	}
	return ""
}

// isNone says whether the text is one of those that stand where there is no template or label.
func isNone(text string) bool {
	return slices.Contains([]string{"", "0", "none", "null"}, strings.ToLower(text))
}

// like gives the text in the form of the value: a number in place of a number, where it is one.
func like(v jsontext.Value, text string) jsontext.Value {
	if v.Kind() == '0' && isDigits.MatchString(text) {
		return jsontext.Value(text)
	}
	if v.Kind() == '0' {
		return jsontext.Value("0")
	}
	return quoted(text)
}

func quoted(text string) jsontext.Value {
	v, err := jsontext.AppendQuote(nil, text)
	if err != nil {
		return jsontext.Value(`"` + dropped + `"`) // broken UTF-8
	}
	return v
}
