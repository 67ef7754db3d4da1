package show

import (
	"fmt"
	"strings"

	"smsetl/internal/english"
	"smsetl/read"
)

// Firsts shows what an analyst would ask first: delivery rates by vendor and month, and the top failure reasons.
func Firsts(rates []read.MonthRate, reasons []read.ReasonTotal) string {
	t := &text{}
	t.printf("\nDelivery rate by vendor and month (delivered / requested)\n\n")
	header := []string{"month", "vendor", ">requested", ">delivered", ">rate", "80 % to 100 %"}
	list(t, header, rates, func(r read.MonthRate) []string {
		return []string{
			r.Month, r.Vendor, english.Number(r.Requested), english.Number(r.Delivered), percent(r.DeliveryRate), rateBar(r.DeliveryRate),
		}
	})
	t.printf("\nTop failure reasons of the last 90 days\n\n")
	header = []string{"vendor", "stage", "reason", "category", ">messages"}
	list(t, header, reasons, func(r read.ReasonTotal) []string {
		return []string{r.Vendor, r.Stage, r.Reason, r.Category, english.Number(r.Messages)}
	})
	return t.String()
}

func percent(rate *float64) string {
	if rate == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f %%", *rate*100)
}

// rateBar draws a rate between 80 % and 100 %, where the differences between vendors are.
func rateBar(rate *float64) string {
	const width = 20
	if rate == nil {
		return ""
	}
	filled := int((*rate - 0.8) / 0.2 * width)
	return strings.Repeat("#", min(max(filled, 0), width))
}
