package web

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
)

// The one style of all pages, that of the login among them.
//
//go:embed assets/style.css
var assetFiles embed.FS

//go:embed assets/*.html
var pageFiles embed.FS

var templates = template.Must(template.ParseFS(pageFiles, "assets/*.html"))

// render writes a whole page or none.
func render(w http.ResponseWriter, status int, page string, view any) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, page, view); err != nil {
		writeText(w, http.StatusInternalServerError, "This page is broken.\n")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // whoever asked has gone
}

// Assets serves files of pages. They change with the program, so they are asked for again after an hour.
func Assets(files fs.FS) http.Handler {
	serve := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		serve.ServeHTTP(w, r)
	})
}
