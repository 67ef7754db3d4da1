package db

import (
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"smsetl/sms"
)

// How our words travel: sms.Day as date, sms.Count as an integer, sms.Zone as text, sms.Hash as bytea, time.Time as timestamptz in
// UTC. NULL is what is not there: day 0, a count that is not reported, the zero
// hash and the zero time. So a struct of our words
// is a row, in both directions, and no room converts by hand.

// teach makes a connection know our words. The driver asks these functions for types that it does not know by itself.
func teach(conn *pgx.Conn) {
	types := conn.TypeMap()
	types.TryWrapEncodePlanFuncs = append([]pgtype.TryWrapEncodePlanFunc{wrapEncode}, types.TryWrapEncodePlanFuncs...)
	types.TryWrapScanPlanFuncs = append([]pgtype.TryWrapScanPlanFunc{wrapScan}, types.TryWrapScanPlanFuncs...)
}

func wrapEncode(value any) (pgtype.WrappedEncodePlanNextSetter, any, bool) {
	if next, ok := encodable(value); ok {
		return &encodePlan{}, next, true
	}
	return nil, nil, false
}

// encodePlan encodes a value of ours as the driver's type for it.
type encodePlan struct{ next pgtype.EncodePlan }

// SetNext takes the plan for the driver's type.
func (p *encodePlan) SetNext(next pgtype.EncodePlan) { p.next = next }

// Encode appends the value's bytes.
func (p *encodePlan) Encode(value any, buf []byte) ([]byte, error) {
	next, _ := encodable(value)
	return p.next.Encode(next, buf)
}

// encodable gives a value of ours as one that the driver can encode. These must not be the driver's own types: where a column is of
// another type, the driver would ask those for a time.Time, and come back here with it without end.
func encodable(value any) (any, bool) {
	switch v := value.(type) {
	case sms.Day:
		return dayValue(v), true
	case sms.Count:
		return countValue(v), true
	case sms.Zone:
		return zoneValue(v), true
	case sms.Hash:
		return hashValue(v), true
	case time.Time:
		return timeValue(v), true
	default:
		return nil, false
	}
}

type (
	dayValue   sms.Day
	countValue sms.Count
	zoneValue  sms.Zone
	hashValue  sms.Hash
	timeValue  time.Time
)

// DateValue implements pgtype.DateValuer.
func (v dayValue) DateValue() (pgtype.Date, error) {
	return pgtype.Date{Time: sms.Day(v).UTC(), Valid: v != 0}, nil
}

// Int64Value implements pgtype.Int64Valuer.
func (v countValue) Int64Value() (pgtype.Int8, error) {
	n, isReported := sms.Count(v).Value()
	return pgtype.Int8{Int64: n, Valid: isReported}, nil
}

// TextValue implements pgtype.TextValuer.
func (v zoneValue) TextValue() (pgtype.Text, error) {
	return pgtype.Text{String: sms.Zone(v).String(), Valid: true}, nil
}

// BytesValue implements pgtype.BytesValuer.
func (v hashValue) BytesValue() ([]byte, error) {
	if v == (hashValue{}) {
		return nil, nil
	}
	return v[:], nil
}

// TimestamptzValue implements pgtype.TimestamptzValuer.
func (v timeValue) TimestamptzValue() (pgtype.Timestamptz, error) {
	t := time.Time(v)
	return pgtype.Timestamptz{Time: t, Valid: !t.IsZero()}, nil
}

func wrapScan(target any) (pgtype.WrappedScanPlanNextSetter, any, bool) {
	if next, ok := scannable(target); ok {
		return &scanPlan{}, next, true
	}
	return nil, nil, false
}

// scanPlan scans into a value of ours through the driver's type for it.
type scanPlan struct{ next pgtype.ScanPlan }

// SetNext takes the plan for the driver's type.
func (p *scanPlan) SetNext(next pgtype.ScanPlan) { p.next = next }

// Scan reads the bytes of a column.
func (p *scanPlan) Scan(src []byte, target any) error {
	next, _ := scannable(target)
	return p.next.Scan(src, next)
}

// scannable gives a target of ours as one that the driver can scan into.
func scannable(target any) (any, bool) {
	switch v := target.(type) {
	case *sms.Day:
		return (*dayTarget)(v), true
	case *sms.Count:
		return (*countTarget)(v), true
	case *sms.Zone:
		return (*zoneTarget)(v), true
	case *sms.Hash:
		return (*hashTarget)(v), true
	case *time.Time:
		return (*timeTarget)(v), true
	default:
		return nil, false
	}
}

type dayTarget sms.Day

// ScanDate implements pgtype.DateScanner.
func (d *dayTarget) ScanDate(v pgtype.Date) error {
	*d = 0
	if v.Valid {
		*d = dayTarget(sms.DayOf(v.Time))
	}
	return nil
}

type countTarget sms.Count

// ScanInt64 implements pgtype.Int64Scanner.
func (c *countTarget) ScanInt64(v pgtype.Int8) error {
	*c = countTarget{}
	if v.Valid {
		*c = countTarget(sms.Reported(v.Int64))
	}
	return nil
}

type zoneTarget sms.Zone

// ScanText implements pgtype.TextScanner.
func (z *zoneTarget) ScanText(v pgtype.Text) error {
	*z = zoneTarget{}
	if !v.Valid {
		return nil
	}
	zone, err := sms.ParseZone(v.String)
	*z = zoneTarget(zone)
	return err
}

type hashTarget sms.Hash

// ScanBytes implements pgtype.BytesScanner.
func (h *hashTarget) ScanBytes(v []byte) error {
	*h = hashTarget{}
	copy(h[:], v)
	return nil
}

type timeTarget time.Time

// ScanTimestamptz implements pgtype.TimestamptzScanner.
func (t *timeTarget) ScanTimestamptz(v pgtype.Timestamptz) error {
	*t = timeTarget{}
	if v.Valid {
		*t = timeTarget(v.Time.UTC())
	}
	return nil
}
