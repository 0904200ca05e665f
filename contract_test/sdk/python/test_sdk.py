import os
import unittest
import uuid
from datetime import datetime, timedelta, timezone

from basis_theory import (
    AccessRule,
    BadRequestError,
    BasisTheory,
    Condition,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnauthorizedError,
)


def client(key):
    return BasisTheory(api_key=key, base_url=os.environ["HALLPASS_URL"])


browser = client(os.environ["HALLPASS_PUBLIC_KEY"])
backend = client(os.environ["HALLPASS_PRIVATE_KEY"])
management = client(os.environ["HALLPASS_MANAGEMENT_KEY"])


class SDK(unittest.TestCase):
    def fails(self, error, call, *args, **kwargs):
        with self.assertRaises(error) as caught:
            list(call(*args, **kwargs) or ())
        body = caught.exception.body
        self.assertEqual(body["status"] if isinstance(body, dict) else body.status, caught.exception.status_code)

    def test_a_session_with_permissions_writes_a_token_and_reads_it_masked(self):
        session = browser.sessions.create()
        self.assertTrue(session.session_key.startswith("key_sess_"))
        self.assertGreater(session.expires_at, datetime.now(timezone.utc))
        page = client(session.session_key)
        self.fails(ForbiddenError, page.tokens.list_v2)

        granted = backend.sessions.authorize(nonce=session.nonce, permissions=["token:create", "token:read"])
        self.assertIsNone(granted)
        made = page.tokens.create(type="token", data="Ada Lovelace", mask="{{ data | reveal_last: 4 }}")
        self.assertEqual(page.tokens.get(made.id).data, "XXXXXXXXlace")
        self.fails(ForbiddenError, page.tokens.delete, made.id)

    def test_a_session_with_a_rule_reads_the_one_token_in_the_clear(self):
        wanted = backend.tokens.create(type="token", data={"name": "Ada Lovelace"})
        other = backend.tokens.create(type="token", data="another")
        session = browser.sessions.create()
        backend.sessions.authorize(
            nonce=session.nonce,
            expires_at=(datetime.now(timezone.utc) + timedelta(minutes=10)).isoformat(),
            rules=[
                AccessRule(
                    description="one token",
                    priority=1,
                    conditions=[Condition(attribute="id", operator="equals", value=wanted.id)],
                    permissions=["token:read"],
                    transform="reveal",
                )
            ],
        )

        page = client(session.session_key)
        self.assertEqual(page.tokens.get(wanted.id).data, {"name": "Ada Lovelace"})
        revealed = page.tokens.detokenize(request={"name": "{{ %s | json: '$.name' }}" % wanted.id})
        self.assertEqual(revealed, {"name": "Ada Lovelace"})
        self.assertEqual([token.id for token in page.tokens.list_v2()], [wanted.id])
        self.fails(ForbiddenError, page.tokens.get, other.id)

        application = page.applications.get_by_key()
        self.assertEqual(application.id, browser.applications.get_by_key().id)
        self.assertEqual(application.rules[0].conditions[0].value, wanted.id)

    def test_errors_have_the_types_of_their_statuses(self):
        nonce = browser.sessions.create().nonce
        grant = {"nonce": nonce, "permissions": ["token:read"]}
        self.fails(UnauthorizedError, client("key_N88mVGsp3sCXkykyN2EFED").sessions.create)
        self.fails(ForbiddenError, backend.sessions.create)
        self.fails(ForbiddenError, browser.sessions.authorize, **grant)
        self.fails(NotFoundError, backend.sessions.authorize, **{**grant, "nonce": "4J7SiRvfADwJ9ZqwviJJs8"})
        self.fails(BadRequestError, backend.sessions.authorize, nonce=nonce)
        backend.sessions.authorize(**grant)
        self.fails(ConflictError, backend.sessions.authorize, **grant)
        self.fails(NotFoundError, backend.tokens.get, str(uuid.uuid4()))

    def test_tokens(self):
        customer = str(uuid.uuid4())
        made = backend.tokens.create(
            type="token",
            data="secret",
            metadata={"customer": customer},
            search_indexes=["{{ data }}"],
            containers=["/python/"],
        )
        self.assertEqual(made.metadata["customer"], customer)
        self.assertIsInstance(made.created_at, datetime)

        changed = backend.tokens.update(made.id, metadata={"note": "changed"})
        self.assertEqual(changed.metadata, {"customer": customer, "note": "changed"})

        backend.tokens.create(type="token", data="second", containers=["/python/"])
        self.assertEqual(len(list(backend.tokens.list_v2(container="/python/", size=1))), 2)
        self.assertEqual([t.id for t in backend.tokens.list_v2(metadata={"customer": customer})], [made.id])
        self.assertEqual([t.id for t in backend.tokens.search_v2(query="data:secret")], [made.id])

        uuid.UUID(backend.tokens.tokenize(request={"first": "a"})["first"])

        backend.tokens.delete(made.id)
        self.fails(NotFoundError, backend.tokens.get, made.id)

    def test_a_repeated_idempotency_key_repeats_the_answer(self):
        key = str(uuid.uuid4())
        first = backend.tokens.create(type="token", data="once", idempotency_key=key)
        again = backend.tokens.create(type="token", data="once", idempotency_key=key)
        self.assertEqual(again.id, first.id)

    def test_applications_and_their_keys(self):
        made = management.applications.create(name="Made", type="private", permissions=["token:read"])
        self.assertTrue(made.key.startswith("key_test_us_pvt_"))
        self.assertEqual(management.applications.get(made.id).name, "Made")

        renamed = management.applications.update(made.id, name="Renamed", permissions=["token:create"])
        self.assertEqual((renamed.name, renamed.permissions), ("Renamed", ["token:create"]))
        self.assertIn(made.id, [application.id for application in management.applications.list(size=2)])

        key = management.application_keys.create(made.id)
        self.assertEqual(management.application_keys.get(made.id, key.id).id, key.id)
        self.assertIn(key.id, [listed.id for listed in management.application_keys.list(made.id)])
        management.application_keys.delete(made.id, key.id)
        self.fails(NotFoundError, management.application_keys.get, made.id, key.id)

        management.applications.delete(made.id)
        self.fails(NotFoundError, management.applications.get, made.id)

    def test_tenant_permissions_logs(self):
        tenant = management.tenants.self_.get()
        self.assertEqual(management.tenants.self_.update(name="Renamed").id, tenant.id)

        permissions = management.permissions.list(application_type="private")
        self.assertIn("token:read", [permission.type for permission in permissions])

        token = backend.tokens.create(type="token", data="watched")
        backend.tokens.get(token.id)
        logs = management.logs.list(entity_type="token", entity_id=token.id, size=1)
        self.assertEqual(sorted(log.operation for log in logs), ["create", "read"])
        self.assertIn("token", [kind.value for kind in management.logs.get_entity_types()])


if __name__ == "__main__":
    unittest.main()
