package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"smsetl/sandbox/traffic"
)

// cutRows gives an answer of EngageLab with the rows of fewer days, and with the count of these where the answer has one, written
// as it writes it. The rows and all the rest keep their bytes.
func cutRows(body []byte, first, last string) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var members []string
	var names []string
	kept := -1
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		if name == "result" {
			if value, kept, err = rowsOf(value, first, last); err != nil {
				return nil, err
			}
		}
		names, members = append(names, fmt.Sprint(name)), append(members, string(value))
	}
	if kept < 0 {
		return nil, errNoRows
	}
	out := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		if name == "count" || name == "total" {
			members[i] = likeNumber(members[i], kept)
		}
		out = fmt.Appendf(out, "%q:%s", name, members[i])
	}
	return append(out, '}'), nil
}

// rowsOf gives the rows of the days.
func rowsOf(result json.RawMessage, first, last string) (kept json.RawMessage, n int, err error) {
	var rows []json.RawMessage
	if err := json.Unmarshal(result, &rows); err != nil {
		return nil, 0, errNoRows
	}
	kept = json.RawMessage{'['}
	for _, r := range rows {
		var day struct {
			Date string `json:"send_date"`
		}
		if err := json.Unmarshal(r, &day); err != nil {
			return nil, 0, err
		}
		date := day.Date[:min(len(day.Date), len("2006-01-02"))] // a time may follow
		if date < first || date > last {
			continue
		}
		if n > 0 {
			kept = append(kept, ',')
		}
		kept, n = append(kept, r...), n+1
	}
	return append(kept, ']'), n, nil
}

// likeNumber writes a number as another one was written: bare, or as a text.
func likeNumber(was string, n int) string {
	if len(was) > 0 && was[0] == '"' {
		return strconv.Quote(strconv.Itoa(n))
	}
	if was == "null" {
		return was
	}
	return strconv.Itoa(n)
}

// daysBetween counts days, both ends included; a large number for what are no days.
func daysBetween(first, last string) int {
	from, err := traffic.ParseDay(first)
	to, err2 := traffic.ParseDay(last)
	if err != nil || err2 != nil {
		return 1 << 20
	}
	return int(to-from) + 1
}
