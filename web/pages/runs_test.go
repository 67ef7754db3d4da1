package pages_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"smsetl/queue"
)

func TestRuns(t *testing.T) {
	w := newWorld(t)
	w.holds("/runs", "No run in progress.")
	for _, path := range []string{"/runs", "/"} {
		if strings.Contains(w.page(path), `http-equiv="refresh"`) {
			t.Errorf("%s, on which nothing happens, asks again", path)
		}
	}
	id, err := queue.StartRun(t.Context(), w.wh.Pool(), queue.Run{Command: "backfill", Arguments: "--from <b>", Version: "1", Host: "h", Now: now.Add(-time.Hour), Detached: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.wh.Pool().Exec(t.Context(), `
		INSERT INTO etl.run_window (run_id, river_job_id, source, scope, days, estimate, queued_at, ended_at, outcome)
		VALUES ($1, 1, 's', 'x', 30, 10, now(), now(), 'done'), ($1, 2, 's', 'y', 30, 10, now(), NULL, NULL), ($1, 3, 's', 'z', 30, 10, now(), NULL, NULL)`, id); err != nil {
		t.Fatal(err)
	}
	w.holds("/runs", `<meta http-equiv="refresh" content="5">`, "1 of 3 windows done", `<progress max="3" value="1">`, "--from &lt;b&gt;", "left")
	w.holds("/", `<meta http-equiv="refresh" content="10">`, "1 of 3 windows done", `<progress max="3" value="1">`)
	if body := w.page("/runs?refresh=no"); strings.Contains(body, `http-equiv="refresh"`) || !strings.Contains(body,
		`<a href="/runs">Refresh automatically</a>`) {
		t.Errorf("it cannot be stopped:\n%s", body)
	}
	w.holds("/run?id=1", "<h1>Run 1</h1>", "--from &lt;b&gt;", "1 of 3 windows done")
	if answer, _ := w.ask(http.MethodGet, "/run?id=99"); answer.StatusCode != http.StatusNotFound {
		t.Errorf("a run that never was: %s", answer.Status)
	}
	w.holds("/runs?format=csv&table=backfills", ",'--from <b>,")
}
