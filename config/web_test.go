package config_test

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"smsetl/config"
)

var samePrefix = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

func TestWeb(t *testing.T) {
	cfg, err := parseFile(t, "testdata/good.web.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Web{
		Listen: ":8080", AllowedHosts: []string{"etl.example.com", "etl"},
		PasswordHash: config.NewSecret("$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"), Session: 8 * time.Hour,
		Users: []config.WebUser{
			{Name: "anna@example.com", Role: "viewer", PasswordHash: config.NewSecret("$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW")},
			{Name: "otto", Role: "operator", PasswordHash: config.NewSecret("$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW")},
		},
		UserHeader: "X-Forwarded-User", GroupHeader: "X-Forwarded-Groups", Operators: []string{"olga"}, OperatorGroups: []string{"sre", "on call"},
		OIDC: config.OIDC{
			Issuer: "https://login.example.com/realms/main", ClientID: "etl", ClientSecret: config.NewSecret("canary-key-in-file"),
			RedirectURL: "https://etl.example.com/login/callback", GroupsClaim: "roles", Scopes: []string{"groups"},
		},
		TLS:          config.TLS{CertificateFile: "/etc/etl/tls.crt", KeyFile: "tls.key"},
		Proxies:      []netip.Prefix{netip.MustParsePrefix("10.0.0.7/32"), netip.MustParsePrefix("10.1.2.0/24"), netip.MustParsePrefix("::1/128")},
		MetricsToken: config.NewSecret("canary-key-in-file"),
	}
	if diff := cmp.Diff(want, cfg.Web, samePrefix); diff != "" {
		t.Errorf("web (-want +got):\n%s", diff)
	}
	if got := cfg.Notify.Webhook.Reveal(); got != "https://hooks.example.com/services/T/B/x?thread=1" {
		t.Errorf("webhook %q", got)
	}
}

// Credentials that a variable leaves empty are credentials that are not there, and not ones that anybody knows.
func TestEmptyCredentials(t *testing.T) {
	const text = `
sources:
  - {name: a, vendor: engagelab, sms_user: u, sms_key: k}
web:
  password_hash: ${EMPTY:-}
  metrics_token: ${EMPTY}
notify:
  webhook: ${NOBODY_SET_IT:-}
`
	cfg, err := config.Parse("schedules.yaml", []byte(text), testEnv())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Config{}.Web, cfg.Web, samePrefix); diff != "" {
		t.Errorf("web (-want +got):\n%s", diff)
	}
	if cfg.Notify.Webhook.Reveal() != "" {
		t.Error("there is a webhook")
	}
}

// TestCommentedSections takes the comment signs off web and notify in the example.
func TestCommentedSections(t *testing.T) {
	data, err := os.ReadFile("../schedules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	whole, sections := string(data), 0
	lines := strings.Split(whole, "\n")
	inside := false
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "# web:"), strings.HasPrefix(line, "# notify:"):
			inside = true
			sections++
		case !strings.HasPrefix(line, "#   "):
			inside = false
		}
		if inside {
			lines[i] = strings.TrimPrefix(line, "# ")
		}
	}
	if sections != 2 {
		t.Fatalf("%d sections, want web and notify", sections)
	}
	env := testEnv()
	set := map[string]string{
		"ETL_WEB_PASSWORD_HASH": "$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
		"ETL_METRICS_TOKEN":     strings.Repeat("t", 16), "ETL_OIDC_SECRET": "a secret", "ETL_NOTIFY_WEBHOOK": "https://hooks.example.com/x",
		"ETL_NOTIFY_SERVICES": "slack://hook:a@webhook smtp://b",
	}
	lookup := env.Lookup
	env.Lookup = func(name string) (string, bool) {
		if v, ok := set[name]; ok {
			return v, true
		}
		return lookup(name)
	}
	cfg, err := config.Parse("schedules.yaml", []byte(strings.Join(lines, "\n")), env)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Web.Listen == "" || cfg.Web.PasswordHash.Reveal() == "" || cfg.Notify.Webhook.Reveal() == "" || cfg.Notify.Services.Reveal() == "" {
		t.Errorf("the example says too little: %+v", cfg.Web)
	}
}
