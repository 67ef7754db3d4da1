package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"smsetl/config"
)

// unseen are mistakes that no schema sees: those of the whole file, of the world outside of it, and of YAML itself.
var unseen = []string{
	"cron", "date", "date_in_future", "duplicate_account", "duplicate_name", "http_public", "missing_secret_file", "notify_webhook",
	"notify_webhook_http", "notify_webhook_user", "push_nowhere", "push_open", "pushes_for_nobody", "schedule_sources", "secret_of_two_lines",
	"two_documents", "unset_variable", "userinfo", "variable_form", "web_header", "web_header_from_anybody", "web_listen", "web_password",
	"web_password_cheap", "web_secret_of_two_lines", "web_token", "zone_half_hour",
}

// The schema takes every good file, and refuses every bad one whose mistake it can see.
func TestSchemaAgreesWithTheReader(t *testing.T) {
	text, err := config.Schema(testEnv().Vendors)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schedules.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schedules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var twice any = map[string]any{"sources": []any{map[string]any{
		"name": "t", "vendor": "tencent", "secret_id": "i", "secret_key": "k", "sdk_app_ids": []any{"1", "1"},
	}}}
	if err := schema.Validate(twice); err == nil {
		t.Error("an account may stand in the list twice")
	}
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range append(files, "../schedules.yaml") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		asJSON, err := yaml.YAMLToJSON(data)
		if err != nil {
			continue // no YAML, which an editor says without a schema
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		_, isMistaken := strings.CutPrefix(name, "bad.")
		want := isMistaken && !slices.Contains(unseen, strings.TrimPrefix(name, "bad."))
		if err := schema.Validate(value); (err != nil) != want {
			t.Errorf("%s: refused %v, want %v: %v", name, err != nil, want, err)
		}
	}
}
