package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"smsetl/load"
	"smsetl/queue"
	"smsetl/sms"
	"smsetl/web"
)

// rule is an alert as Prometheus reads it.
type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func alertRules(t *testing.T) []rule {
	t.Helper()
	data, err := os.ReadFile("../deploy/prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string `yaml:"name"`
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	var all []rule
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 15 {
		t.Fatalf("only %d alerts", len(all))
	}
	return all
}

// Whoever is woken finds a page that says what to do, and no page is about an alert that does not exist.
func TestEveryAlertHasItsPage(t *testing.T) {
	pages, err := filepath.Glob("../docs/runbook/*.md")
	if err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile("../docs/runbook/README.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{"../docs/runbook/README.md": true}
	seen := map[string]bool{}
	for _, r := range alertRules(t) {
		if seen[r.Alert] || !regexp.MustCompile(`^Sms[A-Z][A-Za-z]+$`).MatchString(r.Alert) {
			t.Errorf("%s: not a name of its own", r.Alert)
		}
		seen[r.Alert] = true
		if !slices.Contains([]string{"critical", "warning"}, r.Labels["severity"]) || r.Annotations["summary"] == "" {
			t.Errorf("%s: severity %q, summary %q", r.Alert, r.Labels["severity"], r.Annotations["summary"])
		}
		if _, err := time.ParseDuration(r.For); r.For != "" && err != nil {
			t.Errorf("%s: for: %v", r.Alert, err)
		}
		page := "../" + r.Annotations["runbook_url"]
		named[page] = true
		text, err := os.ReadFile(page)
		if err != nil {
			t.Errorf("%s: %v", r.Alert, err)
			continue
		}
		for _, want := range []string{"# " + r.Alert + "\n", "\n## What it means\n", "\n## How to look\n", "\n## What to do\n", "\n## When it ends\n"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s lacks %q", page, strings.TrimSpace(want))
			}
		}
		if !strings.Contains(string(index), "| "+r.Alert+" | ["+strings.TrimSuffix(filepath.Base(page), ".md")+"]("+filepath.Base(page)+") |") {
			t.Errorf("%s is not in docs/runbook/README.md", r.Alert)
		}
	}
	for _, page := range pages {
		if !named[filepath.ToSlash(page)] {
			t.Errorf("%s is about no alert", page)
		}
	}
}

var (
	metricName = regexp.MustCompile(`\bsmsetl_[a-z_]+`)
	selector   = regexp.MustCompile(`\b(smsetl_[a-z_]+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`^([a-z_]+)(=~?)"([^"]*)"$`)
	promToken  = regexp.MustCompile(`^(\s+|[a-z_]+|[0-9.]+[smhd]?|"[^"]*"|=~|==|!=|>=|<=|[-+*/(){}\[\],<>=])`)
)

// An alert on a metric that is not there never fires.
func TestAlertsAskForMetricsThatAreThere(t *testing.T) {
	wh, _ := open(t)
	fillLedger(t, wh)
	insertJob(t, wh.Pool())
	metrics := metricsOf(wh)
	metrics.ConfigRead(now, nil)
	metrics.WatchOnly([]string{"huawei-main"})
	metrics.Watched("huawei-main", true, 1, 1)
	metrics.ExpectPushes("huawei-main", "not_kept")
	metrics.ExpectPushes("huawei-main", "wrong_signature")
	if err := wh.Account(t.Context(), "huawei-main", sms.Account{Vendor: sms.Huawei, ID: "shop"}); err != nil {
		t.Fatal(err)
	}
	metrics.Waited(sms.Tencent, "SendStatusStatistics", time.Second)
	metrics.Finished(queue.Item{Source: "engagelab-main"}, load.Result{}, nil)
	_, text := get(t, serve(t, web.Options{Metrics: metrics.Handler()})+"/metrics")
	var all []string
	names := map[string]bool{}
	for sample := range samples(t, text) {
		all = append(all, sample)
		name, _, _ := strings.Cut(sample, "{")
		names[name] = true
	}
	for _, r := range alertRules(t) {
		checkExpression(t, r)
		for _, name := range metricName.FindAllString(r.Expr, -1) {
			if !names[name] {
				t.Errorf("%s: there is no metric %s", r.Alert, name)
			}
		}
		for _, found := range selector.FindAllStringSubmatch(r.Expr, -1) {
			for part := range strings.SplitSeq(found[2], ",") {
				m := matcher.FindStringSubmatch(strings.TrimSpace(part))
				if m == nil {
					t.Errorf("%s: %s is no matcher", r.Alert, part)
					continue
				}
				for value := range strings.SplitSeq(m[3], "|") {
					if !slices.ContainsFunc(all, func(s string) bool {
						return strings.HasPrefix(s, found[1]+"{") && strings.Contains(s, m[1]+`="`+value+`"`)
					}) {
						t.Errorf("%s: no sample of %s has %s=%q", r.Alert, found[1], m[1], value)
					}
				}
			}
		}
	}
}

// checkExpression finds what no parser of PromQL would take: letters and brackets that do not fit, functions nobody knows.
func checkExpression(t *testing.T, r rule) {
	t.Helper()
	words := strings.Fields("max min sum by on unless ignoring and or absent increase delta rate label_replace s m h d " +
		"source vendor account dataset state outcome severity class queue instance")
	var open []string
	pairs := map[string]string{")": "(", "]": "[", "}": "{"}
	for rest := r.Expr; rest != ""; {
		token := promToken.FindString(rest)
		if token == "" {
			t.Errorf("%s: %q is not understood", r.Alert, rest)
			return
		}
		rest = rest[len(token):]
		switch {
		case slices.Contains([]string{"(", "[", "{"}, token):
			open = append(open, token)
		case pairs[token] != "":
			if len(open) == 0 || open[len(open)-1] != pairs[token] {
				t.Errorf("%s: %s closes nothing before %q", r.Alert, token, rest)
				return
			}
			open = open[:len(open)-1]
		case token[0] >= 'a' && token[0] <= 'z' && !strings.HasPrefix(token, "smsetl_") && !slices.Contains(words, token):
			t.Errorf("%s: %s is no word of PromQL that is used here", r.Alert, token)
		}
	}
	if len(open) > 0 {
		t.Errorf("%s: %s is not closed", r.Alert, strings.Join(open, ""))
	}
}
