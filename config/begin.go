package config

import (
	"fmt"
	"strconv"
	"strings"

	"smsetl/sms"
)

// SchemaComment is the first line of a file whose editor shall know the schema.
const SchemaComment = "# yaml-language-server: $schema=docs/schedules.schema.json"

// Beginning is what somebody wants of a first configuration.
type Beginning struct {
	Vendors  []Vendor
	Accounts map[sms.Vendor][]string // "": what the vendor's variable says, where it has one
	Zone     sms.Zone                // of the vendors' days
	From     sms.Day                 // the first one; 0 leaves it to the default
}

// NeedsAccounts gives the key under which accounts of the vendor have to be named, or "" where the credentials say which they are.
func (v Vendor) NeedsAccounts() string {
	for _, k := range v.New().Keys() {
		if k.Accounts && k.Required {
			return k.Name
		}
	}
	return ""
}

// Begin writes a first configuration, with a source for each vendor and a schedule for those that can be asked. Secrets come from
// variables of the environment.
func Begin(b Beginning) string {
	var out strings.Builder
	line := func(text, doc string) {
		if doc != "" {
			text = fmt.Sprintf("%-44s  # %s", text, doc)
		}
		out.WriteString(text + "\n")
	}
	line(SchemaComment, "")
	line("# What is asked for, and when. `etl validate` checks this file by itself, `etl doctor` with its database and vendors.", "")
	line("# ${NAME} reads an environment variable, ${NAME:-default} with a default, file:/run/secrets/x reads a file.", "")
	line("sources:", "")
	var asked []string
	for _, v := range b.Vendors {
		name := string(v.Name) + "-main"
		if !v.IsImported {
			asked = append(asked, name)
		}
		line("  - name: "+name, "unique; the name in logs, tables and on the command line")
		line("    vendor: "+string(v.Name), "")
		var further []string
		for _, k := range v.New().Keys() {
			value := k.Example
			if ids := b.Accounts[v.Name]; k.Accounts && len(ids) > 0 {
				quoted := make([]string, len(ids))
				for i, id := range ids {
					quoted[i] = strconv.Quote(id)
				}
				value = "[" + strings.Join(quoted, ", ") + "]"
			}
			if value == "" {
				further = append(further, k.Name)
				continue
			}
			line("    "+k.Name+": "+value, k.Doc)
		}
		line(fmt.Sprintf("    time_zone: %q", b.Zone), "of the vendor's day")
		if b.From != 0 {
			line("    history_start: "+b.From.String(), "the first day that is expected to be there")
		} else {
			line("    # history_start: 2024-01-01", "the first day that is expected to be there; default: 365 days ago")
		}
		line("    # also: "+strings.Join(further, ", "), "")
	}
	if len(asked) > 0 {
		line("schedules:", "")
		line("  - name: daily", "")
		line(`    cron: "30 2 * * *"`, "five fields, or @every 1h, @daily")
		line("    time_zone: Asia/Shanghai", "in which cron is read; default: UTC")
		line("    sources: ["+strings.Join(asked, ", ")+"]", "")
	}
	return out.String()
}
