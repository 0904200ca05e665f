import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import hallpass.ApiClient;
import hallpass.ApiException;
import hallpass.api.SessionsApi;
import hallpass.api.TokensApi;
import hallpass.api.TransactionsApi;
import hallpass.model.AccessRule;
import hallpass.model.AuthorizeSessionRequest;
import hallpass.model.Condition;
import hallpass.model.CreateTokenRequest;
import hallpass.model.CreateTransactionRequest;
import hallpass.model.Problem;
import hallpass.model.Session;
import hallpass.model.SessionCreationToken;
import hallpass.model.SessionCreationTokenRequest;
import hallpass.model.Token;
import hallpass.model.TokenCursorPage;
import hallpass.model.Transaction;
import hallpass.model.TransactionTokenRequest;
import hallpass.model.TransactionUser;
import hallpass.model.UpdateTokenRequest;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class WalkTest {
  /** Calls the server with one header added to each request. */
  static ApiClient client(String header, String value) {
    ApiClient client = new ApiClient();
    client.updateBaseUri(System.getenv("HALLPASS_URL"));
    client.setRequestInterceptor(request -> request.header(header, value));
    return client;
  }

  /** The documented body of a refusal with this status. */
  static Problem refusal(int status, Executable call) throws Exception {
    ApiException refused = assertThrows(ApiException.class, call);
    assertEquals(status, refused.getCode());
    Problem problem = ApiClient.createDefaultObjectMapper().readValue(refused.getResponseBody(), Problem.class);
    assertEquals(status, problem.getStatus());
    return problem;
  }

  @Test
  void theWalk() throws Exception {
    ApiClient backend = client("BT-API-KEY", System.getenv("HALLPASS_PRIVATE_KEY"));
    ApiClient browser = client("BT-API-KEY", System.getenv("HALLPASS_PUBLIC_KEY"));
    TokensApi tokens = new TokensApi(backend);
    List<String> containers = List.of("/clients/");

    // 1
    CreateTokenRequest person = new CreateTokenRequest()
        .type("token")
        .data(Map.of("name", "Ada Lovelace"))
        .mask("{{ data.name | reveal_last: 4 }}")
        .containers(containers);
    Token wanted = tokens.createToken(person, null, null);
    CreateTokenRequest another = new CreateTokenRequest().type("token").data("another").containers(containers);
    Token other = tokens.createToken(another, null, null);

    // 2
    UpdateTokenRequest change = new UpdateTokenRequest().putMetadataItem("customer", "42");
    Token changed = tokens.updateToken(wanted.getId(), change, null, null);
    assertEquals(Map.of("customer", "42"), changed.getMetadata());
    assertEquals("XXXXXXXXlace", changed.getData());

    // 3
    Session session = new SessionsApi(browser).createSession(null, null);
    assertTrue(session.getSessionKey().startsWith("key_sess_"));
    assertTrue(session.getExpiresAt().isAfter(OffsetDateTime.now()));

    // 4
    AccessRule rule = new AccessRule()
        .description("one token")
        .priority(1)
        .addConditionsItem(new Condition()
            .attribute(Condition.AttributeEnum.ID)
            .operator(Condition.OperatorEnum.EQUALS)
            .value(wanted.getId()))
        .addPermissionsItem("token:read")
        .transform("reveal");
    AuthorizeSessionRequest grant = new AuthorizeSessionRequest().nonce(session.getNonce()).addRulesItem(rule);
    SessionsApi sessions = new SessionsApi(backend);
    assertEquals(200, sessions.authorizeSessionWithHttpInfo(grant, null, null).getStatusCode());

    // 5
    TokensApi page = new TokensApi(client("BT-API-KEY", session.getSessionKey()));
    Token revealed = page.getToken(wanted.getId(), null);
    assertEquals(Map.of("name", "Ada Lovelace"), revealed.getData());

    // 6
    Problem forbidden = refusal(403, () -> page.getToken(other.getId(), null));
    assertEquals("Forbidden", forbidden.getTitle());

    // 7
    Problem conflict = refusal(409, () -> sessions.authorizeSession(grant, null, null));
    assertEquals("Conflict", conflict.getTitle());

    // 8
    TokenCursorPage first = tokens.listTokensV2(null, "/clients/", null, null, null, 1, null);
    String start = first.getPagination().getNext();
    assertNotNull(start);
    TokenCursorPage second = tokens.listTokensV2(null, "/clients/", null, null, start, 1, null);
    assertNull(second.getPagination().getNext());
    List<Token> listed = Stream.concat(first.getData().stream(), second.getData().stream()).toList();
    assertEquals(List.of(other.getId(), wanted.getId()), listed.stream().map(Token::getId).toList());
    for (Token token : listed) {
      assertEquals(wanted.getTenantId(), token.getTenantId());
      assertEquals("high", token.getPrivacy().getImpactLevel());
      assertTrue(token.getCreatedAt().isBefore(OffsetDateTime.now()));
    }

    // 9
    TransactionsApi verification =
        new TransactionsApi(client("Authorization", "Bearer " + System.getenv("HALLPASS_ACCESS_TOKEN")));
    CreateTransactionRequest borrower = new CreateTransactionRequest()
        .addUsersItem(new TransactionUser().role("Borrower").firstName("Ada"))
        .addTokensItem(new TransactionTokenRequest().role("Borrower"));
    Transaction created = verification.createTransaction(borrower, null, null, null);
    UUID id = created.getId();
    assertEquals("new", created.getStatus());
    assertEquals("Borrower", created.getTokens().get(0).getRole());
    assertNotNull(created.getTokens().get(0).getAccessUrl());

    // 10
    SessionCreationToken issued = verification.createSessionCreationToken(
        id.toString(), null, null, null, new SessionCreationTokenRequest().role("Borrower"));
    assertEquals("Borrower", issued.getRole());
    assertEquals(3, issued.getToken().split("\\.").length);

    // 11
    Transaction transaction = verification.getTransaction(id.toString(), null, null, null);
    assertEquals(id, transaction.getId());
    assertEquals("Ada", transaction.getUsers().get(0).getFirstName());
    assertTrue(transaction.getExpiryTimestamp().isAfter(OffsetDateTime.now()));
    assertEquals(1, transaction.getTokens().size());
    assertEquals("Borrower", transaction.getTokens().get(0).getRole());
    assertNull(transaction.getTokens().get(0).getToken());

    // 12
    Problem invalid = refusal(400, () -> verification.createSessionCreationToken(
        id.toString(), null, null, null, new SessionCreationTokenRequest().role("Lender")));
    assertEquals(List.of("is not a role of the transaction"), invalid.getErrors().get("role"));
  }
}
