package walk

import (
	"context"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"hallpass-client-go/hallpass"
)

func TestWalk(t *testing.T) {
	ctx := t.Context()
	backend := client("BT-API-KEY", os.Getenv("HALLPASS_PRIVATE_KEY"))
	browser := client("BT-API-KEY", os.Getenv("HALLPASS_PUBLIC_KEY"))
	container := "/clients/"

	// 1
	person := must(backend.CreateTokenWithResponse(ctx, nil, hallpass.CreateTokenRequest{
		Type:       to("token"),
		Data:       map[string]string{"name": "Ada Lovelace"},
		Mask:       "{{ data.name | reveal_last: 4 }}",
		Containers: &[]string{container},
	}))
	wanted := answer(t, person.JSON201, person)
	another := must(backend.CreateTokenWithResponse(ctx, nil, hallpass.CreateTokenRequest{
		Type: to("token"), Data: "another", Containers: &[]string{container},
	}))
	other := answer(t, another.JSON201, another)

	// 2
	update := must(backend.UpdateTokenWithApplicationMergePatchPlusJSONBodyWithResponse(ctx, wanted.ID, nil,
		hallpass.UpdateTokenRequest{Metadata: &hallpass.TokenMetadataRequest{"customer": to("42")}}))
	changed := answer(t, update.JSON200, update)
	same(t, "metadata", changed.Metadata, &hallpass.TokenMetadata{"customer": "42"})
	same(t, "data", changed.Data, any("XXXXXXXXlace"))

	// 3
	creation := must(browser.CreateSessionWithResponse(ctx, nil))
	session := answer(t, creation.JSON201, creation)
	same(t, "prefix", session.SessionKey[:9], "key_sess_")
	same(t, "in the future", session.ExpiresAt.After(time.Now()), true)

	// 4
	grant := hallpass.AuthorizeSessionRequest{
		Nonce: session.Nonce,
		Rules: &[]hallpass.AccessRule{{
			Description: to("one token"),
			Priority:    to(int32(1)),
			Conditions: &[]hallpass.Condition{{
				Attribute: hallpass.ConditionAttributeID, Operator: hallpass.ConditionOperatorEquals, Value: wanted.ID,
			}},
			Permissions: &[]string{"token:read"},
			Transform:   to("reveal"),
		}},
	}
	authorized := must(backend.AuthorizeSessionWithResponse(ctx, nil, grant))
	same(t, "status", authorized.StatusCode(), http.StatusOK)

	// 5
	page := client("BT-API-KEY", session.SessionKey)
	read := must(page.GetTokenWithResponse(ctx, wanted.ID, nil))
	revealed := answer(t, read.JSON200, read)
	same(t, "data", revealed.Data, any(map[string]any{"name": "Ada Lovelace"}))

	// 6
	read = must(page.GetTokenWithResponse(ctx, other.ID, nil))
	forbidden := refusal(t, http.StatusForbidden, read.JSON403, read)
	same(t, "title", forbidden.Title, "Forbidden")

	// 7
	authorized = must(backend.AuthorizeSessionWithResponse(ctx, nil, grant))
	conflict := refusal(t, http.StatusConflict, authorized.JSON409, authorized)
	same(t, "title", conflict.Title, "Conflict")

	// 8
	query := &hallpass.ListTokensV2Params{Container: &container, Size: to(int32(1))}
	list := must(backend.ListTokensV2WithResponse(ctx, query))
	first := answer(t, list.JSON200, list)
	same(t, "more to come", first.Pagination.Next != nil, true)
	query.Start = first.Pagination.Next
	list = must(backend.ListTokensV2WithResponse(ctx, query))
	second := answer(t, list.JSON200, list)
	same(t, "next", second.Pagination.Next, nil)
	listed := append(first.Data, second.Data...)
	same(t, "tokens", len(listed), 2)
	same(t, "ids", [2]string{listed[0].ID, listed[1].ID}, [2]string{other.ID, wanted.ID})
	for _, token := range listed {
		same(t, "tenant", token.TenantID, wanted.TenantID)
		same(t, "impact level", token.Privacy.ImpactLevel, "high")
		same(t, "in the past", token.CreatedAt.Before(time.Now()), true)
	}

	// 9
	verification := client("Authorization", "Bearer "+os.Getenv("HALLPASS_ACCESS_TOKEN"))
	began := must(verification.CreateTransactionWithResponse(ctx, nil, hallpass.CreateTransactionRequest{
		Users:  &[]hallpass.TransactionUser{{Role: to("Borrower"), FirstName: to("Ada")}},
		Tokens: &[]hallpass.TransactionTokenRequest{{Role: "Borrower"}},
	}))
	created := answer(t, began.JSON200, began)
	same(t, "status", created.Status, "new")
	same(t, "role", created.Tokens[0].Role, "Borrower")
	same(t, "has an address", *created.Tokens[0].AccessURL != "", true)

	// 10
	issue := must(verification.CreateSessionCreationTokenWithResponse(ctx, created.ID.String(), nil,
		hallpass.SessionCreationTokenRequest{Role: to("Borrower")}))
	issued := answer(t, issue.JSON200, issue)
	same(t, "role", issued.Role, "Borrower")
	same(t, "parts", strings.Count(issued.Token, "."), 2)

	// 11
	get := must(verification.GetTransactionWithResponse(ctx, created.ID.String(), nil))
	transaction := answer(t, get.JSON200, get)
	same(t, "id", transaction.ID, created.ID)
	same(t, "first name", (*transaction.Users)[0].FirstName, to("Ada"))
	same(t, "in the future", transaction.ExpiryTimestamp.After(time.Now()), true)
	same(t, "tokens", transaction.Tokens, []hallpass.TransactionToken{{Role: "Borrower"}})

	// 12
	issue = must(verification.CreateSessionCreationTokenWithResponse(ctx, created.ID.String(), nil,
		hallpass.SessionCreationTokenRequest{Role: to("Lender")}))
	invalid := refusal(t, http.StatusBadRequest, issue.JSON400, issue)
	same(t, "errors", invalid.Errors, &hallpass.ProblemErrors{"role": {"is not a role of the transaction"}})
}

// client calls the server with one header added to each request.
func client(header, value string) *hallpass.ClientWithResponses {
	authenticate := func(_ context.Context, request *http.Request) error {
		request.Header.Set(header, value)
		return nil
	}
	return must(hallpass.NewClientWithResponses(os.Getenv("HALLPASS_URL"), hallpass.WithRequestEditorFn(authenticate)))
}

func must[Response any](response Response, err error) Response {
	if err != nil {
		panic(err)
	}
	return response
}

type response interface {
	StatusCode() int
	GetBody() []byte
}

// answer returns the body of an answer that succeeded.
func answer[Body any](t *testing.T, body *Body, r response) *Body {
	t.Helper()
	if body == nil {
		t.Fatalf("%d %s", r.StatusCode(), r.GetBody())
	}
	return body
}

// refusal returns the documented body of a refusal with this status.
func refusal(t *testing.T, status int, body *hallpass.Problem, r response) *hallpass.Problem {
	t.Helper()
	same(t, "status", r.StatusCode(), status)
	same(t, "status in the body", int(answer(t, body, r).Status), status)
	return body
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func to[T any](value T) *T { return &value }
