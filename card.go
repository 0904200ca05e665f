package hallpass

// CardDetails is what a card number and its expiration say of themselves. Funding, segment, issuer, issuing country and
// authentication come from a table of BINs that this project does not have; like every unknown they are left out.
type CardDetails struct {
	BIN             string `json:"bin"`
	Last4           string `json:"last4"`
	ExpirationMonth *int   `json:"expiration_month,omitempty"`
	ExpirationYear  *int   `json:"expiration_year,omitempty"` // four digits
	Brand           string `json:"brand,omitempty"`           // empty where the number is of no known range
}

// BankDetails is what may be shown of a bank account wherever its mask may.
type BankDetails struct {
	RoutingNumber      string `json:"routing_number"`
	AccountNumberLast4 string `json:"account_number_last4"`
}

// detailsBIN is how many digits of a card number the details show as its BIN. The length of a BIN is six or eight digits
// and only a table of BINs tells; the vendor's real answers show six for cards of sixteen digits, and six digits with the
// last four are what may be shown of a card number of any length. (The expression filters go by the documented rule of
// eight digits from sixteen on.)
const detailsBIN = 6

// cardDetails returns the details of a card number with its expiration, which may be nil.
func cardDetails(number string, month, year any) *CardDetails {
	if !onlyDigits(number) || len(number) < shortestPAN {
		return nil
	}
	d := &CardDetails{BIN: number[:detailsBIN], Last4: number[len(number)-4:], Brand: CardBrand(number)}
	if n, ok := wholeNumber(month); ok {
		d.ExpirationMonth = &n
	}
	if n, ok := wholeNumber(year); ok {
		if n < 100 {
			n += 2000
		}
		d.ExpirationYear = &n
	}
	return d
}

// CardBrand returns the brand whose published range of issuer numbers a card number falls into, spelled as the vendor
// spells brands, or nothing.
func CardBrand(number string) string {
	for _, r := range cardRanges {
		if n := len(r.from); len(number) >= n && number[:n] >= r.from && number[:n] <= r.to {
			return r.brand
		}
	}
	return ""
}

// cardRanges are ranges of the first digits of card numbers, narrow ones before the wide ones that they lie in.
var cardRanges = []struct{ from, to, brand string }{
	{"504175", "504175", "elo"},
	{"506699", "506778", "elo"},
	{"509000", "509999", "elo"},
	{"627780", "627780", "elo"},
	{"636297", "636297", "elo"},
	{"636368", "636368", "elo"},
	{"606282", "606282", "hipercard"},
	{"2200", "2204", "mir"},
	{"2221", "2720", "mastercard"},
	{"51", "55", "mastercard"},
	{"34", "34", "american-express"},
	{"37", "37", "american-express"},
	{"300", "305", "diners-club"},
	{"309", "309", "diners-club"},
	{"36", "36", "diners-club"},
	{"38", "39", "diners-club"},
	{"3528", "3589", "jcb"},
	{"6011", "6011", "discover"},
	{"644", "649", "discover"},
	{"65", "65", "discover"},
	{"62", "62", "unionpay"},
	{"8100", "8171", "unionpay"},
	{"4", "4", "visa"},
}

// LuhnValid reports whether a text of digits carries the checksum of ISO/IEC 7812.
func LuhnValid(digits string) bool {
	sum := 0
	for i := range len(digits) {
		n := int(digits[len(digits)-1-i] - '0')
		if n < 0 || n > 9 {
			return false
		}
		if i%2 == 1 {
			n *= 2
		}
		sum += n/10 + n%10
	}
	return digits != "" && sum%10 == 0
}

// details fills in what the data of a token says of the card, network token or bank account that it is.
func (v *TokenView) details(t *Token) {
	object, _ := t.Data.(map[string]any)
	number, _ := object["number"].(string)
	switch t.Type {
	case TypeCard:
		v.Card = cardDetails(number, object["expiration_month"], object["expiration_year"])
	case TypeCardNumber:
		number, _ = t.Data.(string)
		v.Card = cardDetails(number, nil, nil)
	case TypeNetworkToken:
		v.NetworkToken = cardDetails(number, object["expiration_month"], object["expiration_year"])
	case TypeBank:
		account, _ := object["account_number"].(string)
		routing, _ := object["routing_number"].(string)
		v.Bank = &BankDetails{RoutingNumber: routing, AccountNumberLast4: lastDigits(account)}
	}
	if v.Card != nil {
		v.Enrichments = &TokenEnrichments{CardDetails: CardSummary{BIN: v.Card.BIN, Last4: v.Card.Last4}}
	}
}

// lastDigits returns the last four characters of an account number.
func lastDigits(account string) string { return account[max(0, len(account)-4):] }
