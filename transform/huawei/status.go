package huawei

import (
	"fmt"
	"slices"
	"strings"

	"smsetl/sms"
	"smsetl/transform"
)

// statuses are the status codes that say why a message failed, with what they mean in our words. Sources:
// https://support.huaweicloud.com/api-msgsms/sms_05_0051.html (mainland), .../intl/en-us/api-msgsms/sms_05_0051.html
// (international). The vendor's list is open-ended.
var statuses = []sms.Reason{
	{Code: "EXPIRED", Stage: sms.Sending, Category: sms.Unreachable}, // also what the platform makes up after 72 hours
	{Code: "DELETED", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "UNDELIV", Stage: sms.Sending, Category: sms.Unreachable},
	{Code: "UNKNOWN", Stage: sms.Sending, Category: sms.Other},
	{Code: "REJECTD", Stage: sms.Sending, Category: sms.BlockedOptOut}, // the recipient has unsubscribed
	{Code: "BLACK", Stage: sms.Sending, Category: sms.BlockedOptOut},
	{Code: "MBBLACK", Stage: sms.Sending, Category: sms.BlockedOptOut},
	{Code: "TDBLACK", Stage: sms.Sending, Category: sms.BlockedOptOut},
	{Code: "TSBLACK", Stage: sms.Sending, Category: sms.BlockedOptOut},
	{Code: "MILIMIT", Stage: sms.Sending, Category: sms.RateLimited},
	{Code: "LIMIT", Stage: sms.Sending, Category: sms.RateLimited},
	{Code: "BEYONDN", Stage: sms.Sending, Category: sms.RateLimited},
	{Code: "CTLIMIT", Stage: sms.Sending, Category: sms.RateLimited},
	{Code: "KEYWORD", Stage: sms.Sending, Category: sms.ContentTemplate},
	{Code: "DJ:0255", Stage: sms.Sending, Category: sms.ContentTemplate},
	{Code: "E200018", Stage: sms.Processing, Category: sms.PlatformConfig}, // mainland: sender check failed
	{Code: "E200019", Stage: sms.Processing, Category: sms.PlatformConfig},
	{Code: "E200020", Stage: sms.Processing, Category: sms.PlatformConfig},
	{Code: "E200021", Stage: sms.Processing, Category: sms.PlatformConfig},
	{Code: "E200022", Stage: sms.Processing, Category: sms.PlatformConfig},
	{Code: "E200023", Stage: sms.Processing, Category: sms.PlatformConfig},
	{Code: "E200024", Stage: sms.Processing, Category: sms.PlatformConfig}, // no international capability
	{Code: "E200025", Stage: sms.Processing, Category: sms.PlatformConfig}, // international: recipient's channel
	{Code: "E200026", Stage: sms.Processing, Category: sms.PlatformConfig},
	{Code: "E200027", Stage: sms.Processing, Category: sms.PlatformConfig},  // no gateway
	{Code: "E200032", Stage: sms.Processing, Category: sms.ContentTemplate}, // a template is required
	{Code: "E200034", Stage: sms.Processing, Category: sms.CarrierNetwork},  // resend timed out, a gateway's fault
	{Code: "E200035", Stage: sms.Processing, Category: sms.CarrierNetwork},  // substitution in the protocol failed
	{Code: "E200036", Stage: sms.Processing, Category: sms.PlatformConfig},  // rate or weight of the channel is 0
	{Code: "E200038", Stage: sms.Processing, Category: sms.PlatformConfig},  // a long SMS not whole within 3 minutes
	{Code: "E200051", Stage: sms.Processing, Category: sms.ContentTemplate}, // content
	{Code: "E000628", Stage: sms.Processing, Category: sms.PlatformConfig},  // the country is not on the list of allowed ones
	{Code: "E000629", Stage: sms.Processing, Category: sms.PlatformConfig},  // a package is used up
	{Code: noCode, Stage: sms.Sending, Category: sms.Other},
}

// noCode stands where an export says that a message failed and not why. The name is ours.
const noCode = "no_code"

// The carriers' codes by their prefix. The vendor's page says of MK, MN, LT and bare numbers that they are mostly of number or
// handset; MK:0001, LT:0001 and 1 are dead numbers. MA and MB are a gateway's trouble with the centre behind it; MI and MJ
// stand for EXPIRED and DELETED of China Mobile, MM for UNKNOWN.
var prefixes = []struct {
	prefix   string
	category sms.Category
}{
	{"MA:", sms.CarrierNetwork},
	{"MB:", sms.CarrierNetwork},
	{"MI:", sms.Unreachable},
	{"MJ:", sms.Unreachable},
	{"MK:", sms.InvalidNumber},
	{"MM:", sms.Other},
	{"MN:", sms.Unreachable},
	{"LT:0001", sms.InvalidNumber},
	{"LT:", sms.Unreachable},
}

// The codes that are no failure.
const (
	statusDelivered = "DELIVRD"
	statusAccepted  = "ACCEPTD" // for now: another report follows
)

// maxStatus is the longest status code that is believed, in bytes. The vendor's have 7.
const maxStatus = 64

// reasonOf gives what a status code means that says why a message failed. Whatever the code, a status of the vendor's
// own platform is of a message that was not handed on.
func reasonOf(code string, source sms.StatusSource) sms.Reason {
	reason := sms.Reason{Code: code, Stage: sms.Sending, Category: sms.Unmapped}
	upper := strings.ToUpper(code)
	if i := slices.IndexFunc(statuses, func(r sms.Reason) bool { return strings.EqualFold(r.Code, code) }); i >= 0 {
		reason = statuses[i]
	} else if isPlatformCode(upper) {
		reason.Stage = sms.Processing
	} else {
		for _, p := range prefixes {
			if strings.HasPrefix(upper, p.prefix) {
				reason.Category = p.category
				break
			}
		}
		if n, isNumber := transform.Digits([]byte(upper)); isNumber && len(upper) <= 4 {
			reason.Category = sms.Unreachable
			if n == 1 {
				reason.Category = sms.InvalidNumber
			}
		}
	}
	if source == sms.SourcePlatform {
		reason.Stage = sms.Processing
	}
	return reason
}

// isPlatformCode says whether a code is one of the vendor's own: E and six digits.
func isPlatformCode(code string) bool {
	if len(code) != 7 || code[0] != 'E' {
		return false
	}
	_, ok := transform.Digits([]byte(code[1:]))
	return ok
}

// outcome reads what became of the message, from the columns result and status, which exports have one or both of.
func (h *reader) outcome() bool {
	h.m.Source = h.statusSource()
	code, ok := h.statusCode()
	if !ok {
		return false
	}
	result := h.text(h.place.result)
	byResult, ok := resultOf(result)
	if !ok {
		if code.text == "" {
			h.rejectf(transform.RejectedRow, "result", "result is %q, want a number from 0 to 4 or a word such as Successful, Failed or Sending", transform.Cut(result, 40))
			return false
		}
		h.Note(unknownResult, transform.Subject(result), h.m.Day, func() string {
			return fmt.Sprintf("result %q is not known: the status code decides", transform.Cut(result, 60))
		})
	}
	if code.isWord && byResult == 0 {
		byResult = code.outcome
	}
	h.settle(byResult, code)
	return true
}

// status is a status code that was read: what it says of the message, and whether it is no code but the word that consoles show
// in its place, such as "Successful".
type status struct {
	text    string
	isWord  bool
	outcome sms.Outcome // 0 for a failure, whose stage depends on the source too
}

// statusCode reads the status. Codes are few and rows are many, so each is looked at once.
func (h *reader) statusCode() (status, bool) {
	cell := h.text(h.place.status)
	if len(cell) == 0 {
		return status{}, true
	}
	if code, ok := h.statuses[string(cell)]; ok {
		return code, true
	}
	if len(cell) > maxStatus || !isText(cell) {
		h.rejectf(transform.RejectedRow, "status", "status is no code: it is longer than %d bytes or no text", maxStatus)
		return status{}, false
	}
	code := status{text: string(cell)}
	switch strings.ToUpper(code.text) {
	case statusDelivered:
		code.outcome = sms.OutcomeDelivered
	case statusAccepted:
		code.outcome = sms.OutcomePending
	default:
		if word, ok := results[plainWord(code.text)]; ok && len(cell) > 1 { // 1 is a code of carriers too
			code = status{isWord: true, outcome: word}
		}
	}
	if h.statuses == nil {
		h.statuses = make(map[string]status)
	}
	h.statuses[string(cell)] = code
	return code, true
}

// settle says what the result and the status code mean together. The code decides: it is what the carrier said.
func (h *reader) settle(result sms.Outcome, code status) {
	byCode := code.outcome
	switch {
	case code.isWord:
		byCode = 0
	case code.text != "" && byCode == 0:
		h.fail(code.text)
		byCode = h.m.Outcome
	}
	if result.IsFinal() && byCode.IsFinal() && (result == sms.OutcomeDelivered) != (byCode == sms.OutcomeDelivered) {
		h.Note(resultDiffers, code.text, h.m.Day, func() string {
			return fmt.Sprintf("the result says %s and status %s says %s: the status decides", result, code.text, byCode)
		})
	}
	h.m.Code = code.text
	switch {
	case byCode.IsFinal():
		h.m.Outcome = byCode
	case result == sms.OutcomeSendFailed:
		h.fail(noCode)
		h.m.Code = ""
	case result != 0:
		h.m.Outcome = result
	default:
		h.m.Outcome = sms.OutcomePending // nothing at all is shown while a person reviews the content
	}
}

// reasonKey is what a reason depends on.
type reasonKey struct {
	code       string
	isPlatform bool
}

// fail notes a failure with its reason.
func (h *reader) fail(code string) {
	key := reasonKey{code, h.m.Source == sms.SourcePlatform}
	reason, ok := h.reasons[key]
	if !ok {
		if h.reasons == nil {
			h.reasons = make(map[reasonKey]*sms.Reason)
		}
		made := reasonOf(code, h.m.Source)
		reason = &made
		h.reasons[key] = reason
	}
	if reason.Category == sms.Unmapped {
		h.Note(transform.UnmappedReason, transform.Subject([]byte(code)), h.m.Day, func() string {
			return fmt.Sprintf("status %q is in no table of ours", code)
		})
	}
	h.m.Reason = reason
	h.m.Outcome = sms.OutcomeSendFailed
	if reason.Stage == sms.Processing {
		h.m.Outcome = sms.OutcomeProcessingFailed
	}
}

// statusSource reads who made the status up.
func (h *reader) statusSource() sms.StatusSource {
	cell := h.text(h.place.source)
	if len(cell) == 0 {
		return sms.SourceNotReported
	}
	if len(cell) == 1 && cell[0] >= '1' && cell[0] <= '3' {
		return sms.StatusSource(cell[0] - '0')
	}
	if source, ok := sources[plainWord(string(cell))]; ok {
		return source
	}
	h.Note(unknownSource, transform.Subject(cell), h.m.Day, func() string {
		return fmt.Sprintf("source %q is not known, want 1, 2 or 3: taken as not told", transform.Cut(cell, 40))
	})
	return sms.SourceNotReported
}
