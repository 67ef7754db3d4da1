package tencent

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"smsetl/extract"
	"smsetl/sms"
)

// rule is what a code of the vendor means to us.
type rule struct {
	prefix   string
	kind     error
	isRetry  bool
	treating string // what to do, for people; clock is replaced by the clocks' difference
}

const (
	clock = "check this machine's clock"
	keys  = "check secret_id and secret_key"
	bug   = "the request is wrong: a setting, or an error in this program"

	region      = "the SMS API is not in the region that is set"
	permissions = "a CAM permission is missing: grant the secret's user sms:SendStatusStatistics and sms:CallbackStatusStatistics"
)

// rules say what to do about the vendor's codes; the first prefix that fits decides. Stopping one application too many
// costs its data, asking one too many costs a call: what may be about one application stops that one only.
var rules = []rule{
	{"RequestLimitExceeded", sms.ErrTemporary, true, "asked too often"}, // and its children .UinLimitExceeded, .IPLimitExceeded ...
	{"LimitExceeded", sms.ErrTemporary, true, "a quota is used up"},
	{"ServiceUnavailable", sms.ErrTemporary, true, ""},
	{"ResourceUnavailable", sms.ErrTemporary, true, ""},
	{"ResourceInsufficient", sms.ErrTemporary, true, ""},

	{"InternalError.RequestTimeException", sms.ErrSourceDenied, false, clock},
	{"InternalError.RestApiInterfaceNotExist", sms.ErrRefused, false, bug},
	{"InternalError.SigFieldMissing", sms.ErrRefused, false, bug},
	{"InternalError.SigVerificationFail", sms.ErrRefused, false, bug},
	{"InternalError", sms.ErrTemporary, true, ""},

	{"FailedOperation.FailResolvePacket", sms.ErrRefused, false, bug},
	{"FailedOperation.JsonParseFail", sms.ErrRefused, false, bug},
	{"FailedOperation.ProhibitSubAccountUse", sms.ErrSourceDenied, false, "use a secret of the main account"},
	{"FailedOperation", sms.ErrTemporary, true, ""},

	{"AuthFailure.SignatureExpire", sms.ErrSourceDenied, false, clock},
	{"AuthFailure.UnauthorizedOperation", sms.ErrSourceDenied, false, permissions},
	{"AuthFailure", sms.ErrSourceDenied, false, keys},

	// The secret does not belong to this application; to others it may.
	{"UnauthorizedOperation.SmsSdkAppIdVerifyFail", sms.ErrAccountDenied, false, "the secret may not see this sdk_app_id"},
	{"UnauthorizedOperation.SdkAppIdIsDisabled", sms.ErrAccountDenied, false, "the vendor has closed this application"},
	// Permissions can be granted by application.
	{"UnauthorizedOperation.RequestPermissionDeny", sms.ErrAccountDenied, false, permissions},
	{"UnauthorizedOperation.RequestIpNotInWhitelist", sms.ErrSourceDenied, false, "allow this machine's address in the console"},
	{"UnauthorizedOperation.ServiceSuspendDueToArrears", sms.ErrSourceDenied, false, "the account is in arrears"},
	{"UnauthorizedOperation", sms.ErrSourceDenied, false, keys},
	{"InvalidParameterValue.SdkAppIdNotExist", sms.ErrAccountDenied, false, "check sdk_app_ids"},
	{"InvalidParameter.AppidAndBizId", sms.ErrAccountDenied, false, "the sdk_app_id is not this account's"},
	{"IpInBlacklist", sms.ErrSourceDenied, false, "the vendor blocks this machine's address"},
	{"IpNotInWhitelist", sms.ErrSourceDenied, false, "allow this machine's address in the console"},

	{"InvalidParameterValue.BeginTimeVerifyFail", errTimes, false, bug},
	{"InvalidParameterValue.EndTimeVerifyFail", errTimes, false, bug},
	{"InvalidParameter", sms.ErrRefused, false, bug},
	{"UnsupportedRegion", sms.ErrRefused, false, region},
	{"InvalidAction", sms.ErrRefused, false, "check base_url: " + bug},
	{"", sms.ErrRefused, false, bug}, // MissingParameter, UnknownParameter, NoSuchVersion, ActionOffline ... and what is not known
}

func ruleOf(code string) rule {
	for _, r := range rules {
		if strings.HasPrefix(code, r.prefix) {
			return r
		}
	}
	panic("unreachable: the last prefix is empty")
}

// errTimes is of calls whose BeginTime or EndTime the vendor does not take.
var errTimes = fmt.Errorf("%w for its times", sms.ErrRefused)

// isLimit says whether the code means that requests come too fast.
func isLimit(code string) bool { return strings.HasPrefix(code, "RequestLimitExceeded") }

// judge gives the error of one try, nil for an answer to be understood. What is worth another try has the mark of
// extract.Again. The body decides before the status does: the vendor's errors stand under 200, and sometimes elsewhere.
func (c *Client) judge(x *exchange, e envelope, peeked error, action string) error {
	a := x.answer
	switch {
	case errors.Is(x.err, extract.ErrTooLarge):
		// No answer of the vendor's is that large.
		return extract.Retryable(a, fmt.Errorf("%w: %v", sms.ErrMalformed, x.err))
	case x.err != nil:
		return extract.Retryable(a, x.err)
	case peeked == nil && e.hasError && e.code != "":
		return c.judgeCode(e, a)
	case extract.IsTemporary(a.Status):
		return extract.Again(fmt.Errorf("%w: HTTP %d", sms.ErrTemporary, a.Status), extract.RetryAfter(a.Header, time.Now()))
	case a.Status/100 == 3:
		return fmt.Errorf("%w: HTTP %d: a redirect, which is not followed: set base_url to the final address", sms.ErrRefused, a.Status)
	case a.Status/100 == 4:
		return fmt.Errorf("%w: HTTP %d without a code of the vendor: check base_url and what stands between", sms.ErrRefused, a.Status)
	}
	var why error
	switch {
	case a.Status != http.StatusOK:
		why = fmt.Errorf("HTTP %d instead of 200", a.Status)
	case peeked != nil:
		why = peeked
	case e.hasError:
		why = errors.New("an error without a code")
	case e.sums == nil:
		// Missing is not zero: the SDK would take this for a success without numbers.
		why = fmt.Errorf("the answer holds no %s", action)
	default:
		return nil
	}
	return extract.AgainSaying(fmt.Errorf("%w: %w", sms.ErrMalformed, why), 0, said(e, peeked, a))
}

// said gives the hash of what an answer says, without its RequestId.
func said(e envelope, peeked error, a *extract.Answer) sms.Hash {
	switch {
	case peeked != nil:
		return a.Said()
	case e.hasError && e.requestID != "":
		return sha256.Sum256([]byte(e.code + "\n" + strings.ReplaceAll(e.message, e.requestID, "")))
	case e.hasError:
		return sha256.Sum256([]byte(e.code + "\n" + e.message))
	default:
		return sha256.Sum256(e.sums)
	}
}

// judgeCode judges an error in the vendor's own words.
func (c *Client) judgeCode(e envelope, a *extract.Answer) error {
	r := ruleOf(e.code)
	text := c.Scrub.Text(e.code)
	if e.message != "" {
		text += fmt.Sprintf(", %q", c.Scrub.Text(e.message))
	}
	if r.treating != "" {
		text += ": " + r.treating
	}
	switch r.treating {
	case clock:
		text += skew(a)
	case region:
		text += fmt.Sprintf(": check the setting region, which is %q", c.region)
	}
	err := fmt.Errorf("%w: %s", r.kind, text)
	switch {
	case isLimit(e.code):
		return extract.Again(err, max(time.Second, extract.RetryAfter(a.Header, time.Now())))
	case r.isRetry && a.Status == http.StatusOK:
		return extract.AgainSaying(err, extract.RetryAfter(a.Header, time.Now()), said(e, nil, a))
	case r.isRetry:
		return extract.Again(err, extract.RetryAfter(a.Header, time.Now()))
	default:
		return err
	}
}

// skew tells how far this machine's clock is from the vendor's, as far as its Date header shows.
func skew(a *extract.Answer) string {
	theirs, err := http.ParseTime(a.Header.Get("Date"))
	if err != nil {
		return ""
	}
	d := time.Since(theirs).Round(time.Second) // the clock that signatures are made with, whatever Options.Now says
	if d < 0 {
		return fmt.Sprintf(", which is %s behind the vendor's", -d)
	}
	return fmt.Sprintf(", which is %s ahead of the vendor's", d)
}
