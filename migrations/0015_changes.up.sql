-- Why a number moved between two periods. It is answered from the summaries, the days at the edges of months and what lacks a number aside.
CREATE FUNCTION sms.require_period(first_day date, last_day date) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    IF first_day IS NULL OR last_day IS NULL OR first_day > last_day THEN
        RAISE invalid_parameter_value USING MESSAGE = format('no period goes from %s to %s: want two days, the first one first',
            coalesce(first_day::text, 'NULL'), coalesce(last_day::text, 'NULL'));
    END IF;
    RETURN true;
END
$$;

COMMENT ON FUNCTION sms.require_period(date, date) IS 'flag. True for two days that a period can go from and to; anything else is an error.';

-- A quotient of numeric has 16 digits or a few more: a fraction a little under a half would be a half before it is rounded.
CREATE FUNCTION sms.nearest(numerator numeric, denominator numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT sign(numerator) * div(2 * abs(numerator) + denominator, 2 * denominator)
$$;

COMMENT ON FUNCTION sms.nearest(numeric, numeric) IS 'number. The whole number nearest to numerator / denominator, which is above 0; of two, the one further from 0. Exact.';

-- Compiling such a question takes longer than answering it.
CREATE FUNCTION sms.period_sums(first_day date, last_day date, split_by text, only_vendor text DEFAULT NULL, only_account text DEFAULT NULL)
RETURNS TABLE (
    vendor       text,
    account      text,
    member       text,
    is_requested boolean,
    is_delivered boolean,
    row_count    bigint,
    requested    bigint,
    delivered    bigint
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    -- The whole months of the period, up to a day outside of them. Without any, every day is before them.
    month_first date := date_trunc('month', (first_day - 1)::timestamp) + interval '1 month';
    month_end   date := date_trunc('month', (last_day + 1)::timestamp);
BEGIN
    PERFORM sms.require_period(first_day, last_day);
    IF (split_by IN ('vendor', 'account', 'template', 'label', 'country', 'message_type')) IS NOT TRUE THEN
        RAISE invalid_parameter_value USING MESSAGE = format('nothing is split by %s: want vendor, account, template, label, country or message_type',
            coalesce(quote_literal(split_by), 'NULL'));
    END IF;
    IF month_first >= month_end THEN
        month_first := last_day + 1;
        month_end   := last_day + 1;
    END IF;
    RETURN QUERY
    WITH chosen AS (
        SELECT a.account_key, a.account, v.vendor
        FROM sms.dim_account AS a
        JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
        WHERE (only_vendor IS NULL OR v.vendor = only_vendor)
          AND (only_account IS NULL OR a.account = only_account)
    ),
    part AS (
        SELECT s.account_key, 0 AS key, true AS is_requested, true AS is_delivered, s.row_count, s.requested, s.delivered
        FROM sms.delivery_by_day AS s
        WHERE split_by IN ('vendor', 'account')
          AND s.date_key BETWEEN first_day AND last_day
          AND s.rows_not_reported = 0
        UNION ALL
        SELECT s.account_key, s.template_key, true, true, s.row_count, s.requested, s.delivered
        FROM sms.delivery_by_month_template AS s
        WHERE split_by = 'template'
          AND s.month_start >= month_first
          AND s.month_start < month_end
          AND s.rows_not_reported = 0
        UNION ALL
        SELECT s.account_key,
               CASE split_by WHEN 'label' THEN s.label_key WHEN 'country' THEN s.country_key ELSE s.message_type_key END,
               true, true, s.row_count, s.requested, s.delivered
        FROM sms.delivery_by_month_label AS s
        WHERE split_by IN ('label', 'country', 'message_type')
          AND s.month_start >= month_first
          AND s.month_start < month_end
          AND s.rows_not_reported = 0
        UNION ALL
        SELECT f.account_key, 0, f.requested IS NOT NULL, f.delivered IS NOT NULL, count(*), sum(f.requested), sum(f.delivered)
        FROM sms.delivery_by_day     AS s
        JOIN sms.fact_delivery_daily AS f ON f.date_key = s.date_key AND f.account_key = s.account_key
        WHERE split_by IN ('vendor', 'account')
          AND s.date_key BETWEEN first_day AND last_day
          AND s.rows_not_reported > 0
        GROUP BY 1, 3, 4
        UNION ALL
        SELECT f.account_key, f.template_key, f.requested IS NOT NULL, f.delivered IS NOT NULL, count(*), sum(f.requested), sum(f.delivered)
        FROM sms.delivery_by_month_template AS s
        JOIN sms.fact_delivery_daily        AS f ON f.account_key = s.account_key AND f.template_key = s.template_key
                                                AND f.date_key >= s.month_start AND f.date_key < s.month_start + interval '1 month'
        WHERE split_by = 'template'
          AND s.month_start >= month_first
          AND s.month_start < month_end
          AND s.rows_not_reported > 0
          AND f.date_key >= month_first
          AND f.date_key < month_end
        GROUP BY 1, 2, 3, 4
        UNION ALL
        SELECT f.account_key,
               CASE split_by WHEN 'label' THEN f.label_key WHEN 'country' THEN f.country_key ELSE f.message_type_key END,
               f.requested IS NOT NULL, f.delivered IS NOT NULL, count(*), sum(f.requested), sum(f.delivered)
        FROM sms.delivery_by_month_label AS s
        JOIN sms.fact_delivery_daily     AS f ON f.account_key = s.account_key AND f.label_key = s.label_key
                                             AND f.message_type_key = s.message_type_key AND f.country_key = s.country_key
                                             AND f.date_key >= s.month_start AND f.date_key < s.month_start + interval '1 month'
        WHERE split_by IN ('label', 'country', 'message_type')
          AND s.month_start >= month_first
          AND s.month_start < month_end
          AND s.rows_not_reported > 0
          AND f.date_key >= month_first
          AND f.date_key < month_end
        GROUP BY 1, 2, 3, 4
        UNION ALL
        SELECT f.account_key,
               CASE split_by WHEN 'template' THEN f.template_key WHEN 'label' THEN f.label_key WHEN 'country' THEN f.country_key ELSE f.message_type_key END,
               f.requested IS NOT NULL, f.delivered IS NOT NULL, count(*), sum(f.requested), sum(f.delivered)
        FROM (VALUES (first_day, month_first - 1), (month_end, last_day)) AS r (first_day, last_day)
        JOIN sms.fact_delivery_daily AS f ON f.date_key BETWEEN r.first_day AND r.last_day
        WHERE split_by NOT IN ('vendor', 'account')
        GROUP BY 1, 2, 3, 4
    )
    SELECT CASE WHEN split_by <> 'country' THEN c.vendor END,
           CASE WHEN split_by IN ('account', 'template', 'label') THEN c.account END,
           CASE split_by WHEN 'vendor' THEN c.vendor WHEN 'account' THEN c.account WHEN 'template' THEN t.code WHEN 'label' THEN l.code
                         WHEN 'country' THEN y.code ELSE m.code END,
           p.is_requested,
           p.is_delivered,
           sum(p.row_count)::bigint,
           sum(p.requested)::bigint,
           sum(p.delivered)::bigint
    FROM part                       AS p
    JOIN chosen                     AS c ON c.account_key = p.account_key
    LEFT JOIN sms.dim_template      AS t ON split_by = 'template' AND t.template_key = p.key
    LEFT JOIN sms.dim_label         AS l ON split_by = 'label' AND l.label_key = p.key
    LEFT JOIN sms.dim_country       AS y ON split_by = 'country' AND y.country_key = p.key
    LEFT JOIN sms.dim_message_type  AS m ON split_by = 'message_type' AND m.message_type_key = p.key
    GROUP BY 1, 2, 3, 4, 5;
END
$$;

COMMENT ON FUNCTION sms.period_sums(date, date, text, text, text) IS 'rows. Sums of the days from the first to the last, both inside, by vendor, account, template, label, country or message_type (split_by). What reports requested and delivered, one of them or none are lines of their own (is_requested, is_delivered): NULL is never added as 0.';

-- The rate moved from D0/R0 to D1/R1, and D1 - D0 messages more were delivered. A member did R1m, D1m and R0m, D0m of it. What it
-- did for the rate is worth (D1m - R1m*D0/R0) - R1/R0*(D0m - R0m*D0/R0) messages: what it was above the average of then in this
-- period, less what it was above it in the other one, at the volume of this one. All members together: D1 - R1*D0/R0, which is
-- R1 times the change of the rate. Of that D1m - R1m*D0m/R0m is its own rate; the rest is the mix: that it has another share of the
-- volume. Of a member that is only in one of the periods all is mix. What is left of D1m - D0m is the volume.
--
-- Parts are whole messages and add up exactly: they are differences of a running sum, rounded, in the order of the names. So each is
-- within a message of its fraction, and all of them are the fraction of the whole, rounded once.
CREATE FUNCTION sms.rate_change(
    this_from date, this_to date, with_from date, with_to date, split_by text DEFAULT 'template',
    only_vendor text DEFAULT NULL, only_account text DEFAULT NULL
)
RETURNS TABLE (
    vendor         text,
    account        text,
    member         text,
    is_comparable  boolean,
    rows_this      bigint,
    rows_with      bigint,
    requested_this bigint,
    requested_with bigint,
    delivered_this bigint,
    delivered_with bigint,
    share_this     numeric,
    share_with     numeric,
    rate_this      numeric,
    rate_with      numeric,
    volume_effect  bigint,
    mix_effect     bigint,
    rate_effect    bigint,
    mix_points     numeric,
    rate_points    numeric
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH period AS (
        SELECT true AS is_this, p.*, p.is_requested AND p.is_delivered AS is_comparable
        FROM sms.period_sums(this_from, this_to, split_by, only_vendor, only_account) AS p
        UNION ALL
        SELECT false, p.*, p.is_requested AND p.is_delivered
        FROM sms.period_sums(with_from, with_to, split_by, only_vendor, only_account) AS p
    ),
    line AS (
        SELECT CASE WHEN p.is_comparable THEN p.vendor END                            AS vendor,
               CASE WHEN p.is_comparable THEN p.account END                           AS account,
               CASE WHEN p.is_comparable THEN p.member ELSE '(not comparable)' END    AS member,
               p.is_comparable,
               coalesce(sum(p.row_count) FILTER (WHERE p.is_this), 0)                 AS n1,
               coalesce(sum(p.row_count) FILTER (WHERE NOT p.is_this), 0)             AS n0,
               sum(p.requested) FILTER (WHERE p.is_this)                              AS r1,
               sum(p.requested) FILTER (WHERE NOT p.is_this)                          AS r0,
               sum(p.delivered) FILTER (WHERE p.is_this)                              AS d1,
               sum(p.delivered) FILTER (WHERE NOT p.is_this)                          AS d0
        FROM period AS p
        GROUP BY 1, 2, 3, 4
    ),
    -- A member without rows in a period sent nothing in it; what was not reported stays NULL.
    counted AS (
        SELECT l.vendor, l.account, l.member, l.is_comparable, l.n1, l.n0,
               CASE WHEN l.is_comparable AND l.n1 = 0 THEN 0 ELSE l.r1 END AS r1,
               CASE WHEN l.is_comparable AND l.n0 = 0 THEN 0 ELSE l.r0 END AS r0,
               CASE WHEN l.is_comparable AND l.n1 = 0 THEN 0 ELSE l.d1 END AS d1,
               CASE WHEN l.is_comparable AND l.n0 = 0 THEN 0 ELSE l.d0 END AS d0
        FROM line AS l
    ),
    total AS (
        SELECT sum(c.r1) AS r1, sum(c.r0) AS r0, sum(c.d0) AS d0
        FROM counted AS c
        WHERE c.is_comparable
    ),
    -- gain is in parts of a message: there are r0 * r0 to one.
    weighed AS (
        SELECT c.*,
               t.r1 AS all_r1,
               t.r0 AS all_r0,
               CASE WHEN c.is_comparable AND t.r1 > 0 AND t.r0 > 0
                    THEN c.d1 * t.r0 * t.r0 - c.r1 * t.d0 * t.r0 - t.r1 * (c.d0 * t.r0 - c.r0 * t.d0) END AS gain
        FROM counted     AS c
        CROSS JOIN total AS t
    ),
    summed AS (
        SELECT w.*,
               sum(w.gain) OVER (ORDER BY w.vendor COLLATE "C", w.account COLLATE "C", w.member COLLATE "C") AS up_to
        FROM weighed AS w
    ),
    effect AS (
        SELECT s.*,
               sms.nearest(s.up_to, s.all_r0 * s.all_r0) - sms.nearest(s.up_to - s.gain, s.all_r0 * s.all_r0) AS whole,
               CASE WHEN s.gain IS NULL THEN NULL
                    WHEN s.r1 > 0 AND s.r0 > 0 THEN sms.nearest(s.d1 * s.r0 - s.r1 * s.d0, s.r0)
                    ELSE 0 END AS own
        FROM summed AS s
    )
    SELECT e.vendor, e.account, e.member, e.is_comparable,
           e.n1::bigint, e.n0::bigint, e.r1::bigint, e.r0::bigint, e.d1::bigint, e.d0::bigint,
           CASE WHEN e.is_comparable THEN e.r1 / NULLIF(e.all_r1, 0) END,
           CASE WHEN e.is_comparable THEN e.r0 / NULLIF(e.all_r0, 0) END,
           CASE WHEN e.is_comparable THEN e.d1 / NULLIF(e.r1, 0) END,
           CASE WHEN e.is_comparable THEN e.d0 / NULLIF(e.r0, 0) END,
           CASE WHEN e.is_comparable THEN (e.d1 - e.d0 - coalesce(e.whole, 0))::bigint END,
           (e.whole - e.own)::bigint,
           e.own::bigint,
           (e.whole - e.own) / e.all_r1,
           e.own / e.all_r1
    FROM effect AS e
    ORDER BY e.is_comparable DESC, abs(e.whole) DESC NULLS LAST, e.vendor COLLATE "C", e.account COLLATE "C", e.member COLLATE "C"
$$;

COMMENT ON FUNCTION sms.rate_change(date, date, date, date, text, text, text) IS 'rows. Why the delivery rate of a period (this_from to this_to) is another one than that of the period it is compared with (with_from to with_to): a line for each member of split_by (vendor, account, template, label, country, message_type), what did most for it first. rate_effect: messages delivered more or less because the member''s own rate changed. mix_effect: because it has another share of the volume, and for a member that is only in one of the periods. volume_effect: because more or less was sent at the same rates. All three of all lines add up to delivered_this - delivered_with, to the last message; mix_points + rate_points to the change of the rate, to half a message of requested_this; each is within a message of its fraction. Both are NULL where one of the periods has no messages. Rows without requested or delivered are in none of it: they are the line (not comparable), whose numbers are sums of what is reported and so the least that it can be.';

CREATE FUNCTION sms.volume_change(
    this_from date, this_to date, with_from date, with_to date, split_by text DEFAULT 'template',
    only_vendor text DEFAULT NULL, only_account text DEFAULT NULL
)
RETURNS TABLE (
    vendor         text,
    account        text,
    member         text,
    is_comparable  boolean,
    rows_this      bigint,
    rows_with      bigint,
    requested_this bigint,
    requested_with bigint,
    per_day_this   numeric,
    per_day_with   numeric,
    change         bigint
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH line AS (
        SELECT CASE WHEN p.is_requested THEN p.vendor END                            AS vendor,
               CASE WHEN p.is_requested THEN p.account END                           AS account,
               CASE WHEN p.is_requested THEN p.member ELSE '(not comparable)' END    AS member,
               p.is_requested,
               coalesce(sum(p.row_count) FILTER (WHERE p.is_this), 0)                AS n1,
               coalesce(sum(p.row_count) FILTER (WHERE NOT p.is_this), 0)            AS n0,
               CASE WHEN p.is_requested THEN coalesce(sum(p.requested) FILTER (WHERE p.is_this), 0) END     AS r1,
               CASE WHEN p.is_requested THEN coalesce(sum(p.requested) FILTER (WHERE NOT p.is_this), 0) END AS r0
        FROM (
            SELECT true AS is_this, p.* FROM sms.period_sums(this_from, this_to, split_by, only_vendor, only_account) AS p
            UNION ALL
            SELECT false, p.* FROM sms.period_sums(with_from, with_to, split_by, only_vendor, only_account) AS p
        ) AS p
        GROUP BY 1, 2, 3, 4
    )
    SELECT l.vendor, l.account, l.member, l.is_requested, l.n1::bigint, l.n0::bigint, l.r1::bigint, l.r0::bigint,
           l.r1 / (this_to - this_from + 1),
           l.r0 / (with_to - with_from + 1),
           (l.r1 - l.r0)::bigint
    FROM line AS l
    ORDER BY l.is_requested DESC, abs(l.r1 - l.r0) DESC NULLS LAST, l.vendor COLLATE "C", l.account COLLATE "C", l.member COLLATE "C"
$$;

COMMENT ON FUNCTION sms.volume_change(date, date, date, date, text, text, text) IS 'rows. Why more or fewer messages were requested in a period than in another one: arguments and members as of sms.rate_change, the largest change first. Between periods of different length compare per_day_this with per_day_with. Rows without requested are the line (not comparable), and in no other.';

-- Failed is what deliveries count. Reasons have no requested of their own, so days are compared whole: a day of an account on which one
-- of the numbers lacks is not comparable.
CREATE FUNCTION sms.reason_change(
    this_from date, this_to date, with_from date, with_to date, only_vendor text DEFAULT NULL, only_account text DEFAULT NULL
)
RETURNS TABLE (
    vendor         text,
    stage          text,
    reason         text,
    category       text,
    is_comparable  boolean,
    messages_this  bigint,
    messages_with  bigint,
    requested_this bigint,
    requested_with bigint,
    rate_this      numeric,
    rate_with      numeric,
    effect         bigint,
    points         numeric
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    WITH chosen AS (
        SELECT a.account_key, v.vendor
        FROM sms.dim_account AS a
        JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
        WHERE (only_vendor IS NULL OR v.vendor = only_vendor)
          AND (only_account IS NULL OR a.account = only_account)
    ),
    period (is_this, first_day, last_day) AS (
        VALUES (true, this_from, this_to), (false, with_from, with_to)
    ),
    named AS (
        SELECT p.is_this, f.date_key, f.account_key, c.vendor, r.stage, r.code AS reason, r.category, f.messages,
               bool_or(f.rows_not_reported > 0) OVER (PARTITION BY p.is_this, f.date_key, f.account_key) AS is_lacking
        FROM period                 AS p
        JOIN sms.failure_by_day     AS f ON f.date_key BETWEEN p.first_day AND p.last_day
        JOIN chosen                 AS c ON c.account_key = f.account_key
        JOIN sms.dim_failure_reason AS r ON r.reason_key = f.reason_key
    ),
    day AS (
        SELECT p.is_this, s.date_key, s.account_key, c.vendor, s.requested, s.processing_failed, s.send_failed,
               s.rows_not_reported = 0 AND n.date_key IS NULL AS is_comparable
        FROM period              AS p
        JOIN sms.delivery_by_day AS s ON s.date_key BETWEEN p.first_day AND p.last_day
        JOIN chosen              AS c ON c.account_key = s.account_key
        LEFT JOIN (SELECT DISTINCT is_this, date_key, account_key FROM named WHERE is_lacking) AS n
               ON n.is_this = p.is_this AND n.date_key = s.date_key AND n.account_key = s.account_key
    ),
    of_reason AS (
        SELECT n.is_this, n.vendor, n.stage, n.reason, n.category, n.messages, coalesce(d.is_comparable, false) AS is_comparable
        FROM named    AS n
        LEFT JOIN day AS d ON d.is_this = n.is_this AND d.date_key = n.date_key AND d.account_key = n.account_key
    ),
    part AS (
        SELECT is_this, vendor, stage, reason, category, messages
        FROM of_reason
        WHERE is_comparable
        UNION ALL
        SELECT d.is_this, d.vendor, x.stage, '(no reason reported)', '(no reason reported)', x.failed
        FROM day AS d
        CROSS JOIN LATERAL (VALUES ('processing', d.processing_failed), ('sending', d.send_failed)) AS x (stage, failed)
        WHERE d.is_comparable
        UNION ALL
        SELECT is_this, vendor, stage, '(no reason reported)', '(no reason reported)', - messages
        FROM of_reason
        WHERE is_comparable
    ),
    total AS (
        SELECT sum(requested) FILTER (WHERE is_this)     AS r1,
               sum(requested) FILTER (WHERE NOT is_this) AS r0
        FROM day
        WHERE is_comparable
    ),
    line AS (
        SELECT p.vendor, p.stage, p.reason, p.category,
               coalesce(sum(p.messages) FILTER (WHERE p.is_this), 0)     AS m1,
               coalesce(sum(p.messages) FILTER (WHERE NOT p.is_this), 0) AS m0
        FROM part AS p
        GROUP BY 1, 2, 3, 4
        HAVING bool_or(p.reason <> '(no reason reported)') OR sum(p.messages) FILTER (WHERE p.is_this) <> 0 OR sum(p.messages) FILTER (WHERE NOT p.is_this) <> 0
    ),
    summed AS (
        SELECT l.*, t.r1, t.r0,
               CASE WHEN t.r1 > 0 AND t.r0 > 0 THEN l.m1 * t.r0 - t.r1 * l.m0 END AS more,
               sum(CASE WHEN t.r1 > 0 AND t.r0 > 0 THEN l.m1 * t.r0 - t.r1 * l.m0 END) OVER in_order AS up_to
        FROM line        AS l
        CROSS JOIN total AS t
        WINDOW in_order AS (ORDER BY l.vendor COLLATE "C", l.stage COLLATE "C", l.reason COLLATE "C", l.category COLLATE "C")
    ),
    effect AS (
        SELECT s.vendor, s.stage, s.reason, s.category, true AS is_comparable, s.m1, s.m0, s.r1, s.r0,
               s.m1 / NULLIF(s.r1, 0) AS rate_this,
               s.m0 / NULLIF(s.r0, 0) AS rate_with,
               sms.nearest(s.up_to, s.r0) - sms.nearest(s.up_to - s.more, s.r0) AS effect
        FROM summed AS s
        UNION ALL
        SELECT NULL, NULL, '(not comparable)', NULL, false,
               (SELECT sum(messages) FROM of_reason WHERE NOT is_comparable AND is_this),
               (SELECT sum(messages) FROM of_reason WHERE NOT is_comparable AND NOT is_this),
               (SELECT sum(requested) FROM day WHERE NOT is_comparable AND is_this),
               (SELECT sum(requested) FROM day WHERE NOT is_comparable AND NOT is_this),
               NULL, NULL, NULL
        WHERE EXISTS (SELECT FROM day WHERE NOT is_comparable)
           OR EXISTS (SELECT FROM of_reason WHERE NOT is_comparable)
    )
    SELECT e.vendor, e.stage, e.reason, e.category, e.is_comparable, e.m1::bigint, e.m0::bigint, e.r1::bigint, e.r0::bigint,
           e.rate_this, e.rate_with, e.effect::bigint, e.effect / e.r1
    FROM effect AS e
    WHERE sms.require_period(this_from, this_to)
      AND sms.require_period(with_from, with_to)
    ORDER BY e.is_comparable DESC, abs(e.effect) DESC NULLS LAST, e.vendor COLLATE "C", e.stage COLLATE "C", e.reason COLLATE "C"
$$;

COMMENT ON FUNCTION sms.reason_change(date, date, date, date, text, text) IS 'rows. Why another share of the messages failed in a period than in another one, by reason: arguments as of sms.rate_change, what did most for it first. rate_this and rate_with: messages of the reason / requested of all lines. effect: messages that fail more or less for it than at the rate of then; effects add up to the change of the failure rate times requested_this, rounded once, and each is within a message of its fraction. What deliveries count as failed and no reason explains is a line of its own for each vendor and stage, (no reason reported); it is below 0 where reasons tell of more. Days of accounts on which a number lacks are the line (not comparable), and in no other.';
