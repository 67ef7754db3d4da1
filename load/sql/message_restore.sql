-- Writes the messages of days as they were told anew, where they are not known like that already: also those that were known on
-- the days and are of others now.
INSERT INTO etl.huawei_message AS m
    (account_key, message_id, piece, date_key, sent_at, template, label, message_type, country, is_derived, about_at, pieces,
     outcome, code, source, reported_at, told_at, charged, charged_at)
SELECT t.account_key, t.message_id, t.piece, t.date_key, t.sent_at, t.template, t.label, t.message_type, t.country, t.is_derived, t.about_at, t.pieces,
       t.outcome, t.code, t.source, t.reported_at, t.told_at, t.charged, t.charged_at
FROM message_told AS t
LEFT JOIN etl.huawei_message AS k
       ON k.account_key = t.account_key
      AND k.message_id  = t.message_id
      AND k.piece       = t.piece
WHERE t.account_key = $1
  AND (t.date_key = ANY ($2) OR k.date_key = ANY ($2))
  AND (t.date_key, t.sent_at, t.template, t.label, t.message_type, t.country, t.is_derived, t.about_at, t.pieces,
       t.outcome, t.code, t.source, t.reported_at, t.told_at, t.charged, t.charged_at)
      IS DISTINCT FROM
      (k.date_key, k.sent_at, k.template, k.label, k.message_type, k.country, k.is_derived, k.about_at, k.pieces,
       k.outcome, k.code, k.source, k.reported_at, k.told_at, k.charged, k.charged_at)
ORDER BY t.message_id, t.piece
ON CONFLICT (account_key, message_id, piece) DO UPDATE
SET date_key     = excluded.date_key,
    sent_at      = excluded.sent_at,
    template     = excluded.template,
    label        = excluded.label,
    message_type = excluded.message_type,
    country      = excluded.country,
    is_derived   = excluded.is_derived,
    about_at     = excluded.about_at,
    pieces       = excluded.pieces,
    outcome      = excluded.outcome,
    code         = excluded.code,
    source       = excluded.source,
    reported_at  = excluded.reported_at,
    told_at      = excluded.told_at,
    charged      = excluded.charged,
    charged_at   = excluded.charged_at
