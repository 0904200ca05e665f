import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";

import { BasisTheory } from "@basis-theory/basis-theory-js";

const { HALLPASS_URL, HALLPASS_PUBLIC_KEY, HALLPASS_PRIVATE_KEY, HALLPASS_MANAGEMENT_KEY } = process.env;

const here = { apiBaseUrl: HALLPASS_URL, disableTelemetry: true };
const client = (key) => new BasisTheory().init(key, here);
const fails = (promise, status) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.name, "BasisTheoryApiError");
    assert.equal(error.status, status);
    assert.equal(error.data.status, status);
    return true;
  });

let browser, backend, management;

before(async () => {
  browser = await client(HALLPASS_PUBLIC_KEY);
  backend = await client(HALLPASS_PRIVATE_KEY);
  management = await client(HALLPASS_MANAGEMENT_KEY);
});

test("the samples of the documentation", async () => {
  let nonce;
  {
    const bt = await new BasisTheory().init(HALLPASS_PUBLIC_KEY, here);

    const session = await bt.sessions.create();

    assert.match(session.sessionKey, /^key_sess_/);
    assert.ok(Date.parse(session.expiresAt) > Date.now());
    nonce = session.nonce;
  }
  {
    const bt = await new BasisTheory().init(HALLPASS_PRIVATE_KEY, here);

    const authorizedSession = await bt.sessions.authorize({
      nonce: nonce,
      permissions: ["token:create", "token:read"],
    });

    assert.deepEqual(authorizedSession, {});
  }
});

test("a session with permissions writes a token and reads it masked", async () => {
  const session = await browser.sessions.create();
  const page = await client(session.sessionKey);
  await fails(page.tokens.list(), 403);

  await backend.sessions.authorize({ nonce: session.nonce, permissions: ["token:create", "token:read"] });
  const made = await page.tokens.create({ type: "token", data: "Ada Lovelace", mask: "{{ data | reveal_last: 4 }}" });
  const token = await page.tokens.retrieve(made.id);
  assert.equal(token.data, "XXXXXXXXlace");
  await fails(page.tokens.delete(made.id), 403);
});

test("a session with a rule reads the one token in the clear", async () => {
  const wanted = await backend.tokens.create({ type: "token", data: { fullName: "Ada Lovelace" } });
  const other = await backend.tokens.create({ type: "token", data: "another" });
  const session = await browser.sessions.create();
  await backend.sessions.authorize({
    nonce: session.nonce,
    expiresAt: new Date(Date.now() + 600_000).toISOString(),
    rules: [
      {
        description: "one token",
        priority: 1,
        conditions: [{ attribute: "id", operator: "equals", value: wanted.id }],
        permissions: ["token:read"],
        transform: "reveal",
      },
    ],
  });

  const page = await client(session.sessionKey);
  const token = await page.tokens.retrieve(wanted.id);
  assert.deepEqual(token.data, { fullName: "Ada Lovelace" });
  await fails(page.tokens.retrieve(other.id), 403);

  const { id, type } = await page.applications.retrieveByKey();
  assert.deepEqual({ id, type }, { id: (await browser.applications.retrieveByKey()).id, type: "public" });
});

test("errors are BasisTheoryApiError", async () => {
  const { nonce } = await browser.sessions.create();
  const grant = { nonce, permissions: ["token:read"] };
  await fails(backend.sessions.create({ apiKey: "key_N88mVGsp3sCXkykyN2EFED" }), 401);
  await fails(backend.sessions.create(), 403);
  await fails(browser.sessions.authorize(grant), 403);
  await fails(backend.sessions.authorize({ ...grant, nonce: "4J7SiRvfADwJ9ZqwviJJs8" }), 404);
  await fails(backend.sessions.authorize({ nonce }), 400);
  await backend.sessions.authorize(grant);
  await fails(backend.sessions.authorize(grant), 409);
  await fails(backend.tokens.retrieve(randomUUID()), 404);
});

test("tokens", async () => {
  const customer = randomUUID();
  const made = await backend.tokens.create({
    type: "token",
    data: "secret",
    metadata: { customer },
    searchIndexes: ["{{ data }}"],
    containers: ["/legacy/"],
  });
  assert.equal(made.metadata.customer, customer);

  const changed = await backend.tokens.update(made.id, { metadata: { customer, note: "changed" } });
  assert.equal(changed.metadata.note, "changed");

  const list = await backend.tokens.list({ metadata: { customer }, size: 5 });
  assert.deepEqual(list.data.map((token) => token.id), [made.id]);
  assert.equal(list.pagination.totalItems, 1);
  assert.equal((await backend.tokens.list({ id: [made.id] })).data.length, 1);

  const found = await backend.tokens.search({ query: `metadata.customer:${customer}` });
  assert.deepEqual(found.data.map((token) => token.id), [made.id]);

  assert.match((await backend.tokenize({ first: "a", second: { type: "token", data: "b" } })).first, /^[0-9a-f-]{36}$/);

  await backend.tokens.delete(made.id);
  await fails(backend.tokens.retrieve(made.id), 404);
});

test("a repeated idempotency key repeats the answer", async () => {
  const options = { idempotencyKey: randomUUID(), correlationId: randomUUID() };
  const first = await backend.tokens.create({ type: "token", data: "once" }, options);
  assert.equal((await backend.tokens.create({ type: "token", data: "once" }, options)).id, first.id);
});

test("applications and their keys", async () => {
  const made = await management.applications.create({ name: "Made", type: "private", permissions: ["token:read"] });
  assert.match(made.key, /^key_test_us_pvt_/);
  assert.equal((await management.applications.retrieve(made.id)).name, "Made");

  const renamed = await management.applications.update(made.id, { name: "Renamed", permissions: ["token:create"] });
  assert.deepEqual([renamed.name, renamed.permissions], ["Renamed", ["token:create"]]);
  assert.ok((await management.applications.list({ id: made.id })).data.some(({ id }) => id === made.id));
  assert.notEqual((await management.applications.regenerateKey(made.id)).key, made.key);

  const key = await management.applicationKeys.create(made.id);
  assert.equal((await management.applicationKeys.getById(made.id, key.id)).id, key.id);
  assert.ok((await management.applicationKeys.get(made.id)).some(({ id }) => id === key.id));
  await management.applicationKeys.delete(made.id, key.id);
  await fails(management.applicationKeys.getById(made.id, key.id), 404);

  await management.applications.delete(made.id);
  await fails(management.applications.retrieve(made.id), 404);
});

test("tenant, permissions, logs", async () => {
  const tenant = await management.tenants.retrieve();
  assert.equal((await management.tenants.update({ name: "Renamed" })).id, tenant.id);

  const permissions = await management.permissions.list({ applicationType: "private" });
  assert.ok(permissions.some(({ type }) => type === "token:read"));

  const { id } = await backend.tokens.create({ type: "token", data: "watched" });
  const logs = await management.logs.list({ entityType: "token", entityId: id, startDate: "2021-03-01" });
  assert.deepEqual(logs.data.map(({ operation }) => operation), ["create"]);
});
