SELECT vendor,
       account,
       zone,
       dataset,
       date_key,
       state,
       reason,
       pending,
       row_count,
       load_id,
       loaded_at,
       confirmed_at,
       checked_at,
       since,
       next_action,
       days_left
FROM days
ORDER BY position, date_key
