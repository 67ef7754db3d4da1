package pipeline

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"go.uber.org/zap"

	"smsetl/config"
	"smsetl/sms"
	"smsetl/vendors"
)

// Namer is a client whose vendor says what its templates and labels are called.
type Namer interface {
	Names(ctx context.Context) ([]sms.Name, error)
}

// SourceNames is what asking a source for names came to.
type SourceNames struct {
	Source  string `json:"source"`
	Names   int    `json:"names"`             // that the vendor gave
	Changed int64  `json:"changed"`           // that are new or other than before
	Refused string `json:"refused,omitempty"` // why it gave none
}

// RefreshNames asks every source that is not paused and whose vendor says so what its templates and labels are called. That a vendor
// gives no names is in the report and no error: names are a comfort, and numbers do not wait for them.
func (p *Pipeline) RefreshNames(ctx context.Context) ([]SourceNames, error) {
	if err := p.Register(ctx); err != nil {
		return nil, err
	}
	all := []SourceNames{}
	err := p.eachUnpaused(ctx, func(source config.Source, client vendors.Client) error {
		namer, canSay := client.(Namer)
		if !canSay {
			return nil
		}
		report := SourceNames{Source: source.Name}
		said, err := namer.Names(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			report.Refused = err.Error()
		default:
			names := ofAccounts(said, source.Accounts())
			report.Names = len(said)
			if report.Changed, err = p.Warehouse.PutNames(ctx, sms.NamedByVendor, names, p.Now()); err != nil {
				return err
			}
		}
		all = append(all, report)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// ofAccounts gives the names as those of each account of a source: other sources of the vendor may mean something else by the same ID.
func ofAccounts(names []sms.Name, accounts []sms.Account) (all []sms.Name) {
	for _, n := range names {
		n.Name = ReadableName(n.Name)
		for _, a := range accounts {
			if n.Account = a.ID; n.Name != "" {
				all = append(all, n)
			}
		}
	}
	return all
}

// ReadableName gives a name as it is kept: text in one line, at most sms.MaxName bytes of it.
func ReadableName(name string) string {
	name = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(name, "?"), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if len(name) > sms.MaxName {
		name = strings.ToValidUTF8(name[:sms.MaxName], "")
	}
	return name
}

// NameTask refreshes names again and again, and says once what a source refuses.
type NameTask struct {
	mu   sync.Mutex
	said map[string]string
}

// Do refreshes the names of a configuration.
func (t *NameTask) Do(ctx context.Context, p *Pipeline) error {
	all, err := p.RefreshNames(ctx)
	if err != nil {
		return fmt.Errorf("names: %w", err)
	}
	t.say(all, p.Log)
	return nil
}

func (t *NameTask) say(all []SourceNames, log *zap.Logger) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.said == nil {
		t.said = map[string]string{}
	}
	for _, s := range all {
		if s.Refused != "" && t.said[s.Source] == "" {
			log.Warn("the vendor does not say what its templates and labels are called; names can be imported (etl names import)",
				zap.String("source", s.Source), zap.String("refused", s.Refused))
		}
		t.said[s.Source] = s.Refused
	}
}
