package huawei

import (
	"fmt"

	"smsetl/sms"
	"smsetl/transform"
)

// statusReport makes a message of a pushed report. It says neither when the message was sent nor by whom or to where: it waits
// for an export that does.
func (h *reader) statusReport() error {
	h.m = sms.Message{
		Origin: sms.FromPush, SeenAt: h.payload.FetchedAt, Payload: h.payload.Body.Hash, Position: h.Rows, IsHint: h.isHint,
		Grain: sms.Grain{Template: sms.NotReported, Label: sms.NotReported, MessageType: sms.NotReported, Country: sms.NotReported},
	}
	h.m.Account = h.payload.Account
	h.m.Account.ID = ""
	if !h.pieceOf() || !h.identity() {
		return nil
	}
	if h.m.Piece == 0 {
		if h.m.Pieces > 1 {
			h.rejectf(transform.RejectedRow, "piece", "one of %d pieces, and nothing says which", h.m.Pieces)
			return nil
		}
		h.m.Piece = 1
	}
	if !h.outcome() {
		return nil
	}
	// A report that the platform made up itself carries no time: it is as new as the push.
	if at := h.text(h.place.reportedAt); len(at) > 0 {
		t, ok := h.reportAt.parse(at, sms.Zone{})
		if !ok {
			h.Note(badTime, "updateTime", 0, func() string {
				return fmt.Sprintf("updateTime %q is no time: the report is kept without it", transform.Cut(at, 40))
			})
		}
		h.m.ReportedAt = t
	}
	if extend := h.text(h.place.extend); isText(extend) {
		h.m.Extend = string(extend)
	}
	return h.each(&h.m)
}
