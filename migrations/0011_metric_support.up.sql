CREATE TABLE sms.metric_support (
    vendor_key integer NOT NULL,
    measure    text    NOT NULL,
    support    text    NOT NULL,
    formula    text    NULL,
    unit       text    NOT NULL,
    note       text    NULL,
    CONSTRAINT metric_support_pk         PRIMARY KEY (vendor_key, measure),
    CONSTRAINT metric_support_vendor_fk  FOREIGN KEY (vendor_key) REFERENCES sms.dim_vendor (vendor_key),
    CONSTRAINT metric_support_support_ck CHECK (support IN ('reported', 'derived', 'not_reported')),
    CONSTRAINT metric_support_formula_ck CHECK ((support = 'not_reported') = (formula IS NULL))
);

COMMENT ON TABLE  sms.metric_support            IS 'measures. What each vendor reports, what is derived from its numbers and what it cannot tell.';
COMMENT ON COLUMN sms.metric_support.vendor_key IS 'key. The vendor, sms.dim_vendor.';
COMMENT ON COLUMN sms.metric_support.measure    IS 'name. A measure of sms.fact_delivery_daily, or the failures of a stage.';
COMMENT ON COLUMN sms.metric_support.support    IS 'support. reported: the vendor states it. derived: computed from what it states. not_reported: always NULL.';
COMMENT ON COLUMN sms.metric_support.formula    IS 'formula. The vendor''s fields that the measure is made of. NULL when not reported.';
COMMENT ON COLUMN sms.metric_support.unit       IS 'unit. messages or segments.';
COMMENT ON COLUMN sms.metric_support.note       IS 'text. What to know before comparing. NULL for nothing.';

INSERT INTO sms.metric_support (vendor_key, measure, support, formula, unit, note)
SELECT v.vendor_key, m.measure, m.support, m.formula, m.unit, m.note
FROM (VALUES
    ('engagelab', 'requested',           'reported', 'targets',                    'messages', NULL),
    ('engagelab', 'accepted',            'derived',  'targets - process_failed',   'messages', NULL),
    ('engagelab', 'processing_failed',   'reported', 'process_failed',             'messages', NULL),
    ('engagelab', 'delivered',           'reported', 'delivered',                  'messages', NULL),
    ('engagelab', 'send_failed',         'reported', 'send_failed',                'messages', NULL),
    ('engagelab', 'pending',             'reported', 'wait_result',                'messages', 'No horizon after which it settles is documented.'),
    ('engagelab', 'billed_segments',     'reported', 'billing_count',              'segments', 'A long message is several segments: can exceed requested.'),
    ('engagelab', 'vendor_sent',         'reported', 'sent',                       'messages', 'Ambiguous on the vendor''s pages: kept as reported, nothing is derived from it.'),
    ('engagelab', 'processing_failures', 'reported', 'process_failed: 8 reasons',  'messages', NULL),
    ('engagelab', 'sending_failures',    'reported', 'send_failed: 10 reasons',    'messages', NULL),
    ('tencent',   'requested',           'reported', 'RequestCount',               'messages', NULL),
    ('tencent',   'accepted',            'reported', 'RequestSuccessCount',        'messages', 'Of SendStatusStatistics; the callback answer can disagree when it was asked at another moment.'),
    ('tencent',   'processing_failed',   'derived',  'RequestCount - RequestSuccessCount', 'messages', NULL),
    ('tencent',   'delivered',           'reported', 'CallbackSuccessCount',       'messages', NULL),
    ('tencent',   'send_failed',         'reported', 'CallbackFailCount',          'messages', NULL),
    ('tencent',   'pending',             'derived',  'RequestSuccessCount - CallbackCount', 'messages', 'Both of CallbackStatusStatistics.'),
    ('tencent',   'billed_segments',     'reported', 'FeeCount',                   'segments', 'A long message is several segments: can exceed requested.'),
    ('tencent',   'vendor_sent',         'not_reported', NULL,                     'messages', NULL),
    ('tencent',   'processing_failures', 'not_reported', NULL,                     'messages', 'The vendor gives no reasons before the hand-over.'),
    ('tencent',   'sending_failures',    'derived',  'InternalErrorCount, InvalidNumberCount, ShutdownErrorCount, BlackListCount, FrequencyLimitCount, and other = CallbackFailCount - their sum', 'messages', 'Suspended and powered-off numbers are one reason.'),
    ('huawei',    'requested',           'derived',  'distinct smsMsgId',          'messages', 'From console exports.'),
    ('huawei',    'accepted',            'derived',  'status not of the Huawei platform', 'messages', NULL),
    ('huawei',    'processing_failed',   'derived',  'status of the Huawei platform (source 3 or an E code)', 'messages', NULL),
    ('huawei',    'delivered',           'derived',  'sending result 0 or 3 (DELIVRD)', 'messages', NULL),
    ('huawei',    'send_failed',         'derived',  'sending result 1 or 4',      'messages', NULL),
    ('huawei',    'pending',             'derived',  'sending result 2, no report yet', 'messages', 'EXPIRED is made up by the platform after 72 hours.'),
    ('huawei',    'billed_segments',     'derived',  'pieces whose charged column is 0', 'segments', 'The column is inverted: 0 is charged.'),
    ('huawei',    'vendor_sent',         'not_reported', NULL,                     'messages', NULL),
    ('huawei',    'processing_failures', 'derived',  'by status code',             'messages', NULL),
    ('huawei',    'sending_failures',    'derived',  'by status code',             'messages', NULL)
) AS m (vendor, measure, support, formula, unit, note)
JOIN sms.dim_vendor AS v USING (vendor);
