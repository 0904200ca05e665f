package contract_test

import (
	"crypto/rand"
	"encoding/hex"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"testing"
)

// tokenAnswer is a token as a client reads it.
type tokenAnswer struct {
	ID                    string            `json:"id"`
	Type                  string            `json:"type"`
	TenantID              string            `json:"tenant_id"`
	Data                  any               `json:"data"`
	Metadata              map[string]string `json:"metadata"`
	Enrichments           any               `json:"enrichments"`
	Card                  any               `json:"card"`
	NetworkToken          any               `json:"network_token"`
	Bank                  any               `json:"bank"`
	CreatedBy             string            `json:"created_by"`
	CreatedAt             string            `json:"created_at"`
	ModifiedBy            string            `json:"modified_by"`
	ModifiedAt            string            `json:"modified_at"`
	Fingerprint           string            `json:"fingerprint"`
	FingerprintExpression string            `json:"fingerprint_expression"`
	Mask                  any               `json:"mask"`
	Privacy               any               `json:"privacy"`
	SearchIndexes         []string          `json:"search_indexes"`
	ExpiresAt             string            `json:"expires_at"`
	Containers            []string          `json:"containers"`
	Aliases               []string          `json:"aliases"`
	Extras                struct {
		Deduplicated bool `json:"deduplicated"`
	} `json:"_extras"`
}

// tokenList is a page of tokens of either generation.
type tokenList struct {
	Pagination struct {
		TotalItems int     `json:"total_items"`
		PageNumber int     `json:"page_number"`
		PageSize   int     `json:"page_size"`
		TotalPages int     `json:"total_pages"`
		Next       *string `json:"next"`
	} `json:"pagination"`
	Data []tokenAnswer `json:"data"`
}

func (l tokenList) ids() []string {
	ids := []string{}
	for _, t := range l.Data {
		ids = append(ids, t.ID)
	}
	return ids
}

// plaintextKind is what the check for leaks calls the data of tokens.
const plaintextKind = "data of a token"

// plain is a text that no other test has, and that must never be found where nobody may read it: not in the database's
// files, the log, the metrics or a refusal.
func plain(name string) string {
	text := name + "-" + fresh()
	bed.secrets.add(plaintextKind, text)
	return text
}

// fresh is a text that no other test has.
func fresh() string {
	raw := make([]byte, 8)
	_, _ = rand.Read(raw)
	return hex.EncodeToString(raw)
}

// digits are that many of them, made up.
func digits(n int) string {
	text := ""
	for range n {
		text += strconv.Itoa(int(must(rand.Int(rand.Reader, big.NewInt(10))).Int64()))
	}
	return text
}

// cardNumber is a number of sixteen digits that no other test has, with the check digit of ISO/IEC 7812.
func cardNumber() string {
	body, sum := "424242"+digits(9), 0
	for i, digit := range body {
		n := int(digit - '0')
		if i%2 == 0 {
			n *= 2
		}
		sum += n/10 + n%10
	}
	number := body + strconv.Itoa((10-sum%10)%10)
	bed.secrets.add(plaintextKind, number)
	return number
}

// nineDigits is a number with dashes that no other test has.
func nineDigits() string {
	text := digits(3) + "-" + digits(2) + "-" + digits(4)
	bed.secrets.add(plaintextKind, text)
	return text
}

// within is an access rule on a container and those within it. An empty transform is left out.
func within(priority int, container, transform string, permissions ...string) object {
	r := object{"priority": priority, "container": container, "permissions": permissions}
	if transform != "" {
		r["transform"] = transform
	}
	return r
}

// ruled makes an application that holds nothing but rules, and returns its caller.
func (tn *tenant) ruled(t testing.TB, kind string, rules ...object) caller {
	t.Helper()
	made := tn.newApplication(t, object{"name": "Made for " + t.Name(), "type": kind, "rules": rules})
	return keyCaller(tn.management.url, made.ID, made.Key)
}

// vault is a container of a test's own, and an application that may do everything in it and sees everything.
type vault struct {
	caller
	home      *tenant
	container string
}

func (tn *tenant) vault(t testing.TB) *vault {
	t.Helper()
	container := "/vault/" + fresh() + "/"
	return &vault{caller: tn.ruled(t, "private", within(1, container, "reveal", tokenPermissions...)), home: tn, container: container}
}

// create makes a token in the vault, of type token unless the body says otherwise.
func (v *vault) create(t testing.TB, body object) tokenAnswer {
	t.Helper()
	whole := object{"type": "token", "containers": list{v.container}}
	maps.Copy(whole, body)
	return v.createToken(t, whole)
}

// secret makes a token in the vault with data that must never leak.
func (v *vault) secret(t testing.TB) tokenAnswer {
	t.Helper()
	return v.create(t, object{"data": plain("secret")})
}

func (c caller) createToken(t testing.TB, body object) (made tokenAnswer) {
	t.Helper()
	c.post(t, "/tokens", body).is(t, http.StatusCreated).into(t, &made)
	return made
}

func tokenPath(id string) string { return "/tokens/" + url.PathEscape(id) }

// readToken is the token as the caller sees it.
func (c caller) readToken(t testing.TB, id string) (read tokenAnswer) {
	t.Helper()
	c.get(t, tokenPath(id)).is(t, http.StatusOK).into(t, &read)
	return read
}

// patch sends a merge patch.
func (c caller) patch(t testing.TB, path string, body any) *answer {
	t.Helper()
	return c.send(t, mergePatch(path, body))
}

func mergePatch(path string, body any) request {
	return request{method: http.MethodPatch, path: path, body: body, kind: "application/merge-patch+json"}
}

// updateToken is the token as a patch answers it.
func (c caller) updateToken(t testing.TB, id string, body object) (updated tokenAnswer) {
	t.Helper()
	c.patch(t, tokenPath(id), body).is(t, http.StatusOK).into(t, &updated)
	return updated
}

// tokens is a page of tokens.
func (c caller) tokens(t testing.TB, path string, query url.Values) (l tokenList) {
	t.Helper()
	c.get(t, path+"?"+query.Encode()).is(t, http.StatusOK).into(t, &l)
	return l
}

// search is a page of the tokens that meet a query.
func (c caller) search(t testing.TB, path string, body object) (l tokenList) {
	t.Helper()
	c.post(t, path, body).is(t, http.StatusOK).into(t, &l)
	return l
}

// spoilt sends a request that breaks the contract on purpose.
func (c caller) spoilt(t testing.TB, method, path string, body any) *answer {
	t.Helper()
	r := request{method: method, path: path, body: body, broken: true}
	if method == http.MethodPatch {
		r.kind = "application/merge-patch+json"
	}
	return c.send(t, r)
}
