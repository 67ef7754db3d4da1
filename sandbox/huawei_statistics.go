package sandbox

import (
	"fmt"
	"time"
)

// Statistics exports the page of statistics: totals of days in UTC, over all applications, as the platform knows them at e.At.
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
	for day := e.From; day.Before(e.To); day = day.Add(consoleDay) {
		rows = append(rows, c.statistics(&e, columns, day))
	}
	sheet := sheet{columns: columns, rows: rows, export: &e}
	data, err := sheet.write()
	name := "Statistics.csv"
	if e.XLSX {
		name = "Statistics.xlsx"
	}
	return ExportFile{Export: e, Name: name, Data: data, Rows: len(rows)}, err
}

// statistics gives the row of a day.
func (c *Console) statistics(e *Export, columns []exportColumn, day time.Time) []string {
	counts := make(map[string]int)
	for i := range c.messages {
		m := &c.messages[i]
		if m.sentAt.Before(day) || !m.sentAt.Before(day.Add(consoleDay)) || e.App != "" && e.App != c.o.Apps[m.app].Name {
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
			row = append(row, day.Format(time.DateOnly))
		case "rate":
			row = append(row, fmt.Sprintf("%.2f%%", 100*float64(counts["delivered"])/float64(max(counts["submitted"], 1))))
		default:
			row = append(row, fmt.Sprint(counts[column.name]))
		}
	}
	return row
}
