DROP VIEW sms.vendor_comparison;
