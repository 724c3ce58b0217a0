// A certified OpenID provider as Aritma ID would be: tenants in the path, anybody may sign in. The port is the argument.
// It answers at 127.0.0.1 and at localhost, each with issuers of its own, so that it can be another site to a browser.
// There is one client; others register themselves (RFC 7591), since only the tests know their redirect URIs.
const { generateKeyPairSync } = require("node:crypto");
const http = require("node:http");
const { Provider } = require("oidc-provider");

const port = Number(process.argv[2]);
const key = { ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "1" };

// The tokens of "strangers" say that they are of another tenant; "brief" gives no refresh tokens.
const tenants = {
  contoso: { tid: "contoso", renews: true },
  strangers: { tid: "another", renews: true },
  brief: { tid: "brief", renews: false },
};

const providerOf = (issuer, { tid, renews }) => {
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "onboard-wizard", client_secret: "peer-canary-secret-of-forty-characters-xx",
      redirect_uris: ["https://onboard.example/signin/callback"], response_types: ["code"],
      grant_types: renews ? ["authorization_code", "refresh_token"] : ["authorization_code"], require_auth_time: true,
    }],
    jwks: { keys: [key] },
    cookies: { keys: ["for this test alone"] },
    scopes: ["openid", "services.iam", ...(renews ? ["offline_access"] : [])],
    claims: { openid: ["sub", "tid"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
    conformIdTokenClaims: false, // claims stand in the ID token, as they do at Aritma ID
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, tid, email: `${id}@nordlys.example`, email_verified: true, name: "Kari Nordmann", preferred_username: id }),
    }),
    pkce: { required: () => true },
    // Left alone, oidc-provider gives a refresh token only to who was asked for consent (prompt=consent).
    ...(renews ? { issueRefreshToken: (ctx, client, code) => client.grantTypeAllowed("refresh_token") && code.scopes.has("services.iam") } : {}),
    rotateRefreshToken: true,
    features: { rpInitiatedLogout: { enabled: true }, registration: { enabled: true } },
  });
  return provider.callback();
};

const providers = new Map();
for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
  for (const [name, tenant] of Object.entries(tenants)) {
    providers.set(`${host}/${name}`, providerOf(`http://${host}/${name}`, tenant));
  }
}

http.createServer((request, response) => {
  const tenant = request.url.split(/[/?]/)[1];
  const provider = providers.get(`${request.headers.host}/${tenant}`);
  if (!provider) {
    response.writeHead(request.url === "/favicon.ico" ? 204 : 404).end();
    return;
  }
  request.originalUrl = request.url; // as express does for what is mounted
  request.url = request.url.slice(tenant.length + 1) || "/";
  provider(request, response);
}).listen(port, "127.0.0.1", () => console.log("listening"));
