package huawei

import (
	"strings"

	"smsetl/sms"
)

// results are the values of the column "sending result": its numbers, and the console's words in both languages.
// Delivered or failed within 3 minutes or after them is the same.
var results = map[string]sms.Outcome{
	"0": sms.OutcomeDelivered, "3": sms.OutcomeDelivered,
	"1": sms.OutcomeSendFailed, "4": sms.OutcomeSendFailed,
	"2": sms.OutcomePending,

	"successful": sms.OutcomeDelivered, "success": sms.OutcomeDelivered, "succeeded": sms.OutcomeDelivered, "delivered": sms.OutcomeDelivered,
	"sentsuccessfully": sms.OutcomeDelivered, "成功": sms.OutcomeDelivered, "发送成功": sms.OutcomeDelivered, "已送达": sms.OutcomeDelivered,
	"3分钟内成功": sms.OutcomeDelivered, "3分钟后成功": sms.OutcomeDelivered,

	"failed": sms.OutcomeSendFailed, "failure": sms.OutcomeSendFailed, "fail": sms.OutcomeSendFailed, "sendingfailed": sms.OutcomeSendFailed,
	"失败": sms.OutcomeSendFailed, "发送失败": sms.OutcomeSendFailed, "3分钟内失败": sms.OutcomeSendFailed, "3分钟后失败": sms.OutcomeSendFailed,

	"sending": sms.OutcomePending, "waiting": sms.OutcomePending, "pending": sms.OutcomePending, "waitingforreport": sms.OutcomePending,
	"发送中": sms.OutcomePending, "等待回执": sms.OutcomePending, "等待运营商返回": sms.OutcomePending, "等待中": sms.OutcomePending,
}

// resultOf reads the column. The empty cell is no outcome and no mistake.
func resultOf(cell []byte) (sms.Outcome, bool) {
	if len(cell) == 0 {
		return 0, true
	}
	if len(cell) == 1 {
		switch cell[0] { // without looking into the map
		case '0', '3':
			return sms.OutcomeDelivered, true
		case '1', '4':
			return sms.OutcomeSendFailed, true
		case '2':
			return sms.OutcomePending, true
		}
	}
	outcome, ok := results[plainWord(string(cell))]
	return outcome, ok
}

// messageTypes are the kinds of SMS: the numbers of the export, the words of the console in both languages and the names of the
// API, so that a message has one type whatever file it came in.
var messageTypes = func() map[string]sms.Key {
	all := make(map[string]sms.Key)
	for name, words := range map[string]string{
		"verification_code": "1 verificationcode verificationcodesms verificationcodetype verifycodetype verifycode code otp 验证码 验证码类 验证码短信",
		"promotion":         "2 promotion promotionsms promotional promotionalsms promotiontype marketing 推广 推广类 推广短信 营销 营销类",
		"notification":      "3 notification notificationsms notice notifytype notify 通知 通知类 通知短信",
	} {
		for word := range strings.FieldsSeq(words) {
			all[word] = sms.Named(name)
		}
	}
	return all
}()

// sources are the words for who made a status up.
var sources = map[string]sms.StatusSource{
	"smsplatform": sms.SourceMadeUp, "platform": sms.SourceMadeUp, "短信平台": sms.SourceMadeUp,
	"smsc": sms.SourceCarrier, "supplier": sms.SourceCarrier, "supplierplatform": sms.SourceCarrier, "carrier": sms.SourceCarrier,
	"短信中心": sms.SourceCarrier, "供应商": sms.SourceCarrier, "运营商": sms.SourceCarrier,
	"huawei": sms.SourcePlatform, "huaweiplatform": sms.SourcePlatform, "华为": sms.SourcePlatform, "华为平台": sms.SourcePlatform,
}

// charged reads whether a message was charged. The number is inverted: 0 is charged, 1 is not.
func charged(cell []byte) (isCharged, ok bool) {
	switch plainWord(string(cell)) {
	case "0", "charged", "yes", "y", "true", "billed", "是", "计费", "已计费", "收费", "已收费":
		return true, true
	case "1", "notcharged", "uncharged", "no", "n", "false", "notbilled", "free", "否", "不计费", "未计费", "不收费", "免费":
		return false, true
	default:
		return false, false
	}
}

// plainWord gives a word as it is compared: without case, spaces and punctuation.
func plainWord(word string) string {
	plain := true
	for i := range len(word) {
		c := word[i]
		plain = plain && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 0x80)
	}
	if plain {
		return word
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 0x80:
			return r
		default:
			return -1
		}
	}, word)
}
