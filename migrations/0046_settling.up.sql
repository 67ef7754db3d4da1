-- Movements are summed by day and load, not by row: a load that brings a row to its end also adds and removes others.
CREATE VIEW sms.settling AS
WITH asked AS (
    SELECT l.load_id,
           l.account_key,
           w.day                                                                    AS date_key,
           (l.started_at AT TIME ZONE 'UTC' + a.zone::interval)::date - w.day       AS days_after,
           row_number() OVER (PARTITION BY l.account_key, w.day ORDER BY l.load_id) AS turn
    FROM etl.load        AS l
    JOIN sms.dim_account AS a ON a.account_key = l.account_key
    JOIN etl.dataset     AS d ON d.vendor_key  = a.vendor_key AND d.owns_delivery AND d.dataset = ANY (l.datasets)
    CROSS JOIN LATERAL etl.days(l.window_from, l.window_to) AS w (day)
    WHERE l.outcome IN ('loaded', 'unchanged')
      AND EXISTS (SELECT FROM etl.fetch AS f WHERE f.load_id = l.load_id)
),
before AS (
    SELECT h.date_key,
           h.account_key,
           h.replaced_by                             AS load_id,
           bool_and(h.load_id IS NULL
                 OR o.transform_version = n.transform_version) AS is_vendors,
           coalesce(sum(h.delivered), 0)             AS delivered,
           coalesce(sum(h.send_failed), 0)           AS send_failed,
           coalesce(sum(h.pending), 0)               AS pending,
           coalesce(sum(h.processing_failed), 0)     AS processing_failed
    FROM etl.delivery_history AS h
    JOIN etl.load             AS n ON n.load_id = h.replaced_by
    LEFT JOIN etl.load        AS o ON o.load_id = h.load_id
    GROUP BY h.date_key, h.account_key, h.replaced_by
),
written AS (
    SELECT date_key, account_key, load_id, delivered, send_failed, pending, processing_failed
    FROM sms.fact_delivery_daily
    UNION ALL
    SELECT date_key, account_key, load_id, delivered, send_failed, pending, processing_failed
    FROM etl.delivery_history
),
after AS (
    SELECT w.date_key,
           w.account_key,
           w.load_id,
           coalesce(sum(w.delivered), 0)         AS delivered,
           coalesce(sum(w.send_failed), 0)       AS send_failed,
           coalesce(sum(w.pending), 0)           AS pending,
           coalesce(sum(w.processing_failed), 0) AS processing_failed
    FROM written AS w
    JOIN before  AS b USING (date_key, account_key, load_id)
    GROUP BY w.date_key, w.account_key, w.load_id
),
moved AS (
    SELECT b.date_key,
           b.account_key,
           b.load_id,
           b.is_vendors,
           greatest(sum(m.change) FILTER (WHERE m.change > 0), - sum(m.change) FILTER (WHERE m.change < 0), 0) AS messages
    FROM before     AS b
    LEFT JOIN after AS a USING (date_key, account_key, load_id)
    CROSS JOIN LATERAL (VALUES (coalesce(a.delivered, 0)         - b.delivered),
                               (coalesce(a.send_failed, 0)       - b.send_failed),
                               (coalesce(a.pending, 0)           - b.pending),
                               (coalesce(a.processing_failed, 0) - b.processing_failed)) AS m (change)
    GROUP BY b.date_key, b.account_key, b.load_id, b.is_vendors
),
seen AS (
    SELECT r.account_key,
           r.date_key,
           r.days_after,
           coalesce(sum(m.messages), 0) AS moved
    FROM asked      AS r
    LEFT JOIN moved AS m USING (account_key, date_key, load_id)
    WHERE r.turn > 1
      AND m.is_vendors IS NOT FALSE
    GROUP BY r.account_key, r.date_key, r.days_after
)
SELECT v.vendor,
       a.account,
       s.days_after,
       count(*)                          AS days,
       sum(t.requested)::bigint          AS messages,
       sum(s.moved)::bigint              AS moved_messages,
       sum(s.moved) / sum(t.requested)   AS moved_share
FROM seen                AS s
JOIN sms.delivery_by_day AS t ON t.account_key = s.account_key AND t.date_key = s.date_key AND t.requested > 0
JOIN sms.dim_account     AS a ON a.account_key = s.account_key
JOIN sms.dim_vendor      AS v ON v.vendor_key  = a.vendor_key
GROUP BY v.vendor, a.account, s.days_after;

COMMENT ON VIEW   sms.settling                IS 'ages. How much of a day still moved when the vendor was asked again so many days after it, by our own history: choose settle_days where moved_share has become nothing. No row for an age at which no day was read again.';
COMMENT ON COLUMN sms.settling.vendor         IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN sms.settling.account        IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application.';
COMMENT ON COLUMN sms.settling.days_after     IS 'days. From the day of sending to the day of asking, in the zone of the account.';
COMMENT ON COLUMN sms.settling.days           IS 'days. Days that were read again at this age.';
COMMENT ON COLUMN sms.settling.messages       IS 'messages. Requested on these days.';
COMMENT ON COLUMN sms.settling.moved_messages IS 'messages. Of these, how many had become delivered, failed or pending, or ceased to be, since the day was read before. Changes that a new version of our own code made are left out.';
COMMENT ON COLUMN sms.settling.moved_share    IS 'ratio. moved_messages / messages. Over several accounts divide the sums.';
