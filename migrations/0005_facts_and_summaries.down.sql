DROP FUNCTION sms.delivery_time_share, sms.delivery_time_quantile;
DROP AGGREGATE sms.add_delivery_times(bigint[]);
DROP FUNCTION sms.plus_delivery_times;
DROP TABLE sms.delivery_time_by_day;
DROP FUNCTION sms.delivery_time_edges;
DROP TABLE sms.failure_by_day, sms.delivery_by_month_label, sms.delivery_by_month_template, sms.delivery_by_day;
DROP TABLE sms.fact_failure_daily, sms.fact_delivery_daily;
