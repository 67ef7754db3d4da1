-- Takes in the reports that say something new, and gives their messages.
INSERT INTO etl.huawei_report
    (push_id, position, source, message_id, piece, pieces, is_signed, outcome, code, status_source, reported_at, told_at, is_waiting)
SELECT push_id, position, source, message_id, piece, pieces, is_signed, outcome, code, status_source, reported_at, told_at, is_waiting
FROM report_staging
ORDER BY push_id, position
ON CONFLICT DO NOTHING
RETURNING message_id
