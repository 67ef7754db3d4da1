CREATE SCHEMA sms;

COMMENT ON SCHEMA sms IS 'The star: SMS delivery statistics of every vendor, for analysts and BI tools. Read-only for role sms_analyst.';
