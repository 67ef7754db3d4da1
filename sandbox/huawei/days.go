package huawei

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// DailyExports gives the exports that somebody made of a console, one for each of the last days in UTC and one for today until the last full
// hour, each of a look of its own, and a statistics page of one of the days. The messages of a day are the same whenever they are exported,
// and later exports know more of them. Of the options Seed, PerDay, Delivered and Apps count.
func DailyExports(o ConsoleOptions, days int, now time.Time) ([]ExportFile, error) {
	now = now.UTC().Truncate(time.Hour)
	today := now.Truncate(consoleDay)
	var all []ExportFile
	first := today.AddDate(0, 0, -days)
	for day := first; day.Before(now); day = day.Add(consoleDay) {
		seed := o.Seed<<16 + uint64(day.Unix()/86400)
		console := NewConsole(ConsoleOptions{Seed: seed, First: day.Format(time.DateOnly), Days: 1, PerDay: o.PerDay, Delivered: o.Delivered, Apps: o.Apps})
		e := Export{From: day, To: day.Add(consoleDay), At: now, Hours: 8, Numbers: 1}
		if now.Before(e.To) {
			e.To = now
		}
		if day.Equal(first) {
			e.From = day.Add(16 * time.Hour) // where a day of +08:00 begins
		}
		if day.Day()%3 != 0 { // every third one looks as a plain one does
			e = RandomLook(rand.New(rand.NewPCG(seed, 1)), e)
		}
		f, err := console.Export(e)
		if err != nil {
			return nil, err
		}
		all = append(all, f)
		if day.Equal(today.AddDate(0, 0, -5)) {
			page, err := console.Statistics(Export{From: day, To: day.Add(consoleDay), At: now, Hourly: true})
			if err != nil {
				return nil, err
			}
			page.Name = "Statistics_" + day.Format("20060102") + ".csv"
			all = append(all, page)
		}
	}
	return all, nil
}

// DailySourceYAML gives the entry of a schedules.yaml for the exports of DailyExports, with a folder that is watched for them; "" for none.
func DailySourceYAML(o ConsoleOptions, days int, now time.Time, dropDir string) string {
	var apps []string
	for _, a := range NewConsole(ConsoleOptions{Days: 1, PerDay: 1, Apps: o.Apps}).o.Apps {
		apps = append(apps, strconv.Quote(a.Name))
	}
	// The first day of UTC begins in the middle of one of +08:00.
	first := now.UTC().Truncate(consoleDay).AddDate(0, 0, 1-days)
	entry := fmt.Sprintf(`  - name: huawei-sandbox
    vendor: huawei
    applications: [%s]
    phone_key: a key for the sandbox alone
    history_start: %s
    export_time_zone: "+08:00"
    numbers: mainland
`, strings.Join(apps, ", "), first.Format(time.DateOnly))
	if dropDir != "" {
		entry += "    drop_dir: " + strconv.Quote(dropDir) + "\n"
	}
	return entry
}
