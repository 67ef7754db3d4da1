package pages

// calendar is a year of one account and group of datasets: a line a month, a cell a day.
type calendar struct {
	Label  string
	Months []calendarMonth
}

type calendarMonth struct {
	Name  string
	Cells []calendarCell
}

// calendarCell is a day, or nothing where the month has ended.
type calendarCell struct {
	Letter string
	Class  string
	Label  string // for ears
	Href   string
}
