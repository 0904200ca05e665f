"use strict";

// The reference is Swagger UI with four things added. Every operation says who may call it and is called with that caller's
// key. Keys and tokens that an answer carries are put in their places. The links of an answer lead on, filled in. And what
// may be left out of a request is left out until the reader fills it in.

(() => {
  const root = document.getElementById("reference");

  // The credentials, by who calls with them. A development server hands over its keys; all are forgotten with the page.
  const kinds = {
    public: { name: "public", label: "Public key", use: "asks for sessions" },
    private: { name: "private", label: "Private key", use: "authorizes them, works with tokens" },
    management: { name: "management", label: "Management key", use: "applications, tenant and log" },
    session: { name: "session", label: "Session key", use: "comes with a session" },
    access: { name: "access token", label: "Access token", use: "for transactions" },
    creation: { name: "creation token", label: "Creation token", use: "comes with a transaction" },
  };
  const development = "public" in root.dataset;
  const held = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, root.dataset[kind] ?? ""]));
  const chosen = {}; // kind of caller by operation, where the reader chose one
  const watchers = new Set();
  const changed = () => watchers.forEach((tell) => tell());

  // carriers say which answers carry a credential, and where.
  const carriers = {
    createSession: (body) => ({ session: body.session_key }),
    createAccessToken: (body) => ({ access: body.access_token }),
    createTransaction: (body) => ({ creation: body.tokens?.[0]?.token }),
    createSessionCreationToken: (body) => ({ creation: body.token }),
  };

  // callers are the kinds of credential that an operation takes; none where anybody may call.
  function callers(operation) {
    switch (scheme(operation)) {
      case "apiKey": return operation.get("x-callers")?.toJS() ?? [];
      case "tenantAccess": return ["access"];
      case "creationToken": return ["creation"];
      default: return [];
    }
  }

  function scheme(operation) {
    const security = operation.get("security");
    return security ? security.first()?.keySeq().first() : "apiKey";
  }

  function callerOf(operation) {
    const all = callers(operation);
    return chosen[operation.get("operationId")] ?? all.find((kind) => held[kind]) ?? all[0];
  }

  // prepare makes the document one for this page: operations are tried at this server, groups stand in the order of the
  // document, and a parameter that may be left out is not filled in with its example.
  function prepare(document) {
    document.servers = [{ url: location.origin }];
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
    const order = operations.flatMap((operation) => operation.tags ?? []);
    document.tags?.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    const parameters = operations.flatMap((operation) => operation.parameters ?? []);
    for (const parameter of [...Object.values(document.components?.parameters ?? {}), ...parameters]) {
      const of = parameter.schema?.items ?? parameter.schema;
      if (parameter.required || of?.example === undefined) continue;
      parameter.description += ` For example \`${of.example}\`.`;
      delete of.example;
    }
    return document;
  }

  // follow finds the operation that a link of an answer leads to and what the link fills in; undefined where the answer
  // lacks what it takes.
  function follow(system, link, exchange) {
    for (const [path, item] of system.specSelectors.specJson().get("paths").entrySeq()) {
      for (const [method, operation] of item.entrySeq()) {
        if (operation.get?.("operationId") !== link.get("operationId")) continue;
        const parameters = evaluate(link.get("parameters")?.toJS() ?? {}, exchange);
        const body = filled(link.get("requestBody"), exchange);
        const lacks = Object.values(parameters).includes(undefined) || (link.has("requestBody") && body === undefined);
        return lacks ? undefined : { path, method, operation, parameters, body };
      }
    }
    return undefined;
  }

  // filled is the body of a link, JSON with runtime expressions inside its texts; undefined where the answer lacks one.
  function filled(text, exchange) {
    let lacks = text === undefined;
    const json = text?.replace(/\{(\$[^}]+)\}/g, (_, expression) => {
      const value = evaluate(expression, exchange);
      lacks ||= value === undefined || value === null;
      return JSON.stringify(String(value)).slice(1, -1);
    });
    return lacks ? undefined : parsed(json);
  }

  // evaluate replaces the runtime expressions (OpenAPI 3.0.3, Link Object) in a value of a link.
  function evaluate(value, exchange) {
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, evaluate(member, exchange)]));
    }
    const [, source, rest] = /^\$(response\.body#\/|request\.body#\/|request\.path\.)(.+)$/.exec(value) ?? [];
    switch (source) {
      case "response.body#/": return at(exchange.answer, rest);
      case "request.body#/": return at(exchange.sent, rest);
      case "request.path.": return exchange.parameters[rest];
      default: return value;
    }
  }

  const at = (value, pointer) => pointer.split("/").reduce((node, name) => node?.[name], value);

  function parsed(text) {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  // go opens the operation that a link leads to, filled in.
  function go(system, { path, method, operation, parameters, body }) {
    const { specActions, specSelectors, oas3Actions, layoutActions } = system;
    const known = specSelectors.specJsonWithResolvedSubtrees().getIn(["paths", path, method, "parameters"]);
    for (const [name, value] of Object.entries(parameters)) {
      const parameter = known?.find((candidate) => candidate.get("name") === name);
      if (parameter) {
        specActions.changeParamByIdentity([path, method], parameter, value);
      } else {
        specActions.changeParam([path, method], name, path.includes(`{${name}}`) ? "path" : "query", value);
      }
    }
    if (body) {
      oas3Actions.setRetainRequestBodyValueFlag({ value: true, pathMethod: [path, method] }); // or its example takes over
      oas3Actions.setRequestBodyValue({ value: JSON.stringify(body, null, 2), pathMethod: [path, method] });
    }
    const [tag, id] = [operation.getIn(["tags", 0]), operation.get("operationId")];
    layoutActions.show(["operations-tag", tag], true);
    layoutActions.show(["operations", tag, id], true);
    document.getElementById(`operations-${tag}-${id}`)?.scrollIntoView();
  }

  const plugin = (system) => {
    const { createElement: h, Fragment, useEffect, useReducer } = system.React;
    const operationAt = (path, method) => system.getSystem().specSelectors.specJson().getIn(["paths", path, method]);

    // watching renders a component anew when a key or a choice changes.
    const watching = (render) => function Watching(props) {
      const [, tell] = useReducer((n) => n + 1, 0);
      useEffect(() => {
        watchers.add(tell);
        return () => watchers.delete(tell);
      }, []);
      return render(props);
    };

    const Keys = watching(() => h("section", { className: "keys", "aria-label": "Keys" },
      h("h2", null, "Keys"),
      h("p", null, development
        ? "This is a development server, and these are its keys. Each operation is tried with the key of who may call it."
        : "Each operation is tried with the key of who may call it. Keys stay on this page and are forgotten with it."),
      h("div", { className: development ? "fields" : "fields veiled" },
        Object.entries(kinds).map(([kind, { label, use }]) => h("label", { key: kind, htmlFor: `key-${kind}` },
          h("span", null, label, " ", h("small", null, use)),
          h("input", {
            id: `key-${kind}`, value: held[kind], spellCheck: false, autoComplete: "off", autoCapitalize: "off",
            onChange: (event) => {
              held[kind] = event.target.value.trim();
              changed();
            },
          })))),
    ));

    const Callers = watching(({ operation }) => {
      const [all, current, permission] = [callers(operation), callerOf(operation), operation.get("x-permission")];
      return h("div", { className: "callers" },
        all.length === 0 && h("span", { className: "caller" }, "anybody"),
        all.map((kind) => h("button", {
          key: kind, type: "button", className: "caller", "aria-pressed": kind === current,
          title: `May call it with a ${kinds[kind].label.toLowerCase()}; click to try it so`,
          onClick: () => {
            chosen[operation.get("operationId")] = kind;
            changed();
          },
        }, kinds[kind].name)),
        permission && h("code", { title: "The permission that the caller needs" }, permission));
    });

    // Onward lists where the links of an answer lead.
    const Onward = ({ path, method, response }) => {
      const { specSelectors, oas3Selectors } = system.getSystem();
      const links = operationAt(path, method)?.getIn(["responses", String(response.get("status")), "links"]);
      if (!links) return null;
      const parameters = Object.fromEntries(specSelectors.operationWithMeta(path, method).get("parameters")
        .map((parameter) => [parameter.get("name"), parameter.get("value")]));
      const exchange = { answer: parsed(response.get("text")), sent: parsed(oas3Selectors.requestBodyValue(path, method)), parameters };
      const ways = links.valueSeq().map((link) => follow(system.getSystem(), link, exchange)).filter(Boolean).toArray();
      return ways.length > 0 && h("div", { className: "onward" }, "From here:",
        ways.map((way) => h("button", { key: way.operation.get("operationId"), type: "button", onClick: () => go(system.getSystem(), way) },
          way.operation.get("summary"))));
    };

    return {
      wrapComponents: {
        OperationSummary: (Original) => (props) => h(Fragment, null,
          h(Original, props),
          h(Callers, { operation: operationAt(props.operationProps.get("path"), props.operationProps.get("method")) })),
        liveResponse: (Original) => (props) => h(Fragment, null, h(Original, props), h(Onward, props)),
        AuthorizeBtnContainer: () => Keys,
        authorizeOperationBtn: () => () => null,
        ServersContainer: () => () => null,
      },
      statePlugins: {
        spec: {
          wrapActions: {
            updateJsonSpec: (original) => (document) => original(prepare(document)),
            executeRequest: (original) => (request) => {
              const operation = operationAt(request.pathName, request.method);
              const key = held[callerOf(operation)];
              const authorized = key ? { [scheme(operation)]: { value: key, token: { access_token: key } } } : {};
              return original({ ...request, securities: { ...request.securities, authorized } });
            },
            setResponse: (original) => (path, method, response) => {
              const carried = carriers[operationAt(path, method)?.get("operationId")]?.(response.body ?? {}) ?? {};
              for (const [kind, key] of Object.entries(carried)) {
                if (response.ok && key) held[kind] = key;
              }
              changed();
              return original(path, method, response);
            },
          },
        },
      },
    };
  };

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", dress);
  dress();

  SwaggerUIBundle({
    domNode: root,
    url: "/openapi.yaml",
    plugins: [plugin],
    deepLinking: true,
    tryItOutEnabled: true,
    docExpansion: "list",
    defaultModelsExpandDepth: -1,
    validatorUrl: null, // which would ask another server
  });
})();
