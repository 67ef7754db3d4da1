CREATE TABLE etl.name (
    name_id    bigint      GENERATED ALWAYS AS IDENTITY,
    kind       text        NOT NULL,
    vendor_key integer     NOT NULL,
    account    text        NULL,
    code       text        NOT NULL,
    source     text        NOT NULL,
    name       text        NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NULL,
    CONSTRAINT name_pk         PRIMARY KEY (name_id),
    CONSTRAINT name_vendor_fk  FOREIGN KEY (vendor_key) REFERENCES sms.dim_vendor (vendor_key),
    CONSTRAINT name_kind_ck    CHECK (kind IN ('template', 'label', 'account', 'message_type')),
    CONSTRAINT name_account_ck CHECK (account IS NULL OR kind IN ('template', 'label')),
    CONSTRAINT name_source_ck  CHECK (source IN ('people', 'vendor')),
    CONSTRAINT name_name_ck    CHECK (name <> '' AND octet_length(name) <= 200),
    CONSTRAINT name_valid_ck   CHECK (valid_from <= valid_to)
);

-- The code first: a name is looked for by it, and an id of one vendor is rarely one of another.
CREATE UNIQUE INDEX name_current_ux ON etl.name (code, kind, vendor_key, account, source) NULLS NOT DISTINCT WHERE valid_to IS NULL;

COMMENT ON TABLE  etl.name            IS 'names. What ids of templates, labels, accounts and message types are called, now and before, also those that no fact is of yet. What people say beats what vendors say.';
COMMENT ON COLUMN etl.name.name_id    IS 'key. In the order in which names came.';
COMMENT ON COLUMN etl.name.kind       IS 'kind. template, label, account or message_type.';
COMMENT ON COLUMN etl.name.vendor_key IS 'key. The vendor, sms.dim_vendor.';
COMMENT ON COLUMN etl.name.account    IS 'name. The account whose id it is. NULL for every account of the vendor.';
COMMENT ON COLUMN etl.name.code       IS 'name. The vendor''s id: the code of the dimension, or its account.';
COMMENT ON COLUMN etl.name.source     IS 'source. people: somebody imported it. vendor: the vendor was asked.';
COMMENT ON COLUMN etl.name.name       IS 'name. For people.';
COMMENT ON COLUMN etl.name.valid_from IS 'time. Since when the source says so.';
COMMENT ON COLUMN etl.name.valid_to   IS 'time. Until when. NULL for now.';

CREATE VIEW sms.names AS
SELECT n.kind,
       v.vendor,
       n.account,
       n.code AS id,
       n.name,
       n.source,
       n.valid_from,
       n.valid_to
FROM etl.name       AS n
JOIN sms.dim_vendor AS v ON v.vendor_key = n.vendor_key;

COMMENT ON VIEW   sms.names            IS 'names. What ids of templates, labels, accounts and message types are called, now and before. The views beside the facts show the one that counts.';
COMMENT ON COLUMN sms.names.kind       IS 'kind. template, label, account or message_type.';
COMMENT ON COLUMN sms.names.vendor     IS 'name. engagelab, tencent or huawei.';
COMMENT ON COLUMN sms.names.account    IS 'name. The account whose id it is. NULL for every account of the vendor.';
COMMENT ON COLUMN sms.names.id         IS 'name. The vendor''s id.';
COMMENT ON COLUMN sms.names.name       IS 'name. For people.';
COMMENT ON COLUMN sms.names.source     IS 'source. people: somebody imported it; it beats what vendors say. vendor: the vendor was asked.';
COMMENT ON COLUMN sms.names.valid_from IS 'time. Since when the source says so.';
COMMENT ON COLUMN sms.names.valid_to   IS 'time. Until when. NULL for now.';

CREATE FUNCTION etl.name_of(of_kind text, of_vendor integer, of_account text, of_code text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT n.name
    FROM etl.name AS n
    WHERE n.code = of_code
      AND n.kind = of_kind
      AND n.vendor_key = of_vendor
      AND (n.account IS NULL OR n.account = of_account)
      AND n.valid_to IS NULL
    ORDER BY n.source, n.account NULLS LAST -- people before vendor
    LIMIT 1
$$;

COMMENT ON FUNCTION etl.name_of(text, integer, text, text) IS 'name. What an id is called now: by people before the vendor, and by its account''s name before one for every account. NULL for none.';

-- Dimensions hold the name that counts, so that views need no further join. Their other columns are nobody's to change, so
-- loaders and operators write names through this alone.
CREATE FUNCTION etl.put_names(from_source text, kinds text[], vendors integer[], accounts text[], codes text[], names text[], at timestamptz) RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed bigint;
BEGIN
    LOCK TABLE etl.name IN SHARE ROW EXCLUSIVE MODE; -- two that come at once would both add a name
    UPDATE etl.name AS n
    SET valid_to = greatest(at, n.valid_from)
    FROM unnest(kinds, vendors, accounts, codes, names) AS u (kind, vendor_key, account, code, name)
    WHERE (n.code, n.kind, n.vendor_key) = (u.code, u.kind, u.vendor_key)
      AND n.account IS NOT DISTINCT FROM nullif(u.account, '')
      AND n.source = from_source
      AND n.valid_to IS NULL
      AND n.name <> u.name;
    INSERT INTO etl.name (kind, vendor_key, account, code, source, name, valid_from)
    SELECT u.kind, u.vendor_key, nullif(u.account, ''), u.code, from_source, u.name, at
    FROM unnest(kinds, vendors, accounts, codes, names) WITH ORDINALITY AS u (kind, vendor_key, account, code, name, position)
    WHERE NOT EXISTS (
        SELECT
        FROM etl.name AS n
        WHERE (n.code, n.kind, n.vendor_key) = (u.code, u.kind, u.vendor_key)
          AND n.account IS NOT DISTINCT FROM nullif(u.account, '')
          AND n.source = from_source
          AND n.valid_to IS NULL
    )
    ORDER BY u.position;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed = 0 THEN
        RETURN 0;
    END IF;
    UPDATE sms.dim_template AS d
    SET name = etl.name_of('template', a.vendor_key, a.account, d.code)
    FROM sms.dim_account AS a
    WHERE a.account_key = d.account_key
      AND d.name IS DISTINCT FROM etl.name_of('template', a.vendor_key, a.account, d.code);
    UPDATE sms.dim_label AS d
    SET name = etl.name_of('label', a.vendor_key, a.account, d.code)
    FROM sms.dim_account AS a
    WHERE a.account_key = d.account_key
      AND d.name IS DISTINCT FROM etl.name_of('label', a.vendor_key, a.account, d.code);
    UPDATE sms.dim_account AS d
    SET name = etl.name_of('account', d.vendor_key, NULL, d.account)
    WHERE d.name IS DISTINCT FROM etl.name_of('account', d.vendor_key, NULL, d.account);
    -- Names of message types come with the program too, and stay where nobody says otherwise.
    UPDATE sms.dim_message_type AS d
    SET name = etl.name_of('message_type', d.vendor_key, NULL, d.code)
    WHERE d.name IS DISTINCT FROM coalesce(etl.name_of('message_type', d.vendor_key, NULL, d.code), d.name);
    RETURN changed;
END
$$;

COMMENT ON FUNCTION etl.put_names(text, text[], integer[], text[], text[], text[], timestamptz) IS 'names. Keeps what people or a vendor call ids, no id twice, and gives how many are new or other than before: one that is gone stays. An empty account is every account of the vendor. For sms_loader and sms_operator.';

REVOKE EXECUTE ON FUNCTION etl.put_names(text, text[], integer[], text[], text[], text[], timestamptz) FROM PUBLIC;
