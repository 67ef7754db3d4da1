DROP TRIGGER dim_failure_reason_keep ON sms.dim_failure_reason;
DROP TRIGGER dim_message_type_keep   ON sms.dim_message_type;
DROP TRIGGER dim_label_keep          ON sms.dim_label;
DROP TRIGGER dim_template_keep       ON sms.dim_template;
DROP TRIGGER dim_account_keep        ON sms.dim_account;
DROP TRIGGER dim_vendor_keep         ON sms.dim_vendor;
DROP TRIGGER dim_date_keep           ON sms.dim_date;

DROP FUNCTION sms.refuse_delete();
