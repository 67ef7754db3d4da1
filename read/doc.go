// Package read is the read model: the questions that pages and commands ask of the warehouse, and nothing that writes.
//
// The SQL stands in sql/, a file a question. Rows come back as structs whose fields are the columns in their order.
package read
