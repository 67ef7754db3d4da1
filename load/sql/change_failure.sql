SELECT c.date_key, c.template_key, c.label_key, c.message_type_key, c.country_key,
       c.reason_key,
       c.change, r.stage || '_failures' AS measure, c.old_messages AS old_value, c.messages AS new_value
FROM pg_temp.changed_failure_daily AS c
JOIN sms.dim_failure_reason        AS r ON r.reason_key = c.reason_key
