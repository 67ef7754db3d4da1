SELECT coalesce(vendor, ''),
       coalesce(stage, ''),
       reason,
       coalesce(category, ''),
       is_comparable,
       messages_this,
       messages_with,
       requested_this,
       requested_with,
       rate_this::float8,
       rate_with::float8,
       coalesce(effect, 0),
       points::float8
FROM sms.reason_change($1, $2, $3, $4, NULLIF($5, ''), NULLIF($6, ''))
