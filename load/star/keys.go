package star

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"smsetl/internal/db"
	"smsetl/sms"
)

// heldKey and below stand for names that only days hold which are not written: the dimension need not know them.
const heldKey = -1000

// member is a row of a dimension before it has a key.
type member struct{ code, stage, category string }

// dimension is a table of members in the order of which everybody writes it: two loads that add overlapping sets in the
// same order wait for each other and never deadlock.
type dimension struct {
	read, add, mend string // SQL: owner and codes (and stages) in, code, stage, category and key out
}

var (
	templates = dimension{
		read: `
		SELECT code, '', '', template_key
		FROM sms.dim_template
		WHERE account_key = $1
		  AND code = ANY ($2)`,
		add: `
		INSERT INTO sms.dim_template (account_key, code)
		SELECT $1, code
		FROM unnest($2::text[]) WITH ORDINALITY AS u (code, position)
		ORDER BY position
		ON CONFLICT (account_key, code) DO NOTHING`,
	}
	labels = dimension{
		read: `
		SELECT code, '', '', label_key
		FROM sms.dim_label
		WHERE account_key = $1
		  AND code = ANY ($2)`,
		add: `
		INSERT INTO sms.dim_label (account_key, code)
		SELECT $1, code
		FROM unnest($2::text[]) WITH ORDINALITY AS u (code, position)
		ORDER BY position
		ON CONFLICT (account_key, code) DO NOTHING`,
	}
	messageTypes = dimension{
		read: `
		SELECT code, '', '', message_type_key
		FROM sms.dim_message_type
		WHERE vendor_key = $1
		  AND code = ANY ($2)`,
		add: `
		INSERT INTO sms.dim_message_type (vendor_key, code)
		SELECT $1, code
		FROM unnest($2::text[]) WITH ORDINALITY AS u (code, position)
		ORDER BY position
		ON CONFLICT (vendor_key, code) DO NOTHING`,
	}
	// Countries belong to nobody: their owner is 0.
	countries = dimension{
		read: `
		SELECT code, '', '', country_key
		FROM sms.dim_country
		WHERE $1 = 0
		  AND code = ANY ($2)`,
		add: `
		INSERT INTO sms.dim_country (code)
		SELECT code
		FROM unnest($2::text[]) WITH ORDINALITY AS u (code, position)
		WHERE $1 = 0
		ORDER BY position
		ON CONFLICT (code) DO NOTHING`,
	}
	failureReasons = dimension{
		read: `
		SELECT code, stage, category, reason_key
		FROM sms.dim_failure_reason
		WHERE vendor_key = $1
		  AND code = ANY ($2)`,
		add: `
		INSERT INTO sms.dim_failure_reason (vendor_key, code, stage, category)
		SELECT $1, code, stage, category
		FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS u (code, stage, category, position)
		ORDER BY position
		ON CONFLICT (vendor_key, stage, code) DO NOTHING`,
		// A code that nobody had mapped gets its category as soon as a program knows it. The old one goes to the history.
		mend: `
		WITH stale AS (
		    SELECT r.reason_key, r.category AS old, u.category
		    FROM sms.dim_failure_reason AS r
		    JOIN unnest($2::text[], $3::text[], $4::text[]) AS u (code, stage, category) USING (code, stage)
		    WHERE r.vendor_key = $1
		      AND r.category <> u.category
		    ORDER BY r.reason_key
		    FOR UPDATE OF r
		),
		kept AS (
		    INSERT INTO etl.reason_history (reason_key, category, replaced_by)
		    SELECT reason_key, old, {load}
		    FROM stale
		)
		UPDATE sms.dim_failure_reason AS r
		SET category = stale.category
		FROM stale
		WHERE r.reason_key = stale.reason_key`,
	}
)

// keyOf gives the key of a stage and code.
type keyOf map[member]int32

// resolve gives the keys of the members, adding those that the dimension lacks. Known members cost one read and no write.
func (d dimension) resolve(ctx context.Context, tx pgx.Tx, owner int32, want []member) (keyOf, error) {
	if len(want) == 0 {
		return nil, nil
	}
	keys, stale, err := d.find(ctx, tx, owner, want)
	if err != nil {
		return nil, err
	}
	if stale {
		if err := d.write(ctx, tx, d.mend, owner, want); err != nil {
			return nil, err
		}
	}
	var missing []member
	for _, m := range want {
		if _, known := keys[m.bare()]; !known {
			missing = append(missing, m)
		}
	}
	if len(missing) == 0 {
		return keys, nil
	}
	if err := d.write(ctx, tx, d.add, owner, missing); err != nil {
		return nil, err
	}
	keys, _, err = d.find(ctx, tx, owner, want)
	if err == nil && len(keys) < len(want) {
		err = fmt.Errorf("only %d of %d members were there after they had been added", len(keys), len(want))
	}
	return keys, err
}

// bare gives the member as keys are found by: without its category, which may change.
func (m member) bare() member { return member{code: m.code, stage: m.stage} }

// find reads the keys that are known. stale says that one has another category than it should.
func (d dimension) find(ctx context.Context, tx pgx.Tx, owner int32, want []member) (keys keyOf, stale bool, err error) {
	codes := make([]string, len(want))
	category := make(map[member]string, len(want))
	for i, m := range want {
		codes[i] = m.code
		category[m.bare()] = m.category
	}
	rows, err := tx.Query(ctx, d.read, owner, codes)
	if err != nil {
		return nil, false, err
	}
	keys = keyOf{}
	var m member
	var key int32
	_, err = pgx.ForEachRow(rows, []any{&m.code, &m.stage, &m.category, &key}, func() error {
		// A code can stand in both stages, and only one of them may be wanted.
		if wanted, ok := category[m.bare()]; ok {
			keys[m.bare()] = key
			stale = stale || wanted != m.category
		}
		return nil
	})
	return keys, stale, err
}

// write adds or mends members, in the order of their codes.
func (d dimension) write(ctx context.Context, tx pgx.Tx, query string, owner int32, all []member) error {
	all = slices.SortedFunc(slices.Values(all), func(a, b member) int {
		return cmp.Or(cmp.Compare(a.stage, b.stage), cmp.Compare(a.code, b.code))
	})
	codes, stages, categories := make([]string, len(all)), make([]string, len(all)), make([]string, len(all))
	for i, m := range all {
		codes[i], stages[i], categories[i] = m.code, m.stage, m.category
	}
	arguments := []any{owner, codes, stages, categories}
	if all[0].stage == "" {
		arguments = arguments[:2]
	}
	_, err := tx.Exec(ctx, query, arguments...)
	return err
}

// resolve turns the codes in the lines of a batch into surrogate keys. Names that only days use which are not written get
// no row in a dimension, since nobody believes them yet; each still gets a number of its own, to tell equal rows from
// different ones.
func (w *Writer) resolve(ctx context.Context, tx pgx.Tx) error {
	t := w.Staging
	used := w.usedCodes()
	for _, d := range []struct {
		dimension dimension
		owner     int32
		codes     *codes
		used      []bool
		field     func(*line) *int32
	}{
		{templates, w.Account, &t.templates, used.templates, func(l *line) *int32 { return &l.template }},
		{labels, w.Account, &t.labels, used.labels, func(l *line) *int32 { return &l.label }},
		{messageTypes, w.Vendor.Key, &t.types, used.types, func(l *line) *int32 { return &l.messageType }},
		{countries, 0, &t.countries, used.countries, func(l *line) *int32 { return &l.country }},
	} {
		keys, err := resolveCodes(ctx, tx, d.dimension, d.owner, d.codes, d.used)
		if err != nil {
			return err
		}
		translate(t.deliveries, d.field, keys)
		translate(t.failures, d.field, keys)
	}
	keys, err := w.resolveReasons(ctx, tx, used.reasons)
	if err != nil {
		return err
	}
	translate(t.failures, func(l *line) *int32 { return &l.reason }, keys)
	return nil
}

func translate(lines []line, field func(*line) *int32, keys []int32) {
	for i := range lines {
		at := field(&lines[i])
		*at = keys[*at]
	}
}

// used says which codes occur on days that will be written.
type used struct{ templates, labels, types, countries, reasons []bool }

func (w *Writer) usedCodes() used {
	t := w.Staging
	u := used{
		templates: make([]bool, len(t.templates.list)), labels: make([]bool, len(t.labels.list)),
		types: make([]bool, len(t.types.list)), countries: make([]bool, len(t.countries.list)), reasons: make([]bool, len(t.reasons)),
	}
	for _, l := range t.deliveries {
		if w.isBelieved(l.day) {
			u.templates[l.template], u.labels[l.label], u.types[l.messageType], u.countries[l.country] = true, true, true, true
		}
	}
	for _, l := range t.failures {
		if w.isBelieved(l.day) {
			u.templates[l.template], u.labels[l.label], u.types[l.messageType], u.countries[l.country] = true, true, true, true
			u.reasons[l.reason] = true
		}
	}
	return u
}

// resolveCodes gives the surrogate key of each code of a batch.
func resolveCodes(ctx context.Context, tx pgx.Tx, d dimension, owner int32, c *codes, used []bool) ([]int32, error) {
	var want []member
	for i, k := range c.list {
		if name, ok := k.Name(); ok && used[i] {
			want = append(want, member{code: name})
		}
	}
	known, err := d.resolve(ctx, tx, owner, want)
	if err != nil {
		return nil, err
	}
	keys := make([]int32, len(c.list))
	for i, k := range c.list {
		name, _ := k.Name()
		key, ok := known[member{code: name}]
		switch {
		case k == sms.Unknown:
			key = db.UnknownKey
		case k == sms.None:
			key = db.NoneKey
		case k == sms.NotReported:
			key = db.NotReportedKey
		case !ok:
			key = heldKey - int32(i)
		}
		keys[i] = key
	}
	return keys, nil
}

// resolveReasons gives the surrogate key of each reason of a batch. Two pointers to the same code and stage are one reason.
func (w *Writer) resolveReasons(ctx context.Context, tx pgx.Tx, used []bool) ([]int32, error) {
	unique := map[member]member{}
	for i, r := range w.Staging.reasons {
		if used[i] {
			m := member{r.Code, string(r.Stage), string(r.Category)}
			unique[m.bare()] = m
		}
	}
	want := make([]member, 0, len(unique))
	for _, m := range unique {
		want = append(want, m)
	}
	reasons := failureReasons
	reasons.mend = strings.ReplaceAll(reasons.mend, "{load}", strconv.FormatInt(w.LoadID, 10))
	known, err := reasons.resolve(ctx, tx, w.Vendor.Key, want)
	if err != nil {
		return nil, err
	}
	keys := make([]int32, len(w.Staging.reasons))
	held := map[member]int32{}
	for i, r := range w.Staging.reasons {
		m := member{code: r.Code, stage: string(r.Stage)}
		key, ok := known[m]
		if !ok {
			if key, ok = held[m]; !ok {
				key = heldKey - int32(i)
				held[m] = key
			}
		}
		keys[i] = key
	}
	return keys, nil
}
