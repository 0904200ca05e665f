import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { BasisTheory, BasisTheoryClient } from "@basis-theory/node-sdk";

const { HALLPASS_URL, HALLPASS_PUBLIC_KEY, HALLPASS_PRIVATE_KEY, HALLPASS_MANAGEMENT_KEY } = process.env;

const client = (apiKey) => new BasisTheoryClient({ apiKey, environment: HALLPASS_URL });
const browser = client(HALLPASS_PUBLIC_KEY);
const backend = client(HALLPASS_PRIVATE_KEY);
const management = client(HALLPASS_MANAGEMENT_KEY);

const fails = (promise, type, status) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof type, `${error.constructor.name}: ${error.message}`);
    assert.equal(error.statusCode, status);
    assert.equal(error.body.status, status);
    return true;
  });
const all = async (page) => {
  const items = [];
  for await (const item of page) items.push(item);
  return items;
};

test("a session with permissions writes a token and reads it masked", async () => {
  const session = await browser.sessions.create();
  assert.match(session.sessionKey, /^key_sess_/);
  assert.ok(session.expiresAt > new Date());
  const page = client(session.sessionKey);
  await fails(page.tokens.listV2(), BasisTheory.ForbiddenError, 403);

  assert.equal(await backend.sessions.authorize({ nonce: session.nonce, permissions: ["token:create", "token:read"] }), undefined);
  const made = await page.tokens.create({ type: "token", data: "Ada Lovelace", mask: "{{ data | reveal_last: 4 }}" });
  assert.equal((await page.tokens.get(made.id)).data, "XXXXXXXXlace");
  await fails(page.tokens.delete(made.id), BasisTheory.ForbiddenError, 403);
});

test("a session with a rule reads the one token in the clear", async () => {
  const wanted = await backend.tokens.create({ type: "token", data: { name: "Ada Lovelace" } });
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

  const page = client(session.sessionKey);
  assert.deepEqual((await page.tokens.get(wanted.id)).data, { name: "Ada Lovelace" });
  assert.deepEqual(await page.tokens.detokenize({ name: `{{ ${wanted.id} | json: '$.name' }}` }), { name: "Ada Lovelace" });
  assert.deepEqual((await all(await page.tokens.listV2())).map(({ id }) => id), [wanted.id]);
  await fails(page.tokens.get(other.id), BasisTheory.ForbiddenError, 403);

  const application = await page.applications.getByKey();
  assert.equal(application.id, (await browser.applications.getByKey()).id);
  assert.equal(application.rules[0].conditions[0].value, wanted.id);
});

test("errors have the types of their statuses", async () => {
  const { nonce } = await browser.sessions.create();
  const grant = { nonce, permissions: ["token:read"] };
  await fails(client("key_N88mVGsp3sCXkykyN2EFED").sessions.create(), BasisTheory.UnauthorizedError, 401);
  await fails(backend.sessions.create(), BasisTheory.ForbiddenError, 403);
  await fails(browser.sessions.authorize(grant), BasisTheory.ForbiddenError, 403);
  await fails(backend.sessions.authorize({ ...grant, nonce: "4J7SiRvfADwJ9ZqwviJJs8" }), BasisTheory.NotFoundError, 404);
  await fails(backend.sessions.authorize({ nonce }), BasisTheory.BadRequestError, 400);
  await backend.sessions.authorize(grant);
  await fails(backend.sessions.authorize(grant), BasisTheory.ConflictError, 409);
  await fails(backend.tokens.get(randomUUID()), BasisTheory.NotFoundError, 404);
});

test("tokens", async () => {
  const customer = randomUUID();
  const made = await backend.tokens.create({
    type: "token",
    data: "secret",
    metadata: { customer },
    searchIndexes: ["{{ data }}"],
    containers: ["/node/"],
  });
  assert.deepEqual([made.metadata.customer, made.createdAt instanceof Date], [customer, true]);

  const changed = await backend.tokens.update(made.id, { metadata: { note: "changed" } });
  assert.deepEqual(changed.metadata, { customer, note: "changed" });

  await backend.tokens.create({ type: "token", data: "second", containers: ["/node/"] });
  assert.equal((await all(await backend.tokens.listV2({ container: "/node/", size: 1 }))).length, 2);
  assert.deepEqual((await all(await backend.tokens.listV2({ metadata: { customer } }))).map(({ id }) => id), [made.id]);
  assert.deepEqual((await all(await backend.tokens.searchV2({ query: "data:secret" }))).map(({ id }) => id), [made.id]);

  assert.match((await backend.tokens.tokenize({ first: "a" })).first, /^[0-9a-f-]{36}$/);

  await backend.tokens.delete(made.id);
  await fails(backend.tokens.get(made.id), BasisTheory.NotFoundError, 404);
});

test("a repeated idempotency key repeats the answer", async () => {
  const options = { idempotencyKey: randomUUID(), correlationId: randomUUID() };
  const first = await backend.tokens.create({ type: "token", data: "once" }, options);
  assert.equal((await backend.tokens.create({ type: "token", data: "once" }, options)).id, first.id);
});

test("applications and their keys", async () => {
  const made = await management.applications.create({ name: "Made", type: "private", permissions: ["token:read"] });
  assert.match(made.key, /^key_test_us_pvt_/);
  assert.equal((await management.applications.get(made.id)).name, "Made");

  const renamed = await management.applications.update(made.id, { name: "Renamed", permissions: ["token:create"] });
  assert.deepEqual([renamed.name, renamed.permissions], ["Renamed", ["token:create"]]);
  const listed = await all(await management.applications.list({ size: 2 }));
  assert.ok(listed.length >= 4 && listed.some(({ id }) => id === made.id));

  const key = await management.applicationKeys.create(made.id);
  assert.equal((await management.applicationKeys.get(made.id, key.id)).id, key.id);
  assert.ok((await management.applicationKeys.list(made.id)).some(({ id }) => id === key.id));
  await management.applicationKeys.delete(made.id, key.id);
  await fails(management.applicationKeys.get(made.id, key.id), BasisTheory.NotFoundError, 404);

  await management.applications.delete(made.id);
  await fails(management.applications.get(made.id), BasisTheory.NotFoundError, 404);
});

test("tenant, permissions, logs", async () => {
  const tenant = await management.tenants.self.get();
  assert.ok(tenant.createdAt instanceof Date);
  assert.equal((await management.tenants.self.update({ name: "Renamed" })).name, "Renamed");

  const permissions = await management.permissions.list({ applicationType: "private" });
  assert.ok(permissions.some(({ type }) => type === "token:read"));

  const { id } = await backend.tokens.create({ type: "token", data: "watched" });
  await backend.tokens.get(id);
  const logs = await all(await management.logs.list({ entityType: "token", entityId: id, startDate: new Date("2021-03-01"), size: 1 }));
  assert.deepEqual(logs.map(({ operation }) => operation).sort(), ["create", "read"]);
  assert.ok((await management.logs.getEntityTypes()).some(({ value }) => value === "token"));
});
