-- Takes in the reports that say something new, and touches the loaded days of their messages. A day that is not loaded yet needs no
-- mark: the export that completes it counts it with all reports.
WITH told AS (
    INSERT INTO etl.huawei_report
        (push_id, position, source, message_id, piece, pieces, is_signed, outcome, code, status_source, reported_at, told_at, is_waiting)
    SELECT s.push_id, s.position, $1, s.message_id, s.piece, s.pieces, s.is_signed, s.outcome, s.code, s.status_source, s.reported_at, s.told_at,
           NOT EXISTS (SELECT FROM etl.huawei_message AS m WHERE m.account_key = ANY ($2) AND m.message_id = s.message_id)
    FROM report_staging AS s
    ORDER BY s.push_id, s.position
    ON CONFLICT DO NOTHING
    RETURNING message_id, is_waiting
),
touched AS (
    INSERT INTO etl.huawei_touched_day (account_key, date_key, due_at)
    SELECT DISTINCT m.account_key, m.date_key, $3::timestamptz
    FROM told               AS t
    JOIN etl.huawei_message AS m ON m.account_key = ANY ($2) AND m.message_id = t.message_id
    JOIN etl.coverage       AS c ON c.account_key = m.account_key AND c.date_key = m.date_key
    WHERE c.dataset = $4
      AND c.confirmed_at IS NOT NULL
    ON CONFLICT (account_key, date_key) DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM told),
       (SELECT count(*) FROM told WHERE is_waiting),
       (SELECT count(*) FROM touched)
