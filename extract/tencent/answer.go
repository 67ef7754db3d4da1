package tencent

import (
	"errors"
	"regexp"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"smsetl/extract"
)

// envelope is what an answer says around the numbers: {"Response":{"SendStatusStatistics":{...},"RequestId":"..."}} or
// {"Response":{"Error":{"Code","Message"},"RequestId"}}.
type envelope struct {
	hasError      bool
	code, message string
	requestID     string
	sums          jsontext.Value // the statistics object, or the list of packages; nil when it is missing or null
}

var errNotJSON = errors.New("the body is not the vendor's JSON")

// object is a JSON object by its names.
type object map[string]jsontext.Value

// peek reads the envelope of an answer to action. The body must be one JSON object with a Response.
func peek(body []byte, action string) (envelope, error) {
	var top struct {
		Response object `json:"Response"`
	}
	if err := extract.Decode(body, &top); err != nil || top.Response == nil {
		return envelope{}, errNotJSON
	}
	e := envelope{requestID: extract.Unquoted(top.Response["RequestId"])}
	if failure := top.Response["Error"]; failure != nil && failure.Kind() != 'n' {
		var words object // none, of an Error that is no object
		_ = extract.Decode(failure, &words)
		e.hasError, e.code, e.message = true, extract.Unquoted(words["Code"]), extract.Unquoted(words["Message"])
	}
	if sums := top.Response[action]; sums.Kind() == '{' {
		e.sums = sums
	}
	if set := top.Response[packagesSet]; action == packagesAction && set.Kind() == '[' {
		e.sums = set
	}
	return e, nil
}

// fields are the sums that an answer must hold to say that nothing happened.
var fields = map[string][]string{
	"SendStatusStatistics": {"FeeCount", "RequestCount", "RequestSuccessCount"},
	"CallbackStatusStatistics": {"CallbackCount", "RequestSuccessCount", "CallbackFailCount", "CallbackSuccessCount",
		"InternalErrorCount", "InvalidNumberCount", "ShutdownErrorCount", "BlackListCount", "FrequencyLimitCount"},
}

var zeroForm = regexp.MustCompile(`^0+(\.0+)?$`)

// isZero says whether the object states every sum of the action as 0, and no other number either. Counts are never
// negative, so an answer like that over several days holds only days of zeros. A null is not a zero, and a sum that
// stands there twice states nothing.
func isZero(sums jsontext.Value, action string) bool {
	var all object
	if json.Unmarshal(sums, &all) != nil {
		return false
	}
	missing := len(fields[action])
	for name, value := range all {
		isSum := slices.Contains(fields[action], name)
		if value.Kind() != '0' && (value.Kind() != '"' || !isSum) {
			continue
		}
		if !zeroForm.MatchString(extract.Unquoted(value)) {
			return false
		}
		if isSum {
			missing--
		}
	}
	return missing == 0
}
