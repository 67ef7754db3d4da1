-- What is known of the messages of some days, message after message: what exports told, and behind it what reports did. A report
-- has no day of its own. {known} and {reports} are tables with the columns of etl.huawei_message and etl.huawei_report.
SELECT message_id, piece, date_key, sent_at, template, label, message_type, country, is_derived, about_at, pieces,
       outcome, code, source, reported_at, told_at, charged, charged_at, true AS is_signed
FROM {known}
WHERE account_key = $1
  AND date_key = ANY ($2)
UNION ALL
SELECT r.message_id, r.piece, NULL, NULL, '', '', '', '', false, NULL, r.pieces,
       r.outcome, r.code, r.status_source, r.reported_at, r.told_at, NULL, NULL, r.is_signed
FROM {reports} AS r
WHERE r.source = $3
  AND EXISTS (
      SELECT
      FROM {known} AS m
      WHERE m.account_key = $1
        AND m.date_key = ANY ($2)
        AND m.message_id = r.message_id
  )
ORDER BY message_id, piece
