-- Brings the tellings of one turn to what is known: of each group of columns the greater one stays, by the order that
-- transform.Known compares in. {known} is a table with the columns of etl.huawei_message. A message is at most once in a turn. Nothing is written where nothing is greater.
WITH told AS (
    SELECT t.*,
           m.message_id IS NULL AS is_new,
           (t.about_at, t.sent_at, t.date_key, t.template, t.label, t.message_type, t.country, t.is_derived)
           > (m.about_at, m.sent_at, m.date_key, m.template, m.label, m.message_type, m.country, m.is_derived) AS about_wins,
           (t.outcome > 1, coalesce(t.reported_at, '-infinity'), t.told_at, t.outcome, t.code, t.source)
           > (m.outcome > 1, coalesce(m.reported_at, '-infinity'), m.told_at, m.outcome, m.code, m.source) AS told_wins,
           (coalesce(t.charged_at, '-infinity'), coalesce(t.charged, -1))
           > (coalesce(m.charged_at, '-infinity'), coalesce(m.charged, -1)) AS charged_wins,
           t.pieces > m.pieces AS pieces_win
    FROM message_turn             AS t
    LEFT JOIN {known} AS m ON m.account_key = $1 AND m.message_id = t.message_id AND m.piece = t.piece
    WHERE t.turn = $2
),
updated AS (
    UPDATE {known} AS m
    SET date_key     = CASE WHEN t.about_wins THEN t.date_key ELSE m.date_key END,
        sent_at      = CASE WHEN t.about_wins THEN t.sent_at ELSE m.sent_at END,
        template     = CASE WHEN t.about_wins THEN t.template ELSE m.template END,
        label        = CASE WHEN t.about_wins THEN t.label ELSE m.label END,
        message_type = CASE WHEN t.about_wins THEN t.message_type ELSE m.message_type END,
        country      = CASE WHEN t.about_wins THEN t.country ELSE m.country END,
        is_derived   = CASE WHEN t.about_wins THEN t.is_derived ELSE m.is_derived END,
        about_at     = CASE WHEN t.about_wins THEN t.about_at ELSE m.about_at END,
        pieces       = greatest(t.pieces, m.pieces),
        outcome      = CASE WHEN t.told_wins THEN t.outcome ELSE m.outcome END,
        code         = CASE WHEN t.told_wins THEN t.code ELSE m.code END,
        source       = CASE WHEN t.told_wins THEN t.source ELSE m.source END,
        reported_at  = CASE WHEN t.told_wins THEN t.reported_at ELSE m.reported_at END,
        told_at      = CASE WHEN t.told_wins THEN t.told_at ELSE m.told_at END,
        charged      = CASE WHEN t.charged_wins THEN t.charged ELSE m.charged END,
        charged_at   = CASE WHEN t.charged_wins THEN t.charged_at ELSE m.charged_at END
    FROM told AS t
    WHERE m.account_key = $1
      AND m.message_id = t.message_id
      AND m.piece = t.piece
      AND (t.about_wins OR t.told_wins OR t.charged_wins OR t.pieces_win)
    RETURNING 1
),
inserted AS (
    INSERT INTO {known}
        (account_key, message_id, piece, date_key, sent_at, template, label, message_type, country, is_derived, about_at, pieces,
         outcome, code, source, reported_at, told_at, charged, charged_at)
    SELECT $1, message_id, piece, date_key, sent_at, template, label, message_type, country, is_derived, about_at, pieces,
           outcome, code, source, reported_at, told_at, charged, charged_at
    FROM told
    WHERE is_new
    ORDER BY message_id, piece
    RETURNING 1
)
SELECT (SELECT count(*) FROM inserted), (SELECT count(*) FROM updated)
