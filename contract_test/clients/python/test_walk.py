import os
import unittest
from datetime import datetime, timezone
from typing import TypeVar
from uuid import UUID

from hallpass import AuthenticatedClient
from hallpass.api.sessions import authorize_session, create_session
from hallpass.api.tokens import create_token, get_token, list_tokens_v2, update_token
from hallpass.api.transactions import create_session_creation_token, create_transaction, get_transaction
from hallpass.models import (
    AccessRule,
    AuthorizeSessionRequest,
    Condition,
    ConditionAttribute,
    ConditionOperator,
    CreateTokenRequest,
    CreateTransactionRequest,
    Problem,
    ProblemErrors,
    Session,
    SessionCreationToken,
    SessionCreationTokenRequest,
    Token,
    TokenCursorPage,
    TokenMetadata,
    TokenMetadataRequestType0,
    TokenPrivacy,
    Transaction,
    TransactionTokenRequest,
    TransactionUser,
    UpdateTokenRequest,
)
from hallpass.types import UNSET, Response

Body = TypeVar("Body")


def with_key(key: str) -> AuthenticatedClient:
    return AuthenticatedClient(os.environ["HALLPASS_URL"], key, prefix="", auth_header_name="BT-API-KEY")


class Walk(unittest.TestCase):
    def answer(self, kind: type[Body], response: Response[Body | Problem]) -> Body:
        """The body of an answer that succeeded."""
        self.assertLess(response.status_code, 300, response.content)
        assert isinstance(response.parsed, kind)
        return response.parsed

    def refusal(self, status: int, response: Response[Body | Problem]) -> Problem:
        """The documented body of a refusal with this status."""
        self.assertEqual(response.status_code, status)
        assert isinstance(response.parsed, Problem)
        self.assertEqual(response.parsed.status, status)
        return response.parsed

    def test_the_walk(self) -> None:
        with (
            with_key(os.environ["HALLPASS_PRIVATE_KEY"]) as backend,
            with_key(os.environ["HALLPASS_PUBLIC_KEY"]) as browser,
            AuthenticatedClient(os.environ["HALLPASS_URL"], os.environ["HALLPASS_ACCESS_TOKEN"]) as verification,
        ):
            self.walk(backend, browser, verification)

    def walk(
        self, backend: AuthenticatedClient, browser: AuthenticatedClient, verification: AuthenticatedClient
    ) -> None:
        containers = ["/clients/"]

        # 1
        person = CreateTokenRequest(
            type_="token",
            data={"name": "Ada Lovelace"},
            mask="{{ data.name | reveal_last: 4 }}",
            containers=containers,
        )
        wanted = self.answer(Token, create_token.sync_detailed(client=backend, body=person))
        another = CreateTokenRequest(type_="token", data="another", containers=containers)
        other = self.answer(Token, create_token.sync_detailed(client=backend, body=another))

        # 2
        change = UpdateTokenRequest(metadata=TokenMetadataRequestType0.from_dict({"customer": "42"}))
        changed = self.answer(Token, update_token.sync_detailed(wanted.id, client=backend, body=change))
        assert isinstance(changed.metadata, TokenMetadata)
        self.assertEqual(changed.metadata["customer"], "42")
        self.assertEqual(changed.data, "XXXXXXXXlace")

        # 3
        session = self.answer(Session, create_session.sync_detailed(client=browser))
        self.assertTrue(session.session_key.startswith("key_sess_"))
        self.assertGreater(session.expires_at, datetime.now(timezone.utc))

        # 4
        grant = AuthorizeSessionRequest(
            nonce=session.nonce,
            rules=[
                AccessRule(
                    description="one token",
                    priority=1,
                    conditions=[Condition(ConditionAttribute.ID, ConditionOperator.EQUALS, wanted.id)],
                    permissions=["token:read"],
                    transform="reveal",
                )
            ],
        )
        self.assertEqual(authorize_session.sync_detailed(client=backend, body=grant).status_code, 200)

        with with_key(session.session_key) as page:
            # 5
            revealed = self.answer(Token, get_token.sync_detailed(wanted.id, client=page))
            self.assertEqual(revealed.data, {"name": "Ada Lovelace"})

            # 6
            forbidden = self.refusal(403, get_token.sync_detailed(other.id, client=page))
            self.assertEqual(forbidden.title, "Forbidden")

        # 7
        conflict = self.refusal(409, authorize_session.sync_detailed(client=backend, body=grant))
        self.assertEqual(conflict.title, "Conflict")

        # 8
        first = self.answer(
            TokenCursorPage, list_tokens_v2.sync_detailed(client=backend, container="/clients/", size=1)
        )
        start = first.pagination.next_
        assert isinstance(start, str)
        second = self.answer(
            TokenCursorPage, list_tokens_v2.sync_detailed(client=backend, container="/clients/", size=1, start=start)
        )
        self.assertIs(second.pagination.next_, UNSET)
        listed = [*first.data, *second.data]
        self.assertEqual([token.id for token in listed], [other.id, wanted.id])
        for token in listed:
            self.assertEqual(token.tenant_id, wanted.tenant_id)
            assert isinstance(token.privacy, TokenPrivacy)
            self.assertEqual(token.privacy.impact_level, "high")
            assert isinstance(token.created_at, datetime)
            self.assertLessEqual(token.created_at, datetime.now(timezone.utc))

        # 9
        borrower = CreateTransactionRequest(
            users=[TransactionUser(role="Borrower", first_name="Ada")], tokens=[TransactionTokenRequest("Borrower")]
        )
        created = self.answer(Transaction, create_transaction.sync_detailed(client=verification, body=borrower))
        self.assertIsInstance(created.id, UUID)
        self.assertEqual(created.status, "new")
        self.assertEqual(created.tokens[0].role, "Borrower")
        self.assertTrue(created.tokens[0].access_url)

        # 10
        id_ = str(created.id)
        issued = self.answer(
            SessionCreationToken,
            create_session_creation_token.sync_detailed(
                id_, client=verification, body=SessionCreationTokenRequest(role="Borrower")
            ),
        )
        self.assertEqual(issued.role, "Borrower")
        self.assertEqual(len(issued.token.split(".")), 3)

        # 11
        transaction = self.answer(Transaction, get_transaction.sync_detailed(id_, client=verification))
        self.assertEqual(transaction.id, created.id)
        assert isinstance(transaction.users, list)
        self.assertEqual(transaction.users[0].first_name, "Ada")
        self.assertGreater(transaction.expiry_timestamp, datetime.now(timezone.utc))
        self.assertEqual([(token.role, token.token) for token in transaction.tokens], [("Borrower", UNSET)])

        # 12
        invalid = self.refusal(
            400,
            create_session_creation_token.sync_detailed(
                id_, client=verification, body=SessionCreationTokenRequest(role="Lender")
            ),
        )
        assert isinstance(invalid.errors, ProblemErrors)
        self.assertEqual(invalid.errors["role"], ["is not a role of the transaction"])


if __name__ == "__main__":
    unittest.main()
