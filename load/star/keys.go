package star

import (
	"cmp"
	"context"
	"fmt"
	"maps"
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
		SELECT d.code, '', '', d.template_key
		FROM unnest($2::text[]) AS u (code)
		JOIN sms.dim_template AS d ON d.code = u.code
		WHERE d.account_key = $1`,
		add: `
		INSERT INTO sms.dim_template (account_key, code, name)
		SELECT a.account_key, u.code, etl.name_of('template', a.vendor_key, a.account, u.code)
		FROM unnest($2::text[]) WITH ORDINALITY AS u (code, position)
		JOIN sms.dim_account AS a ON a.account_key = $1
		ORDER BY position
		ON CONFLICT (account_key, code) DO NOTHING`,
	}
	labels = dimension{
		read: `
		SELECT d.code, '', '', d.label_key
		FROM unnest($2::text[]) AS u (code)
		JOIN sms.dim_label AS d ON d.code = u.code
		WHERE d.account_key = $1`,
		add: `
		INSERT INTO sms.dim_label (account_key, code, name)
		SELECT a.account_key, u.code, etl.name_of('label', a.vendor_key, a.account, u.code)
		FROM unnest($2::text[]) WITH ORDINALITY AS u (code, position)
		JOIN sms.dim_account AS a ON a.account_key = $1
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
		INSERT INTO sms.dim_message_type (vendor_key, code, name)
		SELECT $1, code, etl.name_of('message_type', $1, NULL, code)
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

// keys are the surrogate keys of a subject.
type keys struct{ Template, Label, MessageType, Country int32 }

// resolve turns what rows are about into surrogate keys. Names that only days use which are not written get
// no row in a dimension, since nobody believes them yet; each still gets a number of its own, to tell equal rows from
// different ones.
func (w *Writer) resolve(ctx context.Context, tx pgx.Tx) (err error) {
	subjects := w.Staging.Batch.Subjects
	w.keys = make([]keys, len(subjects))
	isUsed, isUsedReason := w.used()
	for _, d := range []struct {
		dimension dimension
		owner     int32
		name      func(*sms.Subject) sms.Key
		key       func(*keys) *int32
	}{
		{templates, w.Account, func(s *sms.Subject) sms.Key { return s.Template }, func(k *keys) *int32 { return &k.Template }},
		{labels, w.Account, func(s *sms.Subject) sms.Key { return s.Label }, func(k *keys) *int32 { return &k.Label }},
		{messageTypes, w.Vendor.Key, func(s *sms.Subject) sms.Key { return s.MessageType }, func(k *keys) *int32 { return &k.MessageType }},
		{countries, 0, func(s *sms.Subject) sms.Key { return s.Country }, func(k *keys) *int32 { return &k.Country }},
	} {
		names := map[sms.Key]bool{}
		for i := range subjects {
			name := d.name(&subjects[i])
			names[name] = names[name] || isUsed[i]
		}
		known, err := resolveNames(ctx, tx, d.dimension, d.owner, names)
		if err != nil {
			return err
		}
		for i := range subjects {
			*d.key(&w.keys[i]) = known[d.name(&subjects[i])]
		}
	}
	w.reasons, err = w.resolveReasons(ctx, tx, isUsedReason)
	return err
}

// used says which subjects and reasons occur on days that will be written.
func (w *Writer) used() (subjects, reasons []bool) {
	b := w.Staging.Batch
	subjects, reasons = make([]bool, len(b.Subjects)), make([]bool, len(b.Reasons))
	for i := range b.Deliveries {
		if d := &b.Deliveries[i]; w.isBelieved(d.Day) {
			subjects[d.Subject] = true
		}
	}
	for i := range b.Failures {
		if f := &b.Failures[i]; w.isBelieved(f.Day) {
			subjects[f.Subject], reasons[f.Reason] = true, true
		}
	}
	for i := range b.Times {
		if t := &b.Times[i]; w.isBelieved(t.Day) {
			subjects[t.Subject] = true
		}
	}
	return subjects, reasons
}

// resolveNames gives the surrogate key of each name; names says whether it is used.
func resolveNames(ctx context.Context, tx pgx.Tx, d dimension, owner int32, names map[sms.Key]bool) (map[sms.Key]int32, error) {
	var want []member
	for k, isUsed := range names {
		if name, ok := k.Name(); ok && isUsed {
			want = append(want, member{code: name})
		}
	}
	known, err := d.resolve(ctx, tx, owner, want)
	if err != nil {
		return nil, err
	}
	all := make(map[sms.Key]int32, len(names))
	held := int32(heldKey)
	for k := range names {
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
			held--
			key = held
		}
		all[k] = key
	}
	return all, nil
}

// resolveReasons gives the surrogate key of each reason of a batch. Two pointers to the same code and stage are one reason.
func (w *Writer) resolveReasons(ctx context.Context, tx pgx.Tx, used []bool) ([]int32, error) {
	all := w.Staging.Batch.Reasons
	unique := map[member]member{}
	for i, r := range all {
		if used[i] {
			m := member{r.Code, string(r.Stage), string(r.Category)}
			unique[m.bare()] = m
		}
	}
	reasons := failureReasons
	reasons.mend = strings.ReplaceAll(reasons.mend, "{load}", strconv.FormatInt(w.LoadID, 10))
	known, err := reasons.resolve(ctx, tx, w.Vendor.Key, slices.Collect(maps.Values(unique)))
	if err != nil {
		return nil, err
	}
	numbers := make([]int32, len(all))
	held := map[member]int32{}
	for i, r := range all {
		m := member{code: r.Code, stage: string(r.Stage)}
		key, ok := known[m]
		if !ok {
			if key, ok = held[m]; !ok {
				key = heldKey - int32(i)
				held[m] = key
			}
		}
		numbers[i] = key
	}
	return numbers, nil
}
