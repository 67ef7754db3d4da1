package main

import (
	"archive/zip"
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smsetl/bi/export"
	"smsetl/internal/dev/pgtest"
)

// Each format is written into a folder and into a zip, the same files, and none holds the password of the database.
func TestExport(t *testing.T) {
	t.Parallel()
	address, err := url.Parse(pgtest.New(t))
	if err != nil {
		t.Fatal(err)
	}
	password, _ := address.User.Password()
	env := environment{lookup: func(name string) (string, bool) { return address.String(), name == "DATABASE_URL" }, read: os.ReadFile}
	for _, format := range export.Formats {
		dir := t.TempDir()
		bundle := filepath.Join(dir, "bundle.zip")
		for _, to := range []string{filepath.Join(dir, "files"), bundle} {
			var out, errs bytes.Buffer
			if code := run(t.Context(), []string{"export", format, to}, env, &out, &errs); code != exitOK {
				t.Fatalf("exit %d\n%s%s", code, &out, &errs)
			}
		}
		z, err := zip.OpenReader(bundle)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		for _, f := range z.File {
			name := strings.TrimPrefix(f.Name, "sms_delivery/")
			text, err := os.ReadFile(filepath.Join(dir, "files", filepath.FromSlash(name)))
			if err != nil || uint64(len(text)) != f.UncompressedSize64 {
				t.Errorf("%s: %s has %d bytes in the zip, %d in the folder: %v", format, name, f.UncompressedSize64, len(text), err)
			}
			if strings.Contains(string(text), password) {
				t.Errorf("%s: %s holds the password", format, name)
			}
		}
		if len(z.File) == 0 {
			t.Errorf("%s: no files", format)
		}
	}
}
