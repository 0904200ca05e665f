import os
import unittest
import uuid
from datetime import datetime, timedelta, timezone

import basistheory
from basistheory.api import (
    application_keys_api,
    applications_api,
    logs_api,
    permissions_api,
    sessions_api,
    tenants_api,
    tokenize_api,
    tokens_api,
)
from basistheory.exceptions import ForbiddenException, NotFoundException, UnauthorizedException
from basistheory.model.access_rule import AccessRule
from basistheory.model.authorize_session_request import AuthorizeSessionRequest
from basistheory.model.condition import Condition
from basistheory.model.create_application_request import CreateApplicationRequest
from basistheory.model.create_token_request import CreateTokenRequest
from basistheory.model.search_tokens_request import SearchTokensRequest
from basistheory.model.search_tokens_request_v2 import SearchTokensRequestV2
from basistheory.model.update_application_request import UpdateApplicationRequest
from basistheory.model.update_tenant_request import UpdateTenantRequest
from basistheory.model.update_token_request import UpdateTokenRequest
from basistheory.request_options import RequestOptions

URL = os.environ["HALLPASS_URL"]
PUBLIC = os.environ["HALLPASS_PUBLIC_KEY"]
PRIVATE = os.environ["HALLPASS_PRIVATE_KEY"]


def client(key):
    return basistheory.ApiClient(configuration=basistheory.Configuration(host=URL, api_key=key))


def sessions(key):
    return sessions_api.SessionsApi(client(key))


def tokens(key):
    return tokens_api.TokensApi(client(key))


backend = tokens(PRIVATE)
management = client(os.environ["HALLPASS_MANAGEMENT_KEY"])


def authorize(nonce, key=PRIVATE, **grant):
    request = AuthorizeSessionRequest(nonce=nonce, **grant)
    return sessions(key).authorize(authorize_session_request=request)


def create(data, **members):
    return backend.create(create_token_request=CreateTokenRequest(type="token", data=data, **members))


class SDK(unittest.TestCase):
    def fails(self, status, call, *args, **kwargs):
        error = {
            401: UnauthorizedException,
            403: ForbiddenException,
            404: NotFoundException,
        }.get(status, basistheory.ApiException)
        with self.assertRaises(error) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.status, status)

    def test_the_samples_of_the_documentation(self):
        with basistheory.ApiClient(configuration=basistheory.Configuration(host=URL, api_key=PUBLIC)) as api_client:
            session_client = sessions_api.SessionsApi(api_client)

            session = session_client.create()

        self.assertTrue(session.session_key.startswith("key_sess_"))
        self.assertGreater(session.expires_at, datetime.now(timezone.utc))

        with basistheory.ApiClient(configuration=basistheory.Configuration(host=URL, api_key=PRIVATE)) as api_client:
            session_client = sessions_api.SessionsApi(api_client)

            authorizedSession = session_client.authorize(authorize_session_request=AuthorizeSessionRequest(
                nonce=session.nonce,
                permissions=[ "token:create", "token:read" ]
            ))

        self.assertIsNone(authorizedSession)

    def test_a_session_with_permissions_writes_a_token_and_reads_it_masked(self):
        session = sessions(PUBLIC).create()
        page = tokens(session.session_key)
        self.fails(403, page.get_v2)

        authorize(session.nonce, permissions=["token:create", "token:read"])
        request = CreateTokenRequest(type="token", data="Ada Lovelace", mask="{{ data | reveal_last: 4 }}")
        made = page.create(create_token_request=request)
        self.assertEqual(page.get_by_id(id=made.id).data, "XXXXXXXXlace")
        self.fails(403, page.delete, id=made.id)

    def test_a_session_with_a_rule_reads_the_one_token_in_the_clear(self):
        wanted, other = create({"name": "Ada Lovelace"}), create("another")
        session = sessions(PUBLIC).create()
        rule = AccessRule(
            description="one token",
            priority=1,
            conditions=[Condition(attribute="id", operator="equals", value=wanted.id)],
            permissions=["token:read"],
            transform="reveal",
        )
        expires_at = (datetime.now(timezone.utc) + timedelta(minutes=10)).isoformat()
        authorize(session.nonce, rules=[rule], expires_at=expires_at)

        page = tokens(session.session_key)
        self.assertEqual(page.get_by_id(id=wanted.id).data, {"name": "Ada Lovelace"})
        self.assertEqual([token.id for token in page.get_v2().data], [wanted.id])
        self.fails(403, page.get_by_id, id=other.id)

        application = applications_api.ApplicationsApi(page.api_client).get_by_key()
        self.assertEqual(application.rules[0].conditions[0].value, wanted.id)

    def test_errors_have_the_types_of_their_statuses(self):
        nonce = sessions(PUBLIC).create().nonce
        grant = {"permissions": ["token:read"]}
        self.fails(401, sessions("key_N88mVGsp3sCXkykyN2EFED").create)
        self.fails(403, sessions(PRIVATE).create)
        self.fails(403, authorize, nonce, PUBLIC, **grant)
        self.fails(404, authorize, "4J7SiRvfADwJ9ZqwviJJs8", **grant)
        self.fails(400, authorize, nonce)
        authorize(nonce, **grant)
        self.fails(409, authorize, nonce, **grant)
        self.fails(404, backend.get_by_id, id=str(uuid.uuid4()))

    def test_tokens(self):
        customer = str(uuid.uuid4())
        made = create("secret", metadata={"customer": customer}, search_indexes=["{{ data }}"])
        self.assertEqual(made.metadata["customer"], customer)

        changed = backend.update(id=made.id, update_token_request=UpdateTokenRequest(metadata={"note": "changed"}))
        self.assertEqual(changed.metadata, {"customer": customer, "note": "changed"})

        self.assertEqual([token.id for token in backend.get(id=[made.id]).data], [made.id])
        self.assertIn(made.id, [token.id for token in backend.get_v2(size=100).data])
        found = backend.search(search_tokens_request=SearchTokensRequest(query="metadata.customer:" + customer))
        self.assertEqual([token.id for token in found.data], [made.id])
        found = backend.search_v2(search_tokens_request_v2=SearchTokensRequestV2(query="data:secret"))
        self.assertEqual([token.id for token in found.data], [made.id])

        tokenized = tokenize_api.TokenizeApi(client(PRIVATE)).tokenize(body={"first": "a"})
        uuid.UUID(tokenized["first"])

        backend.delete(id=made.id)
        self.fails(404, backend.get_by_id, id=made.id)

    def test_a_repeated_idempotency_key_repeats_the_answer(self):
        key = str(uuid.uuid4())
        request = CreateTokenRequest(type="token", data="once")
        first, again = (
            tokens(PRIVATE).create(create_token_request=request, request_options=RequestOptions(idempotency_key=key))
            for _ in range(2)
        )
        self.assertEqual(again.id, first.id)

    def test_applications_and_their_keys(self):
        api = applications_api.ApplicationsApi(management)
        request = CreateApplicationRequest(name="Made", type="private", permissions=["token:read"])
        made = api.create(create_application_request=request)
        self.assertTrue(made.key.startswith("key_test_us_pvt_"))
        self.assertEqual(api.get_by_id(id=made.id).name, "Made")

        request = UpdateApplicationRequest(name="Renamed", permissions=["token:create"])
        renamed = api.update(id=made.id, update_application_request=request)
        self.assertEqual((renamed.name, renamed.permissions), ("Renamed", ["token:create"]))
        self.assertEqual([application.id for application in api.get(id=[made.id]).data], [made.id])
        self.assertNotEqual(api.regenerate_key(id=made.id).key, made.key)

        keys = application_keys_api.ApplicationKeysApi(management)
        key = keys.create(id=made.id)
        self.assertEqual(keys.get_by_id(id=made.id, key_id=key.id).id, key.id)
        self.assertIn(key.id, [listed.id for listed in keys.get(id=made.id)])
        keys.delete(id=made.id, key_id=key.id)
        self.fails(404, keys.get_by_id, id=made.id, key_id=key.id)

        api.delete(id=made.id)
        self.fails(404, api.get_by_id, id=made.id)

    def test_tenant_permissions_logs(self):
        tenants = tenants_api.TenantsApi(management)
        tenant = tenants.get()
        self.assertEqual(tenants.update(update_tenant_request=UpdateTenantRequest(name="Renamed")).id, tenant.id)

        permissions = permissions_api.PermissionsApi(management).get(application_type="private")
        self.assertIn("token:read", [permission.type for permission in permissions])

        token = create("watched")
        logs = logs_api.LogsApi(management)
        listed = logs.get(entity_type="token", entity_id=token.id)
        self.assertEqual([log.operation for log in listed.data], ["create"])
        self.assertIn("token", [kind.value for kind in logs.get_entity_types()])


if __name__ == "__main__":
    unittest.main()
