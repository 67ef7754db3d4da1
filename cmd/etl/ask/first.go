// Package ask is what people answer on a terminal, or say in flags.
package ask

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"smsetl/config"
	"smsetl/internal/spelling"
	"smsetl/sms"
)

// First is what a first configuration is made of, in the words of flags.
type First struct {
	Vendor  []string `help:"Whose statistics; repeatable. Without it a terminal is asked." placeholder:"NAME"`
	Account []string `help:"An account, or VENDOR=ACCOUNT where there are several vendors; repeatable." placeholder:"ID"`
	Zone    string   `help:"The zone of the vendors' days." default:"+08:00" placeholder:"OFFSET"`
	From    string   `help:"The first day that is expected to be there: yyyy-MM-dd. Default: 365 days ago." placeholder:"DAY"`
}

// Ask fills it with what somebody types.
func (f *First) Ask(from io.Reader, prompts io.Writer, known []config.Vendor) error {
	in := bufio.NewReader(from)
	question := func(prompt, otherwise string) ([]string, error) {
		if otherwise != "" {
			prompt += " [" + otherwise + "]"
		}
		fmt.Fprint(prompts, prompt+": ")
		text, err := in.ReadString('\n')
		if err != nil && (!errors.Is(err, io.EOF) || text == "") {
			return nil, err
		}
		if strings.TrimSpace(text) == "" {
			text = otherwise
		}
		return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \r\n", r) }), nil
	}
	var err error
	if f.Vendor, err = question("Vendors, of "+strings.Join(names(known), ", "), ""); err != nil {
		return err
	}
	for _, name := range f.Vendor {
		i := slices.Index(names(known), name)
		if i < 0 || known[i].NeedsAccounts() == "" {
			continue
		}
		ids, err := question(name+": "+known[i].NeedsAccounts(), "")
		if err != nil {
			return err
		}
		for _, id := range ids {
			f.Account = append(f.Account, name+"="+id)
		}
	}
	zone, err := question("Zone of the vendors' days", f.Zone)
	f.Zone = strings.Join(zone, "")
	return err
}

// Beginning is what it comes to. Errors name the flag.
func (f *First) Beginning(vendors []config.Vendor) (b config.Beginning, err error) {
	if b.Zone, err = sms.ParseZone(f.Zone); err != nil {
		return b, fmt.Errorf("--zone: %q is no fixed offset: want one such as +08:00", f.Zone)
	}
	if f.From != "" {
		if b.From, err = sms.ParseDay(f.From); err != nil {
			return b, fmt.Errorf("--from: %w", err)
		}
	}
	known := names(vendors)
	if len(f.Vendor) == 0 {
		return b, fmt.Errorf("--vendor is missing: want one or more of %s", strings.Join(known, ", "))
	}
	for _, name := range f.Vendor {
		i := slices.Index(known, name)
		if i < 0 {
			hint := cmp.Or(spelling.Suggest(name, known), "want one of "+strings.Join(known, ", "))
			return b, fmt.Errorf("--vendor: there is no vendor %q: %s", name, hint)
		}
		b.Vendors = append(b.Vendors, vendors[i])
	}
	b.Accounts = map[sms.Vendor][]string{}
	for _, account := range f.Account {
		vendor, id, isNamed := strings.Cut(account, "=")
		switch {
		case !isNamed && len(b.Vendors) == 1:
			vendor, id = f.Vendor[0], account
		case !slices.Contains(f.Vendor, vendor):
			return b, fmt.Errorf("--account: whose is %q? Want VENDOR=ACCOUNT, with a vendor of --vendor", account)
		}
		b.Accounts[sms.Vendor(vendor)] = append(b.Accounts[sms.Vendor(vendor)], id)
	}
	for _, v := range b.Vendors {
		if key := v.NeedsAccounts(); key != "" && len(b.Accounts[v.Name]) == 0 {
			return b, fmt.Errorf("--account is missing for %s: its %s, such as --account %s=ID", v.Name, key, v.Name)
		}
	}
	return b, nil
}

func names(vendors []config.Vendor) []string {
	all := make([]string, len(vendors))
	for i := range vendors {
		all[i] = string(vendors[i].Name)
	}
	return all
}
