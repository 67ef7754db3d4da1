package web

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
)

//go:embed assets/style.css
var assetFiles embed.FS

//go:embed assets/*.html
var pageFiles embed.FS

var (
	startTemplate = template.Must(template.ParseFS(pageFiles, "assets/frame.html", "assets/start.html"))
	loginPage     = template.Must(template.ParseFS(pageFiles, "assets/frame.html", "assets/login.html"))
	againPage     = template.Must(template.ParseFS(pageFiles, "assets/again.html"))
)

// link is one line of the start page.
type link struct{ Path, Title, About string }

// startView is what the start page shows.
type startView struct {
	Links  []link
	User   string // empty where no login is demanded
	Logout bool   // the user came in with the password
}

func startPage(s *Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := User(r.Context())
		render(w, http.StatusOK, startTemplate, startView{Links: s.links, User: user, Logout: user == operator})
	})
}

// render writes a whole page or none.
func render(w http.ResponseWriter, status int, page *template.Template, view any) {
	var b bytes.Buffer
	if err := page.Execute(&b, view); err != nil {
		writeText(w, http.StatusInternalServerError, "This page is broken.\n")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // whoever asked has gone
}

// again lets the browser ask once more, this time as one of our own pages.
func again(w http.ResponseWriter) { render(w, http.StatusOK, againPage, nil) }

// assets serves the files of the pages. They change with the program, so they are asked for again after an hour.
func assets() http.Handler {
	files := http.FileServerFS(assetFiles)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		files.ServeHTTP(w, r)
	})
}
