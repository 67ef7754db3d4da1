package huawei

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"strings"
	"unicode/utf8"
)

// minKey is the shortest key that is taken, in bytes. There are only some billions of phone numbers: without a secret key
// their hashes are turned back in minutes.
const minKey = 16

var errShortKey = errors.New("the key that hashes phone numbers is shorter than 16 bytes: make one with `openssl rand -hex 32`")

// keyed hashes phone numbers. It is not safe for use by two goroutines.
type keyed struct {
	mac hash.Hash
	sum [sha256.Size]byte
}

// newKeyed gives the hash of one source. The name of the source goes in, so that the same number in two sources gives two
// hashes that nobody can join.
func newKeyed(key []byte, source string) (*keyed, error) {
	if len(key) < minKey {
		return nil, errShortKey
	}
	derived := hmac.New(sha256.New, key)
	derived.Write([]byte("smsetl huawei number 1\x00" + source))
	return &keyed{mac: hmac.New(sha256.New, derived.Sum(nil))}, nil
}

// hashLen is the length of a number's hash in hex digits: 128 bits.
const hashLen = 32

// append appends the hash of a number in digits form.
func (k *keyed) append(dst, number []byte) []byte {
	k.mac.Reset()
	k.mac.Write(number)
	return hex.AppendEncode(dst, k.mac.Sum(k.sum[:0])[:hashLen/2])
}

// id names the key without giving it away, so that hashes made with another one can be recognised.
func (k *keyed) id() string {
	k.mac.Reset()
	k.mac.Write([]byte("key id"))
	return hex.EncodeToString(k.mac.Sum(nil)[:4])
}

// The shortest and the longest phone number that E.164 knows, in digits with the country's code.
const (
	minDigits = 5
	maxDigits = 15
)

// appendDigits appends a phone number as digits with the code of its country: +86 138-0013 8000, 008613800138000 and
// ８６１３８００１３８０００ are the same. ok is false for what is no number. A number without + or 00 starts with the code of its
// country, as the console writes it; only a mainland mobile number of 11 digits can stand alone, and it does when the mainland
// is home. Where it is not, 13812345678 may be such a number or one of North America: isCertain is false.
func appendDigits(dst, text []byte, mainland bool) (number []byte, isCertain, ok bool) {
	start, plus := len(dst), false
	for len(text) > 0 {
		r, size := rune(text[0]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text)
		}
		text = text[size:]
		switch {
		case r >= '0' && r <= '9':
			dst = append(dst, byte(r))
		case r >= '０' && r <= '９': // full width
			dst = append(dst, byte(r-'０')+'0')
		case r == '+' || r == '＋':
			if plus || len(dst) > start {
				return dst[:start], false, false
			}
			plus = true
		case !isFiller(r):
			return dst[:start], false, false
		}
	}
	if !plus && len(dst)-start > 4 && dst[start] == '0' && dst[start+1] == '0' {
		dst, plus = append(dst[:start], dst[start+2:]...), true
	}
	isCertain = true
	if !plus && isMainlandMobile(dst[start:]) {
		if isCertain = mainland; mainland {
			dst = append(dst, chinaDial...)
			copy(dst[start+len(chinaDial):], dst[start:])
			copy(dst[start:], chinaDial)
		}
	}
	if n := len(dst) - start; n < minDigits || n > maxDigits {
		return dst[:start], false, false
	}
	return dst, isCertain, true
}

// isFiller says whether people and spreadsheets put the character between digits: spaces, dashes, brackets, marks that
// cannot be seen.
func isFiller(r rune) bool {
	switch {
	case r == ' ', r == '-', r == '(', r == ')', r == '.', r == '\'', r == '\t', r == '－', r == '（', r == '）':
		return true
	case r == '\u00a0', r == '\u3000', r == '\ufeff', r >= '\u2010' && r <= '\u2015':
		return true
	default:
		return r >= '\u2000' && r <= '\u200f' || r >= '\u202a' && r <= '\u202f'
	}
}

const chinaDial = "86"

// isMainlandMobile says whether the digits are a mobile number of the Chinese mainland without the country's code.
func isMainlandMobile(number []byte) bool {
	return len(number) == 11 && number[0] == '1' && number[1] >= '3'
}

// dialLen gives how many of a number's first digits name its country: 1 to 3, and for the countries that share +1 four, which
// is its area. 0 when they name none. What is left of the number is never kept.
//
// Source: ITU-T E.164, list of assigned country codes.
func dialLen(number []byte) int {
	if len(number) < minDigits {
		return 0
	}
	switch a, b := number[0], number[1]; a {
	case '1':
		return 4
	case '7':
		return 2 // +7 6 and +7 7 are Kazakhstan's
	case '2':
		if b == '0' || b == '7' {
			return 2
		}
	case '3':
		if b <= '4' || b == '6' || b == '9' {
			return 2
		}
	case '4':
		if b != '2' {
			return 2
		}
	case '5':
		if b >= '1' && b <= '8' {
			return 2
		}
	case '6':
		if b <= '6' {
			return 2
		}
	case '8':
		if b == '1' || b == '2' || b == '4' || b == '6' {
			return 2
		}
	case '9':
		if b <= '5' || b == '8' {
			return 2
		}
	default:
		return 0
	}
	return 3
}

// holdsNumber says whether a cell repeats the digits of the row's own number, with or without its country's code and
// whatever stands between them. scratch is for its use.
func holdsNumber(cell, number, scratch []byte) bool {
	scratch = scratch[:0]
	for _, c := range cell {
		if c >= '0' && c <= '9' {
			scratch = append(scratch, c)
		}
	}
	national := number[min(dialLen(number), 3):]
	if number[0] == '1' {
		national = number[1:]
	}
	if len(national) < 7 {
		national = number
	}
	return len(scratch) >= len(national) && bytes.Contains(scratch, national)
}

// looksLikeNumber says whether an id could be a phone number, with whatever stands between its digits or behind them: 13800138000,
// +86-138-0013-8000, 8613800138000_1, order-13800138000. The vendor's own ids are hex digits with letters among them. Ids of digits alone
// cannot be told from numbers.
func looksLikeNumber(id []byte) bool {
	digits, letters := 0, 0
	for _, c := range id {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letters++
		}
	}
	const suffix = 3 // digits that name a piece
	if letters == 0 {
		return digits >= least && digits <= maxDigits+suffix
	}
	for from, i := 0, 0; i <= len(id); i++ {
		if i < len(id) && (id[i] >= '0' && id[i] <= '9' || id[i]|0x20 >= 'a' && id[i]|0x20 <= 'z') {
			continue
		}
		if isMobile(id[from:i]) {
			return true
		}
		from = i + 1
	}
	return false
}

// least is how many digits a phone number has at least that says whose it is. Shorter ones are those of services.
const least = 7

// isMobile says whether a word is a mobile number of the Chinese mainland, with or without the country's code.
func isMobile(word []byte) bool {
	word = bytes.TrimPrefix(bytes.TrimPrefix(word, []byte("00")), []byte(chinaDial))
	for _, c := range word {
		if c < '0' || c > '9' {
			return false
		}
	}
	return isMainlandMobile(word)
}

// isPhone says whether a text is a phone number and can be nothing else: no time, no code and no amount is written like it.
func isPhone(text string) bool {
	number, _, ok := appendDigits(nil, []byte(text), false)
	if !ok || len(number) < least {
		return false
	}
	text = strings.TrimSpace(text)
	return isMobile(number) || strings.HasPrefix(text, "+") || strings.HasPrefix(text, "00")
}
