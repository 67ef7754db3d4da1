-- '*' and not NULL for "any", so that a look-up is a handful of probes of the index, and not a walk through every price of a vendor.
CREATE TABLE sms.price (
    price_id      bigint      GENERATED ALWAYS AS IDENTITY,
    vendor        text        NOT NULL,
    account       text        NOT NULL,
    country       text        NOT NULL,
    message_type  text        NOT NULL,
    valid_from    date        NOT NULL,
    currency      text        NOT NULL,
    unit          text        NOT NULL,
    price         numeric     NOT NULL,
    file          text        NOT NULL,
    line          integer     NOT NULL,
    imported_at   timestamptz NOT NULL,
    imported_by   text        NOT NULL,
    superseded_at timestamptz NULL,
    superseded_by text        NULL,
    CONSTRAINT price_pk            PRIMARY KEY (price_id),
    CONSTRAINT price_vendor_fk     FOREIGN KEY (vendor) REFERENCES sms.dim_vendor (vendor),
    CONSTRAINT price_currency_ck   CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT price_unit_ck       CHECK (unit IN ('segment', 'accepted', 'delivered')),
    CONSTRAINT price_price_ck      CHECK (price >= 0 AND price < 'infinity'),
    CONSTRAINT price_superseded_ck CHECK ((superseded_at IS NULL) = (superseded_by IS NULL))
);

CREATE UNIQUE INDEX price_in_force_ux ON sms.price (vendor, account, country, message_type, valid_from) WHERE superseded_at IS NULL;

COMMENT ON TABLE  sms.price               IS 'prices. What we pay, as `etl prices import` was told, superseded lines too. A line in force (superseded_at is NULL) holds from valid_from until a later line of the same vendor, account, country and message type. Where several hold, the one counts that names most of account, country and message type.';
COMMENT ON COLUMN sms.price.price_id      IS 'key. The price.';
COMMENT ON COLUMN sms.price.vendor        IS 'name. Who is paid, sms.dim_vendor.';
COMMENT ON COLUMN sms.price.account       IS 'name. The account that it is for; * for every account.';
COMMENT ON COLUMN sms.price.country       IS 'name. ISO 3166-1 alpha-2 of the country that it is for; * for every country, told or not.';
COMMENT ON COLUMN sms.price.message_type  IS 'name. The vendor''s code of the message type that it is for; * for every type.';
COMMENT ON COLUMN sms.price.valid_from    IS 'day. The first day of sending that it is for, in the zone of the account.';
COMMENT ON COLUMN sms.price.currency      IS 'currency. Of the price, ISO 4217.';
COMMENT ON COLUMN sms.price.unit          IS 'unit. What is paid for. segment: a billed segment. accepted: a message that the vendor handed on. delivered: a message that reached the handset.';
COMMENT ON COLUMN sms.price.price         IS 'amount. In the currency, for one unit; exact.';
COMMENT ON COLUMN sms.price.file          IS 'name. The file that said so.';
COMMENT ON COLUMN sms.price.line          IS 'line. Of the file, from 1.';
COMMENT ON COLUMN sms.price.imported_at   IS 'time. Since when costs are worked out with it.';
COMMENT ON COLUMN sms.price.imported_by   IS 'name. Who imported it: the user and the machine, or what the person said.';
COMMENT ON COLUMN sms.price.superseded_at IS 'time. When another file said something else of the same day, or left it out as a whole list. NULL while it is in force.';
COMMENT ON COLUMN sms.price.superseded_by IS 'name. Who imported that file. NULL while it is in force.';

-- Rows are added up before they get a price: 10 million of them are 50 thousand look-ups a year. A filter on days goes down to the
-- rows, since every level has the day as it is.
CREATE VIEW sms.cost_daily AS
SELECT g.date_key AS send_date,
       v.vendor,
       a.account,
       y.code     AS country,
       m.code     AS message_type,
       p.currency,
       u.units * p.price AS cost,
       u.units,
       p.unit,
       p.price,
       CASE
           WHEN p.price IS NULL THEN 'no price'
           WHEN u.units IS NULL THEN u.measure || ' is not reported'
       END AS missing,
       g.requested,
       g.delivered,
       g.billed_segments,
       CASE WHEN count(g.requested) OVER same_day = count(*) OVER same_day
            THEN coalesce(sum(g.requested) FILTER (WHERE p.price * u.units IS NOT NULL) OVER same_day, 0) / NULLIF(sum(g.requested) OVER same_day, 0)
       END AS priced_share,
       c.state    AS day_state
FROM (
    SELECT f.date_key,
           f.account_key,
           f.country_key,
           f.message_type_key,
           CASE WHEN count(f.requested) = count(*) THEN sum(f.requested)::bigint END AS requested,
           CASE WHEN count(f.accepted) = count(*) THEN sum(f.accepted)::bigint END AS accepted,
           CASE WHEN count(f.delivered) = count(*) THEN sum(f.delivered)::bigint END AS delivered,
           CASE WHEN count(f.billed_segments) = count(*) THEN sum(f.billed_segments)::bigint END AS billed_segments
    FROM sms.fact_delivery_daily AS f
    GROUP BY f.date_key, f.account_key, f.country_key, f.message_type_key
) AS g
JOIN sms.dim_account      AS a ON a.account_key      = g.account_key
JOIN sms.dim_vendor       AS v ON v.vendor_key       = a.vendor_key
JOIN sms.dim_country      AS y ON y.country_key      = g.country_key
JOIN sms.dim_message_type AS m ON m.message_type_key = g.message_type_key
LEFT JOIN LATERAL (
    SELECT o.currency, o.unit, o.price
    FROM sms.price AS o
    WHERE o.superseded_at IS NULL
      AND o.vendor       = v.vendor
      AND o.account      = ANY (ARRAY[a.account, '*'])
      AND o.country      = ANY (ARRAY[y.code, '*'])
      AND o.message_type = ANY (ARRAY[m.code, '*'])
      AND o.valid_from  <= g.date_key
    ORDER BY (o.account <> '*')::integer + (o.country <> '*')::integer + (o.message_type <> '*')::integer DESC, o.valid_from DESC
    LIMIT 1
) AS p ON true
LEFT JOIN (VALUES ('segment', 'billed_segments'), ('accepted', 'accepted'), ('delivered', 'delivered')) AS n (unit, measure) ON n.unit = p.unit
CROSS JOIN LATERAL (
    SELECT n.measure,
           CASE n.measure WHEN 'billed_segments' THEN g.billed_segments WHEN 'accepted' THEN g.accepted WHEN 'delivered' THEN g.delivered END AS units
) AS u
LEFT JOIN etl.dataset     AS d ON d.vendor_key       = a.vendor_key AND d.owns_delivery
LEFT JOIN etl.coverage    AS c ON c.account_key      = g.account_key AND c.dataset = d.dataset AND c.date_key = g.date_key
WINDOW same_day AS (PARTITION BY g.date_key, v.vendor, a.account);

COMMENT ON VIEW   sms.cost_daily                 IS 'rows. What traffic costs by the prices of sms.price: by vendor day, account, country and message type, each with its one price and currency. Never add up costs without the currency, and look at missing beside a sum: a row without a cost is left out of it.';
COMMENT ON COLUMN sms.cost_daily.send_date       IS 'day. The vendor''s day of sending, in the zone of the account.';
COMMENT ON COLUMN sms.cost_daily.vendor          IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN sms.cost_daily.account         IS 'name. EngageLab sms_user, Tencent SdkAppId, Huawei application.';
COMMENT ON COLUMN sms.cost_daily.country         IS 'name. Where the messages went to: ISO 3166-1 alpha-2; (not reported) where the vendor never tells.';
COMMENT ON COLUMN sms.cost_daily.message_type    IS 'name. The vendor''s code; (not reported) where the vendor never tells.';
COMMENT ON COLUMN sms.cost_daily.currency        IS 'currency. Of cost and price, ISO 4217. NULL without a price.';
COMMENT ON COLUMN sms.cost_daily.cost            IS 'amount. units * price in the currency, exact: an estimate by our own prices. NULL, and never 0, where there is no price or the vendor does not report the units; missing says which.';
COMMENT ON COLUMN sms.cost_daily.units           IS 'units. That the price is applied to: segments or messages, as unit says. NULL without a price, and where a row of the day does not report them.';
COMMENT ON COLUMN sms.cost_daily.unit            IS 'unit. What is paid for: segment, accepted or delivered, as in sms.price. NULL without a price.';
COMMENT ON COLUMN sms.cost_daily.price           IS 'amount. In the currency, for one unit. NULL without a price.';
COMMENT ON COLUMN sms.cost_daily.missing         IS 'text. Why there is no cost: no price, or the measure that is not reported. NULL where there is one.';
COMMENT ON COLUMN sms.cost_daily.requested       IS 'messages. That we asked the vendor to send; NULL where a row of the day does not report it.';
COMMENT ON COLUMN sms.cost_daily.delivered       IS 'messages. That reached the handset; NULL where a row of the day does not report it.';
COMMENT ON COLUMN sms.cost_daily.billed_segments IS 'segments. That the vendor billed, with a price or without; NULL where a row of the day does not report it.';
COMMENT ON COLUMN sms.cost_daily.priced_share    IS 'ratio. Of the account''s whole day: messages of rows with a cost / all messages requested. 1: every message has a cost. NULL when nothing was requested or a row does not report it.';
COMMENT ON COLUMN sms.cost_daily.day_state       IS 'state. Of the day in sms.coverage_daily: provisional numbers may still change.';

CREATE TABLE etl.package_answer (
    account_key integer     NOT NULL,
    again_on    date        NOT NULL,
    asked_at    timestamptz NOT NULL,
    reason      text        NOT NULL,
    CONSTRAINT package_answer_pk         PRIMARY KEY (account_key),
    CONSTRAINT package_answer_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key)
);

COMMENT ON TABLE  etl.package_answer             IS 'accounts. When each was last asked for its prepaid packages, which is done once a day, and once a week where the vendor refuses.';
COMMENT ON COLUMN etl.package_answer.account_key IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN etl.package_answer.again_on    IS 'day. From which it is asked again, in its zone.';
COMMENT ON COLUMN etl.package_answer.asked_at    IS 'time. When it was asked.';
COMMENT ON COLUMN etl.package_answer.reason      IS 'text. Why the vendor told nothing: no right to the call, or a site that has none. Empty when it told.';

-- A line a day, so that it is known how a package was used up.
CREATE TABLE sms.package_daily (
    account_key  integer     NOT NULL,
    date_key     date        NOT NULL,
    package_id   text        NOT NULL,
    amount       bigint      NULL,
    used         bigint      NULL,
    is_gift      boolean     NOT NULL,
    created_at   timestamptz NULL,
    effective_at timestamptz NULL,
    ends_at      timestamptz NULL,
    told         text        NOT NULL,
    CONSTRAINT package_daily_pk         PRIMARY KEY (account_key, date_key, package_id),
    CONSTRAINT package_daily_account_fk FOREIGN KEY (account_key) REFERENCES sms.dim_account (account_key),
    CONSTRAINT package_daily_date_fk    FOREIGN KEY (date_key) REFERENCES sms.dim_date (date_key)
);

COMMENT ON TABLE  sms.package_daily              IS 'packages. Prepaid packages as Tencent told of them, once a day.';
COMMENT ON COLUMN sms.package_daily.account_key  IS 'key. The account, sms.dim_account.';
COMMENT ON COLUMN sms.package_daily.date_key     IS 'day. On which it was told, in the zone of the account.';
COMMENT ON COLUMN sms.package_daily.package_id   IS 'name. The vendor''s number of the package.';
COMMENT ON COLUMN sms.package_daily.amount       IS 'segments. In the package. NULL when it is not told.';
COMMENT ON COLUMN sms.package_daily.used         IS 'segments. Of it, used up until then. NULL when it is not told.';
COMMENT ON COLUMN sms.package_daily.is_gift      IS 'flag. The vendor gave it; otherwise it was bought.';
COMMENT ON COLUMN sms.package_daily.created_at   IS 'time. When it was made. NULL when it is not told.';
COMMENT ON COLUMN sms.package_daily.effective_at IS 'time. Since when it can be used. NULL when it is not told.';
COMMENT ON COLUMN sms.package_daily.ends_at      IS 'time. Until when it can be used. NULL when it is not told.';
COMMENT ON COLUMN sms.package_daily.told         IS 'text. What the vendor said of it, in its own words (JSON).';

-- The use of 14 days is what was billed, by the calendar from the first of them with traffic: how packages share it is not told.
CREATE VIEW sms.package_status AS
SELECT x.vendor,
       x.account,
       x.package_id,
       x.is_gift,
       x.amount,
       x.used,
       x.unused,
       x.effective_at,
       x.ends_at,
       x.is_in_force,
       x.account_unused,
       u.daily_use,
       floor(least(x.account_unused / NULLIF(u.daily_use, 0), extract(epoch FROM x.last_end - etl.moment()) / 86400))::integer AS lasts_days,
       x.told_on
FROM (
    SELECT v.vendor, a.account, a.account_key, p.package_id, p.is_gift, p.amount, p.used, p.amount - p.used AS unused, p.effective_at, p.ends_at, f.is_in_force,
           CASE WHEN count(p.amount - p.used) FILTER (WHERE f.is_in_force) OVER of_account = count(*) FILTER (WHERE f.is_in_force) OVER of_account
                THEN sum(p.amount - p.used) FILTER (WHERE f.is_in_force) OVER of_account END AS account_unused,
           max(p.ends_at) FILTER (WHERE f.is_in_force) OVER of_account AS last_end,
           p.date_key AS told_on
    FROM (SELECT account_key, max(date_key) AS date_key FROM sms.package_daily GROUP BY account_key) AS n
    JOIN sms.package_daily AS p ON p.account_key = n.account_key AND p.date_key = n.date_key
    JOIN sms.dim_account   AS a ON a.account_key = p.account_key
    JOIN sms.dim_vendor    AS v ON v.vendor_key  = a.vendor_key
    CROSS JOIN LATERAL (
        SELECT coalesce(p.effective_at <= etl.moment(), true) AND coalesce(p.ends_at > etl.moment(), true) AS is_in_force
    ) AS f
    WINDOW of_account AS (PARTITION BY p.account_key)
) AS x
CROSS JOIN LATERAL (
    SELECT CASE WHEN count(d.billed_segments) = count(*) THEN sum(d.billed_segments) END / NULLIF(max(d.date_key) - min(d.date_key) + 1, 0) AS daily_use
    FROM sms.delivery_by_day AS d
    WHERE d.account_key = x.account_key
      AND d.date_key > (SELECT max(l.date_key) FROM sms.delivery_by_day AS l WHERE l.account_key = x.account_key) - 14
) AS u;

COMMENT ON VIEW   sms.package_status                IS 'packages. Every prepaid package as it was told last, with how long those of its account last.';
COMMENT ON COLUMN sms.package_status.vendor         IS 'name. tencent.';
COMMENT ON COLUMN sms.package_status.account        IS 'name. Tencent SdkAppId.';
COMMENT ON COLUMN sms.package_status.package_id     IS 'name. The vendor''s number of the package.';
COMMENT ON COLUMN sms.package_status.is_gift        IS 'flag. The vendor gave it; otherwise it was bought.';
COMMENT ON COLUMN sms.package_status.amount         IS 'segments. In the package. NULL when it is not told.';
COMMENT ON COLUMN sms.package_status.used           IS 'segments. Of it, used up. NULL when it is not told.';
COMMENT ON COLUMN sms.package_status.unused         IS 'segments. Of it, left. NULL when it is not told.';
COMMENT ON COLUMN sms.package_status.effective_at   IS 'time. Since when it can be used. NULL when it is not told.';
COMMENT ON COLUMN sms.package_status.ends_at        IS 'time. Until when it can be used. NULL when it is not told.';
COMMENT ON COLUMN sms.package_status.is_in_force    IS 'flag. It can be used now.';
COMMENT ON COLUMN sms.package_status.account_unused IS 'segments. Left in all packages of the account that are in force. NULL when one does not tell, or none is.';
COMMENT ON COLUMN sms.package_status.daily_use      IS 'segments. That the account was billed in its last 14 loaded days, a day. NULL when a day of them does not report it.';
COMMENT ON COLUMN sms.package_status.lasts_days     IS 'days. How long the packages in force last: account_unused / daily_use, but not beyond the end of the last one. NULL when none is in force.';
COMMENT ON COLUMN sms.package_status.told_on        IS 'day. When the vendor told it, in the zone of the account.';
