package db

import (
	"context"
	"embed"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"smsetl/sms"
)

// Querier is a pool, a connection or a transaction.
type Querier interface {
	Exec(ctx context.Context, query string, arguments ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, query string, arguments ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, query string, arguments ...any) pgx.Row
}

// Statement gives the text of a file in the folder sql of a room.
func Statement(files embed.FS, name string) string {
	text, err := files.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic(err) // the room has no file of the name
	}
	return string(text)
}

// All collects the rows of a question. Each is read into a struct, a column for each field in their order; the fields of a struct within it
// stand in its place. Any other type is a row of one column.
func All[T any](ctx context.Context, q Querier, query string, arguments ...any) ([]T, error) {
	rows, err := q.Query(ctx, query, arguments...)
	if err != nil {
		return nil, err
	}
	places := columnsOf(reflect.TypeFor[T](), nil)
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (one T, err error) { return one, row.Scan(pointers(&one, places)...) })
}

// One gives the only row of a question, read as All does. The error is pgx.ErrNoRows when there is none.
func One[T any](ctx context.Context, q Querier, query string, arguments ...any) (one T, err error) {
	return one, q.QueryRow(ctx, query, arguments...).Scan(pointers(&one, columnsOf(reflect.TypeFor[T](), nil))...)
}

// pointers gives those to the fields at these places.
func pointers[T any](one *T, places [][]int) []any {
	v, all := reflect.ValueOf(one).Elem(), make([]any, len(places))
	for i, place := range places {
		all[i] = field(v, place).Addr().Interface()
	}
	return all
}

// field gives the one at a place; the value itself where that is empty.
func field(v reflect.Value, place []int) reflect.Value {
	for _, i := range place {
		v = v.Field(i)
	}
	return v
}

// columnsOf gives where in a type the fields are that are columns: nowhere but in itself where it is one.
func columnsOf(t reflect.Type, at []int) (places [][]int) {
	if isColumn(t) {
		return [][]int{at}
	}
	for i := range t.NumField() {
		places = append(places, columnsOf(t.Field(i).Type, append(slices.Clip(at), i))...)
	}
	return places
}

// isColumn says that a type is one column: anything but a struct with fields that others can see, as sms.Account is.
func isColumn(t reflect.Type) bool {
	return t.Kind() != reflect.Struct || !t.Field(0).IsExported()
}

// Columns turns rows on their side, as unnest wants them: a slice for each column, in the order of the fields. One statement so
// writes any number of rows. Texts are made fit for a text column.
func Columns[T any](rows []T) (all []any) {
	v, none := reflect.ValueOf(rows), reflect.New(reflect.TypeFor[T]()).Elem()
	for _, place := range columnsOf(none.Type(), nil) {
		column := reflect.MakeSlice(reflect.SliceOf(field(none, place).Type()), v.Len(), v.Len())
		for r := range v.Len() {
			value := field(v.Index(r), place)
			if value.Kind() == reflect.String {
				column.Index(r).SetString(Clean(value.String()))
				continue
			}
			column.Index(r).Set(value)
		}
		all = append(all, column.Interface())
	}
	return all
}

// Clean makes a text of foreign origin fit for a text column, which takes neither NUL nor broken UTF-8.
func Clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// The surrogate keys of the fixed members, the same in every dimension.
const (
	UnknownKey     = -1
	NoneKey        = -2
	NotReportedKey = -3
)

// AccountKey gives the surrogate key of an account. The error is ErrUnknownAccount when it has none.
func AccountKey(ctx context.Context, q Querier, account sms.Account) (key int32, err error) {
	err = q.QueryRow(ctx, `
		SELECT a.account_key
		FROM sms.dim_account AS a
		JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
		WHERE v.vendor = $1
		  AND a.account = $2`, account.Vendor, account.ID).Scan(&key)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknownAccount
	}
	return key, err
}

// AccountKeys gives the surrogate keys of the accounts, of all for nil. Accounts that no load has named have none.
func AccountKeys(ctx context.Context, q Querier, accounts []sms.Account) ([]int32, error) {
	return All[int32](ctx, q, `
		SELECT a.account_key
		FROM sms.dim_account AS a
		JOIN sms.dim_vendor  AS v ON v.vendor_key = a.vendor_key
		WHERE $1
		   OR (v.vendor, a.account) IN (SELECT vendor, account FROM unnest($2::text[], $3::text[]) AS u (vendor, account))
		ORDER BY a.account_key`, append([]any{accounts == nil}, Columns(accounts)[:2]...)...)
}

// Host names this machine.
func Host() string {
	host, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return host
}
