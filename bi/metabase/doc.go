// Package metabase sets up dashboards in a Metabase: the connection to the warehouse, what its tables and columns mean, and
// questions and dashboards over schema sms. It speaks the REST API of Metabase 0.50 and newer (docs/api and the schemas of the
// endpoints in metabase/metabase; the fields sent are those that 0.50 takes and that newer versions, which refuse unknown ones,
// still take). What it makes carries a mark, by which it is found again and by which what people changed is told apart: see
// mark.go.
package metabase
