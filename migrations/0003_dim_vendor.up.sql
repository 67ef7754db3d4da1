CREATE TABLE sms.dim_vendor (
    vendor_key integer NOT NULL,
    vendor     text    NOT NULL,
    name       text    NOT NULL,
    CONSTRAINT dim_vendor_pk        PRIMARY KEY (vendor_key),
    CONSTRAINT dim_vendor_vendor_uq UNIQUE (vendor)
);

COMMENT ON TABLE  sms.dim_vendor            IS 'vendors. Companies that send SMS for us and count them in their own words.';
COMMENT ON COLUMN sms.dim_vendor.vendor_key IS 'key. Surrogate key.';
COMMENT ON COLUMN sms.dim_vendor.vendor     IS 'name. The vendor as views, configuration and command line spell it: engagelab, tencent, huawei.';
COMMENT ON COLUMN sms.dim_vendor.name       IS 'name. The product, for people.';

INSERT INTO sms.dim_vendor (vendor_key, vendor, name)
VALUES (1, 'engagelab', 'EngageLab SMS'),
       (2, 'tencent',   'Tencent Cloud SMS'),
       (3, 'huawei',    'Huawei Cloud Message & SMS');
