package show

import (
	"time"

	"smsetl/internal/english"
	"smsetl/load/raw"
)

// Answer is a kept answer of a vendor.
type Answer struct {
	FetchID   int64     `json:"fetch_id"`
	LoadID    int64     `json:"load_id"`
	Vendor    string    `json:"vendor"`
	Account   string    `json:"account"`
	Dataset   string    `json:"dataset"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	FetchedAt time.Time `json:"fetched_at"`
	Status    int       `json:"status"`
	RequestID string    `json:"request_id"`
	Method    string    `json:"method"`
	URL       string    `json:"url"`
	Action    string    `json:"action"`
	Body      string    `json:"body"`
	Hash      string    `json:"hash"`
	Size      int64     `json:"size"`
	Packed    int64     `json:"packed"`
	PrunedAt  time.Time `json:"pruned_at"`
	Refused   string    `json:"refused"`
	Outcome   string    `json:"outcome"` // of the load
}

func (a Answer) row() []string {
	note := a.Outcome
	switch {
	case !a.PrunedAt.IsZero():
		note = "raw pruned on " + a.PrunedAt.Format(time.DateOnly)
	case a.Refused != "":
		note = "refused: " + a.Refused
	}
	return []string{
		english.Number(a.FetchID), english.Number(a.LoadID), a.Account, a.Dataset, a.From + "/" + a.To, moment(a.FetchedAt),
		english.Number(a.Status), english.Number(a.Size), a.Hash[:12], note,
	}
}

// NewAnswer describes a kept answer.
func NewAnswer(a raw.Answer) Answer {
	return Answer{
		FetchID: a.FetchID, LoadID: a.LoadID, Vendor: string(a.Account.Vendor), Account: a.Account.ID, Dataset: string(a.Dataset),
		From: a.Window.First().String(), To: a.Window.Last().String(), FetchedAt: a.FetchedAt, Status: a.Status, RequestID: a.RequestID,
		Method: a.Request.Method, URL: a.Request.URL, Action: a.Request.Action, Body: a.Request.Body,
		Hash: a.Body.Hash.String(), Size: a.Body.Size, Packed: a.Packed, Refused: a.Refused, Outcome: a.Outcome, PrunedAt: a.PrunedAt,
	}
}

// Answers lists kept answers.
func Answers(all []Answer) string {
	t := &text{}
	list(t, []string{">answer", ">load", "account", "dataset", "days", "fetched at", ">status", ">bytes", "hash", ""}, all, Answer.row)
	return t.String()
}
