package plan

import "smsetl/sms"

// Accounts gives the accounts that a request is about, in the order of the sources. A name that none of the sources knows is an
// error that lists those there are.
func Accounts(request Request, sources []Source) ([]sms.Account, error) {
	all, err := choose(request, sources)
	if err != nil {
		return nil, err
	}
	var accounts []sms.Account
	for _, c := range all {
		accounts = append(accounts, c.accounts...)
	}
	return accounts, nil
}
