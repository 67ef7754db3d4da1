package vendors

import (
	"slices"
	"testing"

	"smsetl/internal/dev/long"
	"smsetl/sms"
)

var _ = long.Wanted

// Every dataset of a vendor fills something, the first one delivery rows, and no two the same stage. Every measure is
// accounted for.
func TestSpecs(t *testing.T) {
	for _, spec := range All.Specs() {
		var processing, sending int
		for _, d := range spec.Datasets {
			if d.Facts == (sms.Facts{}) || d.Facts != spec.Facts(d.Name) {
				t.Errorf("%s fills %+v", d.Name, d.Facts)
			}
			if d.Processing {
				processing++
			}
			if d.Sending {
				sending++
			}
		}
		if !spec.Datasets[0].Delivery || sending != 1 || processing > 1 {
			t.Errorf("%s: the first dataset fills %+v, %d fill processing, %d sending",
				spec.Name, spec.Datasets[0].Facts, processing, sending)
		}
		want := append(slices.Clone(sms.MeasureNames[:]), "processing_failures", "sending_failures", sms.DeliveryTime)
		var got []string
		for _, m := range spec.Support {
			got = append(got, m.Measure)
			if (m.Support == sms.NotGiven) != (m.Formula == "") {
				t.Errorf("%s %s: %s as %q", spec.Name, m.Measure, m.Support, m.Formula)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", spec.Name, got, want)
		}
	}
}
