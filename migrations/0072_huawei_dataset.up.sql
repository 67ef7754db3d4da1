-- A row of the page counts into all of them, so they are always loaded together. Each part of the star has one dataset whose
-- lines in the ledger speak for it, as with every vendor.
INSERT INTO etl.dataset (dataset, vendor_key, fills_delivery, owns_delivery, stage)
SELECT d.dataset, v.vendor_key, d.is_delivery, d.is_delivery, d.stage
FROM (VALUES ('sending_details', true,  NULL),
             ('details_refused', false, 'processing'),
             ('details_failed',  false, 'sending')
     ) AS d (dataset, is_delivery, stage)
JOIN sms.dim_vendor AS v ON v.vendor = 'huawei';
