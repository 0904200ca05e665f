import assert from "node:assert/strict";
import { test } from "node:test";
import createClient from "openapi-fetch";
import type { components, paths } from "./hallpass.js";

type Problem = components["schemas"]["Problem"];

const { HALLPASS_URL, HALLPASS_PUBLIC_KEY, HALLPASS_PRIVATE_KEY, HALLPASS_ACCESS_TOKEN } = process.env;

const client = (headers: Record<string, string>) => createClient<paths>({ baseUrl: HALLPASS_URL!, headers });
const withKey = (key: string) => client({ "BT-API-KEY": key });

/** The body of an answer that succeeded. */
function answer<Body>({ data, response }: { data?: Body; response: Response }): NonNullable<Body> {
  assert(data, `${response.status} from ${response.url}`);
  return data;
}

/** The documented body of a refusal with this status. */
function refusal(status: number, { error, response }: { error?: Problem; response: Response }): Problem {
  assert.equal(response.status, status);
  assert.equal(error?.status, status);
  return error;
}

test("the walk", async () => {
  const backend = withKey(HALLPASS_PRIVATE_KEY!);
  const browser = withKey(HALLPASS_PUBLIC_KEY!);
  const containers = ["/clients/"];

  // 1
  const wanted = answer(
    await backend.POST("/tokens", {
      body: { type: "token", data: { name: "Ada Lovelace" }, mask: "{{ data.name | reveal_last: 4 }}", containers },
    }),
  );
  const other = answer(await backend.POST("/tokens", { body: { type: "token", data: "another", containers } }));

  // 2
  const changed = answer(
    await backend.PATCH("/tokens/{id}", {
      params: { path: { id: wanted.id } },
      headers: { "Content-Type": "application/merge-patch+json" },
      body: { metadata: { customer: "42" } },
    }),
  );
  assert.equal(changed.metadata?.customer, "42");
  assert.equal(changed.data, "XXXXXXXXlace");

  // 3
  const session = answer(await browser.POST("/sessions"));
  assert.match(session.session_key, /^key_sess_/);
  assert(Date.parse(session.expires_at) > Date.now());

  // 4
  const grant: components["schemas"]["AuthorizeSessionRequest"] = {
    nonce: session.nonce,
    rules: [
      {
        description: "one token",
        priority: 1,
        conditions: [{ attribute: "id", operator: "equals", value: wanted.id }],
        permissions: ["token:read"],
        transform: "reveal",
      },
    ],
  };
  const authorized = await backend.POST("/sessions/authorize", { body: grant });
  assert.equal(authorized.response.status, 200);

  // 5
  const page = withKey(session.session_key);
  const revealed = answer(await page.GET("/tokens/{id}", { params: { path: { id: wanted.id } } }));
  assert.deepEqual(revealed.data, { name: "Ada Lovelace" });

  // 6
  const forbidden = refusal(403, await page.GET("/tokens/{id}", { params: { path: { id: other.id } } }));
  assert.equal(forbidden.title, "Forbidden");

  // 7
  const conflict = refusal(409, await backend.POST("/sessions/authorize", { body: grant }));
  assert.equal(conflict.title, "Conflict");

  // 8
  const query = { container: "/clients/", size: 1 };
  const first = answer(await backend.GET("/v2/tokens", { params: { query } }));
  const start = first.pagination.next;
  assert(start);
  const second = answer(await backend.GET("/v2/tokens", { params: { query: { ...query, start } } }));
  assert.equal(second.pagination.next, undefined);
  const listed = [...first.data, ...second.data];
  assert.deepEqual(listed.map((token) => token.id), [other.id, wanted.id]);
  for (const token of listed) {
    assert.equal(token.tenant_id, wanted.tenant_id);
    assert.equal(token.privacy?.impact_level, "high");
    assert(token.created_at && Date.parse(token.created_at) <= Date.now());
  }

  // 9
  const verification = client({ Authorization: `Bearer ${HALLPASS_ACCESS_TOKEN}` });
  const created = answer(
    await verification.PUT("/api/transaction/", {
      body: { users: [{ role: "Borrower", first_name: "Ada" }], tokens: [{ role: "Borrower" }] },
    }),
  );
  assert.equal(created.status, "new");
  assert.equal(created.tokens[0]?.role, "Borrower");
  assert(created.tokens[0]?.accessUrl);

  // 10
  const params = { path: { transaction_id: created.id } };
  const token = answer(
    await verification.POST("/api/transaction/{transaction_id}/token", { params, body: { role: "Borrower" } }),
  );
  assert.equal(token.role, "Borrower");
  assert.equal(token.token.split(".").length, 3);

  // 11
  const transaction = answer(await verification.GET("/api/transaction/{transaction_id}", { params }));
  assert.equal(transaction.id, created.id);
  assert.equal(transaction.users?.[0]?.first_name, "Ada");
  assert(Date.parse(transaction.expiry_timestamp) > Date.now());
  assert.deepEqual(transaction.tokens.map(({ role, token }) => [role, token]), [["Borrower", undefined]]);

  // 12
  const invalid = refusal(
    400,
    await verification.POST("/api/transaction/{transaction_id}/token", { params, body: { role: "Lender" } }),
  );
  assert.deepEqual(invalid.errors?.role, ["is not a role of the transaction"]);
});
