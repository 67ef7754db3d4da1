package migrations

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"smsetl/sms"
)

// The rows that vendors should have, made of their specs as JSON ($1). Of the datasets that fill delivery rows the first one
// owns them.
const (
	vendorRows = `
		SELECT n, "Name" AS vendor, "Title" AS name, "IsImported" AS is_imported,
		       "Datasets" AS datasets, "Support" AS support, "MessageTypes" AS message_types
		FROM ROWS FROM (jsonb_to_recordset($1)
		                AS ("Name" text, "Title" text, "IsImported" boolean, "Datasets" jsonb, "Support" jsonb, "MessageTypes" jsonb))
		     WITH ORDINALITY AS v ("Name", "Title", "IsImported", "Datasets", "Support", "MessageTypes", n)`

	datasetRows = `
		SELECT d."Name" AS dataset, k.vendor_key, d."Delivery" AS fills_delivery,
		       d."Delivery" AND row_number() OVER (PARTITION BY k.vendor_key, d."Delivery" ORDER BY d.n) = 1 AS owns_delivery,
		       CASE WHEN d."Processing" THEN 'processing' WHEN d."Sending" THEN 'sending' END AS stage, v.is_imported
		FROM (` + vendorRows + `) AS v
		JOIN sms.dim_vendor AS k USING (vendor)
		CROSS JOIN LATERAL ROWS FROM (jsonb_to_recordset(v.datasets)
		                              AS ("Name" text, "Delivery" boolean, "Processing" boolean, "Sending" boolean))
		     WITH ORDINALITY AS d ("Name", "Delivery", "Processing", "Sending", n)`

	supportRows = `
		SELECT k.vendor_key, s."Measure" AS measure, s."Support" AS support, nullif(s."Formula", '') AS formula,
		       s."Unit" AS unit, nullif(s."Note", '') AS note
		FROM (` + vendorRows + `) AS v
		JOIN sms.dim_vendor AS k USING (vendor)
		CROSS JOIN LATERAL jsonb_to_recordset(v.support)
		     AS s ("Measure" text, "Support" text, "Formula" text, "Unit" text, "Note" text)`

	typeRows = `
		SELECT k.vendor_key, t."Code" AS code,
		       coalesce(etl.name_of('message_type', k.vendor_key, NULL, t."Code"), t."Name") AS name
		FROM (` + vendorRows + `) AS v
		JOIN sms.dim_vendor AS k USING (vendor)
		CROSS JOIN LATERAL jsonb_to_recordset(v.message_types) AS t ("Code" text, "Name" text)`
)

// vendorsDiffer finds out, with the right to read alone, whether a row that a vendor should have is not there.
const vendorsDiffer = `
	SELECT EXISTS (SELECT vendor, name FROM (` + vendorRows + `) AS s EXCEPT SELECT vendor, name FROM sms.dim_vendor)
	    OR EXISTS (SELECT dataset, vendor_key, fills_delivery, owns_delivery, stage, is_imported FROM (` + datasetRows + `) AS s
	               EXCEPT
	               SELECT dataset, vendor_key, fills_delivery, owns_delivery, stage, is_imported FROM etl.dataset)
	    OR EXISTS (SELECT vendor_key, measure, support, formula, unit, note FROM (` + supportRows + `) AS s
	               EXCEPT
	               SELECT vendor_key, measure, support, formula, unit, note FROM sms.metric_support)
	    OR EXISTS (SELECT vendor_key, code, name FROM (` + typeRows + `) AS s EXCEPT SELECT vendor_key, code, name FROM sms.dim_message_type)`

// vendorMerges write the rows that are missing or other than they should be. Rows of a vendor that is gone stay, since facts
// are of it.
var vendorMerges = []string{
	`MERGE INTO sms.dim_vendor AS v
	 USING (SELECT s.vendor, s.name, (SELECT coalesce(max(vendor_key), 0) FROM sms.dim_vendor)
	                    + count(*) FILTER (WHERE k.vendor IS NULL) OVER (ORDER BY n) AS next
	        FROM (` + vendorRows + `) AS s
	        LEFT JOIN sms.dim_vendor AS k USING (vendor)) AS s
	 ON v.vendor = s.vendor
	 WHEN MATCHED AND v.name <> s.name THEN UPDATE SET name = s.name
	 WHEN NOT MATCHED THEN INSERT (vendor_key, vendor, name) VALUES (s.next, s.vendor, s.name)`,
	`MERGE INTO etl.dataset AS d
	 USING (` + datasetRows + `) AS s
	 ON d.dataset = s.dataset
	 WHEN MATCHED AND (d.vendor_key, d.fills_delivery, d.owns_delivery, d.stage, d.is_imported)
	     IS DISTINCT FROM (s.vendor_key, s.fills_delivery, s.owns_delivery, s.stage, s.is_imported)
	     THEN UPDATE SET vendor_key = s.vendor_key, fills_delivery = s.fills_delivery, owns_delivery = s.owns_delivery,
	                     stage = s.stage, is_imported = s.is_imported
	 WHEN NOT MATCHED THEN INSERT (dataset, vendor_key, fills_delivery, owns_delivery, stage, is_imported)
	     VALUES (s.dataset, s.vendor_key, s.fills_delivery, s.owns_delivery, s.stage, s.is_imported)`,
	`MERGE INTO sms.metric_support AS m
	 USING (` + supportRows + `) AS s
	 ON m.vendor_key = s.vendor_key AND m.measure = s.measure
	 WHEN MATCHED AND (m.support, m.formula, m.unit, m.note) IS DISTINCT FROM (s.support, s.formula, s.unit, s.note)
	     THEN UPDATE SET support = s.support, formula = s.formula, unit = s.unit, note = s.note
	 WHEN NOT MATCHED THEN INSERT (vendor_key, measure, support, formula, unit, note)
	     VALUES (s.vendor_key, s.measure, s.support, s.formula, s.unit, s.note)`,
	`MERGE INTO sms.dim_message_type AS t
	 USING (` + typeRows + `) AS s
	 ON t.vendor_key = s.vendor_key AND t.code = s.code
	 WHEN MATCHED AND t.name IS DISTINCT FROM s.name THEN UPDATE SET name = s.name
	 WHEN NOT MATCHED THEN INSERT (vendor_key, code, name) VALUES (s.vendor_key, s.code, s.name)`,
}

// differ says whether the rows of the vendors are not in the database, which is of the newest version.
func differ(ctx context.Context, url string, vendors []sms.Spec) (is bool, err error) {
	config, err := parse(url)
	if err != nil {
		return false, err
	}
	conn, err := connect(ctx, config.ConnConfig)
	if err != nil {
		return false, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	specs, err := json.Marshal(vendors) //nolint:musttag // the statements name the fields as Go does
	if err == nil {
		err = conn.QueryRow(ctx, vendorsDiffer, string(specs)).Scan(&is)
	}
	return is, err
}

// keepVendors makes the rows of the vendors equal to their specs. Where they are, nothing is written.
func (s *session) keepVendors(ctx context.Context, vendors []sms.Spec) error {
	specs, err := json.Marshal(vendors) //nolint:musttag // the statements name the fields as Go does
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		for _, merge := range vendorMerges {
			if _, err := tx.Exec(ctx, merge, string(specs)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("writing the rows of the vendors: %w", err)
	}
	return nil
}
