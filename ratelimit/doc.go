// Package ratelimit keeps the rates of vendors for all processes of a warehouse together: moments are reserved in the database,
// by its clock, and translated to that of the process.
package ratelimit
