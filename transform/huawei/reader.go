// Package huawei says what the stored forms of Huawei's files and pushes mean, of whose messages the facts are made.
package huawei

import (
	"smsetl/sms"
	"smsetl/transform"
)

// Reader is what Huawei's stored forms say of the facts that are counted from them.
var Reader = transform.Reader{Fields: measureFields, ReasonFields: reasonFields, Reasons: statuses}

// The checks of Huawei's stored forms alone.
var (
	badTime        = transform.Check{Name: "unreadable_time", Severity: sms.Warning} // a time beside the time of sending cannot be read
	unknownCountry = transform.Check{Name: "unknown_country", Severity: sms.Warning} // a country that no table knows
	unknownCharged = transform.Check{Name: "unknown_charged", Severity: sms.Warning} // whether a message was charged cannot be read
	unknownResult  = transform.Check{Name: "unknown_result", Severity: sms.Warning}  // a sending result that no table knows, beside a status that is
	unknownSource  = transform.Check{Name: "unknown_source", Severity: sms.Info}     // a source of a status that no table knows
	resultDiffers  = transform.Check{Name: "result_differs", Severity: sms.Warning}  // the sending result and the status code contradict each other
)
