package huawei

import (
	"fmt"
	"slices"
	"strings"
)

// Kind says what a file or push holds.
type Kind string

// The kinds.
const (
	SendingDetails Kind = "sending_details" // a row for each message, or for each piece of one
	Statistics     Kind = "statistics"      // totals of days or hours
	StatusReports  Kind = "status_reports"  // pushed: a report for each piece
)

// A column of ours: its name in configuration and in the canonical form, and the headers by which it is recognised, the
// best first. Where a file has two of them the better one is read: an id outlives a name. No list of the real headers is
// published; these are the words of the vendor's pages in both languages, and what `columns:` adds.
type column struct {
	name    string
	headers []string
}

// The columns of sending details, in the order of the canonical form, which starts with the number of the row in the file.
const (
	colID = iota
	colNumber
	colDial // derived from the number
	colSentAt
	colReportedAt
	colApplication
	colTemplate
	colSignature
	colType
	colCountry
	colResult
	colStatus
	colSource
	colCharged
	colSegments
	colPiece
	colPieces
	detailColumns
)

var details = [detailColumns]column{
	colID: {"id", []string{"SMS Message ID", "smsMsgId", "SMS ID", "Message ID", "msgId", "短信ID", "消息ID", "短信唯一标识", "短信标识", "短信流水号", "流水号"}},
	colNumber: {"number", []string{"Mobile Number", "Recipient Number", "Phone Number", "Recipient", "Receiver", "Receiving Number", "Mobile", "Phone", "To",
		"手机号码", "手机号", "接收号码", "接收方号码", "接收手机号", "接收方", "被叫号码", "号码"}},
	colDial: {name: "dial"},
	colSentAt: {"sent_at", []string{"Sending Time", "Sent At", "Send Time", "Time Sent", "Sent", "Sent On", "Submitted At", "Submission Time", "Submit Time",
		"发送时间", "提交时间", "短信发送时间", "下发时间"}},
	colReportedAt: {"reported_at", []string{"Status Report Time", "Report Time", "Receipt Time", "Reported At", "Status Time", "Update Time", "Updated At", "Receiving Time", "Received At", "Delivery Time",
		"状态报告时间", "回执时间", "状态更新时间", "更新时间", "接收时间", "送达时间"}},
	colApplication: {"application", []string{"Application ID", "APP ID", "APP_Key", "APP Key", "Application Key", "Application Name", "Application", "App Name", "App",
		"应用ID", "应用标识", "应用名称", "所属应用", "应用", "短信应用"}},
	colTemplate:  {"template", []string{"Template ID", "Template Code", "Template Name", "Template", "SMS Template", "模板ID", "模板编号", "模板名称", "模板", "短信模板"}},
	colSignature: {"signature", []string{"Signature Name", "Signature", "SMS Signature", "签名名称", "签名", "短信签名"}},
	colType:      {"type", []string{"SMS Type", "Message Type", "Type", "短信类型", "消息类型", "业务类型", "类型"}},
	colCountry: {"country", []string{"Country Code", "Country/Region", "Country or Region", "Country", "Destination Country", "Destination", "Region", "Country/Region Name",
		"国家码", "国家/地区", "国家或地区", "国家地区", "目的国家", "国家", "地区"}},
	colResult:  {"result", []string{"Sending Result", "Send Result", "Sending Status", "Send Status", "SMS Status", "Result", "发送结果", "发送状态", "短信状态", "结果", "状态"}},
	colStatus:  {"status", []string{"Status Code", "Error Code", "Status Report", "Result Code", "Status Report Code", "Status", "状态码", "错误码", "状态报告", "回执状态码", "失败原因码", "结果码"}},
	colSource:  {"source", []string{"Status Source", "Source", "Status Code Source", "状态来源", "状态码来源", "来源"}},
	colCharged: {"charged", []string{"Charged", "Charged or Not", "Whether Charged", "Whether to Charge", "Is Charged", "Billed", "Charging", "是否计费", "是否收费", "计费", "计费标识"}},
	colSegments: {"segments", []string{"Charged SMSs", "Number of Charged SMSs", "Billed SMSs", "Segments", "Number of Segments", "SMS Count", "Number of SMSs", "SMS Quantity", "Charged Quantity",
		"计费条数", "短信条数", "拆分条数", "条数"}},
	colPiece:  {"piece", []string{"Sequence", "Segment No", "Segment Number", "Piece", "Long SMS Sequence", "短信序号", "分段序号", "长短信序号"}},
	colPieces: {"pieces", []string{"Total", "Total Segments", "Pieces", "Long SMS Total", "短信总数", "分段总数", "长短信总数", "总条数"}},
}

// The columns of the statistics pages, in the order of the canonical form.
const (
	statDay = iota
	statApplication
	statTemplate
	statSignature
	statType
	statCountry
	statSubmitted
	statAccepted
	statRefused
	statDelivered
	statFailed
	statTerminal
	statSending
	statisticColumns
)

var statistics = [statisticColumns]column{
	statDay:         {"day", []string{"Date", "Day", "Time", "Statistics Date", "Statistical Time", "Sent", "日期", "时间", "统计日期", "统计时间", "发送日期", "发送时间"}},
	statApplication: {"application", details[colApplication].headers},
	statTemplate:    {"template", details[colTemplate].headers},
	statSignature:   {"signature", details[colSignature].headers},
	statType:        {"type", details[colType].headers},
	statCountry:     {"country", details[colCountry].headers},
	statSubmitted:   {"submitted", []string{"Total Submit", "Total Submissions", "Submit Total", "提交总量", "提交总数", "发送总量", "总提交量"}},
	statAccepted:    {"accepted", []string{"Total Submitted", "Submitted Successfully", "提交成功", "提交成功总量", "提交成功量", "提交成功总数"}},
	statRefused:     {"refused", []string{"Total Submission Failures", "Submission Failures", "提交失败", "提交失败总量", "提交失败量", "提交失败总数"}},
	statDelivered:   {"delivered", []string{"Total Sent Successfully", "Sent Successfully", "Successfully Sent", "发送成功", "发送成功总量", "发送成功量", "发送成功总数"}},
	statFailed:      {"failed", []string{"Total Sending Failures", "Sending Failures", "Failed to Send", "发送失败", "发送失败总量", "发送失败量", "发送失败总数"}},
	statTerminal:    {"terminal_errors", []string{"Terminal Errors", "Total Terminal Errors", "终端错误", "终端异常", "终端原因失败", "终端失败"}},
	statSending:     {"sending", []string{"Still Sending", "Sending", "Total Sending", "发送中", "发送中总量", "发送中数量"}},
}

// columnsOf gives the columns of a kind.
func columnsOf(kind Kind) []column {
	if kind == Statistics {
		return statistics[:]
	}
	return details[:]
}

// Columns lists the names by which configuration can map the columns of a kind, in the order of the canonical form.
func Columns(kind Kind) []string {
	var names []string
	for _, c := range columnsOf(kind) {
		if c.headers != nil {
			names = append(names, c.name)
		}
	}
	return names
}

// plain gives a header as it is compared: without case, brackets and what stands in them, spaces and punctuation. Full-width
// letters are narrow ones.
func plain(header string) string {
	var b strings.Builder
	depth := 0
	for _, r := range header {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		switch {
		case r == '(' || r == '[' || r == '【':
			depth++
		case r == ')' || r == ']' || r == '】':
			depth = max(depth-1, 0)
		case depth > 0:
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r + 'a' - 'A')
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 0x7f && r != '\u00a0' && r != '\u3000' && r != '\ufeff' && r != '：':
			b.WriteRune(r)
		}
	}
	return b.String()
}

// mapping is `columns:` of the configuration, checked: our column's name to the header in the file.
type mapping map[string]string

func newMapping(columns map[string]string) (mapping, error) {
	known := slices.Concat(Columns(SendingDetails), Columns(Statistics))
	for name, header := range columns {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("columns: %q is no column of ours: want one of %s", name, strings.Join(Columns(SendingDetails), ", "))
		}
		if plain(header) == "" {
			return nil, fmt.Errorf("columns: %s: the header is empty", name)
		}
	}
	return columns, nil
}
