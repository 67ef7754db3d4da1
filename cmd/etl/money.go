package main

import (
	"cmp"
	"path/filepath"
	"time"

	"smsetl/cmd/etl/show"
	"smsetl/load"
	"smsetl/money"
)

type pricesCommand struct {
	Import pricesImportCommand `cmd:"" help:"Put a price list into the warehouse: all of it or nothing. The same list again changes nothing."`
	List   pricesListCommand   `cmd:"" help:"Show the prices in force."`
	Export pricesExportCommand `cmd:"" help:"Write the prices in force as CSV that can be imported."`
}

type pricesImportCommand struct {
	File string `arg:"" help:"CSV with the columns vendor, account, country, message_type, from, currency, unit (segment, accepted or delivered) and price. An empty account, country or message_type means any."`
	databaseFlag
	Whole bool   `help:"The file is the whole list of the vendors in it: what it does not have is withdrawn. Without it other lines stay."`
	Who   string `help:"Who says so. Default: the user of this machine." placeholder:"NAME"`
	nowFlag
	outputFlag
}

// Run imports a price list.
func (c *pricesImportCommand) Run(s *session) error {
	b, err := s.brought(c.File, c.databaseFlag, c.nowFlag)
	if err != nil {
		return err
	}
	done, err := money.Import(s.ctx, b.DB, money.PriceList{
		File: filepath.Base(c.File), Data: b.data, IsWhole: c.Whole, Who: cmp.Or(c.Who, operator()), Now: b.now(),
	})
	if err != nil {
		return err
	}
	return c.print(s, done, show.ImportedPrices(done), exitOK)
}

// brought is what is in a file that a command is called with, the warehouse that it is for, and the time.
type brought struct {
	*load.Warehouse

	data []byte
	now  func() time.Time
}

func (s *session) brought(file string, f databaseFlag, clock nowFlag) (b brought, err error) {
	b.now = clock.clock()
	if b.data, err = s.env.ReadFile(file); err != nil {
		return b, usage(err)
	}
	b.Warehouse, err = s.warehouse(f)
	return b, err
}

type pricesListCommand struct {
	databaseFlag
	All bool `help:"Superseded prices too, with who superseded them and when."`
	outputFlag
}

// Run lists prices.
func (c *pricesListCommand) Run(s *session) error {
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	prices, err := money.Prices(s.ctx, wh.DB, c.All)
	if err != nil {
		return err
	}
	return c.print(s, prices, show.Prices(prices), exitOK)
}

type pricesExportCommand struct{ databaseFlag }

// Run writes the prices in force.
func (c *pricesExportCommand) Run(s *session) error {
	wh, err := s.warehouse(c.databaseFlag)
	if err != nil {
		return err
	}
	prices, err := money.Prices(s.ctx, wh.DB, false)
	if err != nil {
		return err
	}
	return money.WriteCSV(s.stdout, prices)
}

type invoiceCommand struct {
	Compare invoiceCompareCommand `cmd:"" help:"Lay a vendor's invoice beside the warehouse: where do they differ, by account and day? Exit code 4 where they do."`
}

type invoiceCompareCommand struct {
	File string `arg:"" help:"CSV with the columns vendor, account, day (2026-10-15) or month (2026-10), currency, and units or amount or both. Lines of the same account, day and currency are added up."`
	databaseFlag
	Month string `help:"Only this month, such as 2026-10. Default: every month of the file." placeholder:"MONTH"`
	nowFlag
	outputFlag
}

// Run compares an invoice. Exit code 4 means that the two sides differ, or that a number of the invoice cannot be compared.
func (c *invoiceCompareCommand) Run(s *session) error {
	b, err := s.brought(c.File, c.databaseFlag, c.nowFlag)
	if err != nil {
		return err
	}
	compared, err := money.CompareInvoice(s.ctx, b.DB, money.Invoice{File: filepath.Base(c.File), Data: b.data, Month: c.Month, Now: b.now()})
	if err != nil {
		return err
	}
	code := exitOK
	if len(compared.Gaps) > 0 {
		code = exitQuality
	}
	return c.print(s, compared, show.Invoice(compared), code)
}
