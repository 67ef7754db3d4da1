package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ofAKind is how many addresses of a page are visited for each set of parameters, ofAPage for all sets of what it is broken down by:
// filters of every kind can be combined.
const ofAKind, ofAPage = 3, 8

var hrefForm = regexp.MustCompile(`href="([^"]*)"`)

// shown is a warehouse whose pages are visited.
type shown struct {
	what    string
	config  string
	now     string // what the program takes for the present; "" for the machine's
	without string // a path that is left out; "" for none
}

// pages visits every page of `etl serve` over the warehouse of the section, found by following links.
func (b *bench) pages(ctx context.Context, r *report, w shown) error {
	address, stop, err := b.serve(ctx, w)
	if err != nil {
		return err
	}
	defer stop()
	if err := b.calm(ctx); err != nil {
		return err
	}
	addresses, err := discover(ctx, address, w.without)
	if err != nil {
		return err
	}
	times, sizes := map[string][]time.Duration{}, map[string]int{}
	for range b.visits {
		for _, path := range addresses {
			started := time.Now()
			body, err := get(ctx, address+path)
			if err != nil {
				return err
			}
			page, _, _ := strings.Cut(path, "?")
			times[page] = append(times[page], time.Since(started))
			sizes[page] = max(sizes[page], len(packed(body)))
		}
	}
	r.addf("\n### Pages of %s\n\nEvery page of `etl serve`, %d addresses found by following links, %d visits of each, one after the other and warm, while the\n"+
		"server has nothing else to do.\n\n| page | visits | median, ms | p95, ms | largest, kB gzipped |\n|---|---|---|---|---|\n",
		w.what, len(addresses), b.visits)
	slowest, largest := "", ""
	var slow time.Duration
	for _, page := range slices.Sorted(maps.Keys(times)) {
		sorted := slices.Sorted(slices.Values(times[page]))
		p95 := sorted[len(sorted)*95/100]
		r.addf("| %s | %d | %.1f | %.1f | %.1f |\n", page, len(sorted), ms(median(sorted)), ms(p95), float64(sizes[page])/1000)
		if p95 > slow {
			slowest, slow = page, p95
		}
		if largest == "" || sizes[page] > sizes[largest] {
			largest = page
		}
	}
	r.atMost(fmt.Sprintf("pages of %s: p95 of the slowest, %s", w.what, slowest), "%.0f ms", 100, ms(slow))
	r.atMost(fmt.Sprintf("pages of %s: the largest, %s", w.what, largest), "%.1f kB gzipped", 100, float64(sizes[largest])/1000)
	return nil
}

// serve starts `etl serve` with a configuration that has no schedule, so that nothing is loaded.
func (b *bench) serve(ctx context.Context, w shown) (address string, stop func(), err error) {
	arguments := []string{"serve", "--config", w.config, "--listen", "127.0.0.1:0"}
	if w.now != "" {
		arguments = append(arguments, "--now", w.now)
	}
	cmd := b.etl(ctx, arguments...)
	printed, err := cmd.StderrPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	lines := bufio.NewScanner(printed)
	var said []string
	for lines.Scan() {
		said = append(said, lines.Text())
		if found, ok := strings.CutPrefix(lines.Text(), "Pages: "); ok {
			go func() { _, _ = io.Copy(io.Discard, printed) }() // its log, until it ends
			return strings.TrimSuffix(found, "/"), func() {
				_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
				_ = cmd.Wait()
			}, nil
		}
	}
	return "", nil, fmt.Errorf("etl serve: %w: %s", cmd.Wait(), strings.Join(said, "\n"))
}

// calm waits until the server has done nothing for two seconds: whoever begins to lead checks the whole warehouse.
func (b *bench) calm(ctx context.Context) error {
	for quiet := 0; quiet < 20; quiet++ {
		active, err := b.scalar(ctx, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()")
		if err != nil {
			return err
		}
		if active > 0 {
			quiet = 0
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil
}

// discover follows the links between pages, and of the many that differ in their days or names alone some of each kind.
func discover(ctx context.Context, address, without string) (all []string, err error) {
	queue, known, kinds := []string{"/"}, map[string]bool{"/": true}, map[string]int{}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		body, err := get(ctx, address+path)
		if err != nil {
			return nil, err
		}
		all = append(all, path)
		for _, found := range hrefForm.FindAllSubmatch(body, -1) {
			next, _, _ := strings.Cut(html.UnescapeString(string(found[1])), "#")
			u, err := url.Parse(next)
			if err != nil || known[next] || !isPage(u) || u.Path == without {
				continue
			}
			known[next] = true
			query := u.Query()
			maps.DeleteFunc(query, func(name string, _ []string) bool { return name == "page" || name == "range" || name == "compare" })
			page := u.Path + " " + query.Get("by")
			kind := page + " " + strings.Join(slices.Sorted(maps.Keys(query)), " ")
			if kinds[kind] < ofAKind && kinds[page+"?"] < ofAPage {
				kinds[kind]++
				kinds[page+"?"]++
				queue = append(queue, next)
			}
		}
	}
	return all, nil
}

// isPage leaves out files, and what is not shown by this program or not for people.
func isPage(u *url.URL) bool {
	return u.Host == "" && strings.HasPrefix(u.Path, "/") && !u.Query().Has("format") &&
		!slices.ContainsFunc([]string{"/assets/", "/jobs/", "/metrics", "/readyz", "/healthz"}, func(other string) bool { return strings.HasPrefix(u.Path, other) })
}

func get(ctx context.Context, address string) (body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	body, err = io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", address, response.Status)
	}
	return body, err
}

// packed gives what a page weighs on its way.
func packed(body []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(body) // to memory
	_ = w.Close()
	return out.Bytes()
}
