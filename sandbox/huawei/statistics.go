package huawei

import (
	"fmt"
	"time"
)

// Statistics exports the page of statistics: totals of days or hours in UTC, over all applications or one, as the platform knows them at e.At.
// Sending failures of the mainland page leave terminal errors out, which it counts apart.
func (c *Console) Statistics(e Export) (ExportFile, error) {
	if e.To.Sub(e.From) > 31*consoleDay {
		return ExportFile{}, ErrConsoleWindow
	}
	columns := []exportColumn{
		{"day", "Date", "日期"}, {"submitted", "Total Submit", "提交总量"}, {"delivered", "Total sent successfully", "发送成功"},
		{"failed", "Total sending failures", "发送失败"}, {"terminal", "Terminal errors", "终端错误"}, {"sending", "Still sending", "发送中"},
		{"rate", "Sending success rate", "发送成功率"},
	}
	if !e.Chinese {
		columns = append(columns[:4], exportColumn{"refused", "Total submission failures", "提交失败"})
	}
	var rows [][]string
	step := consoleDay
	if e.Hourly {
		step = time.Hour
	}
	for from := e.From; from.Before(e.To); from = from.Add(step) {
		rows = append(rows, c.statistics(&e, columns, from, from.Add(step)))
	}
	sheet := sheet{columns: columns, rows: rows, export: &e}
	data, err := sheet.write()
	name := "Statistics.csv"
	if e.XLSX {
		name = "Statistics.xlsx"
	}
	return ExportFile{Export: e, Name: name, Data: data, Rows: len(rows)}, err
}

// statistics gives the row of a day or an hour.
func (c *Console) statistics(e *Export, columns []exportColumn, from, to time.Time) []string {
	counts := make(map[string]int)
	for i := range c.messages {
		m := &c.messages[i]
		if m.sentAt.Before(from) || !m.sentAt.Before(to) || e.App != "" && e.App != c.o.Apps[m.app].Name {
			continue
		}
		counts["submitted"]++
		status, source := m.at(e.At)
		switch {
		case status == "":
			counts["sending"]++
		case status == "DELIVRD":
			counts["delivered"]++
		case source == 3 && !e.Chinese:
			counts["refused"]++
		case e.Chinese && (status == "UNDELIV" || status == "EXPIRED"):
			counts["terminal"]++
		default:
			counts["failed"]++
		}
	}
	var row []string
	for _, column := range columns {
		switch column.name {
		case "day":
			form := time.DateOnly
			if e.Hourly {
				form = time.DateTime
			}
			row = append(row, from.Format(form))
		case "rate":
			row = append(row, fmt.Sprintf("%.2f%%", 100*float64(counts["delivered"])/float64(max(counts["submitted"], 1))))
		default:
			row = append(row, fmt.Sprint(counts[column.name]))
		}
	}
	return row
}
