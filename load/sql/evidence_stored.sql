-- What is stored of an account's days, by the ledger of the dataset that speaks for its totals. A day without a row has none of
-- anything.
SELECT c.date_key,
       c.suspect_at IS NOT NULL,
       s.requested,
       s.accepted,
       s.processing_failed,
       s.delivered,
       s.send_failed,
       s.pending,
       s.billed_segments,
       s.vendor_sent,
       coalesce(f.processing, 0)::bigint,
       coalesce(f.sending, 0)::bigint,
       CASE WHEN c.state IN ('provisional', 'final', 'empty') AND c.attempts = 0 THEN c.checked_at END -- an answer that was no evidence is a try
FROM etl.coverage AS c
LEFT JOIN sms.delivery_by_day AS s
       ON s.date_key    = c.date_key
      AND s.account_key = c.account_key
LEFT JOIN LATERAL (
    SELECT sum(b.messages) FILTER (WHERE r.stage = 'processing') AS processing,
           sum(b.messages) FILTER (WHERE r.stage = 'sending')    AS sending
    FROM sms.failure_by_day     AS b
    JOIN sms.dim_failure_reason AS r ON r.reason_key = b.reason_key
    WHERE b.date_key    = c.date_key
      AND b.account_key = c.account_key
) AS f ON true
WHERE c.account_key = $1
  AND c.dataset = $2
  AND c.date_key BETWEEN $3 AND $4
  AND c.confirmed_at IS NOT NULL
ORDER BY c.date_key
