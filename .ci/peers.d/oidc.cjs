// A certified OpenID provider as Aritma ID would be: one tenant in the path, one client, anybody may sign in.
// The port is the argument. Tokens of the tenant "strangers" say that they are of another.
const { generateKeyPairSync } = require("node:crypto");
const http = require("node:http");
const { Provider } = require("oidc-provider");

const port = Number(process.argv[2]);
const origin = `http://127.0.0.1:${port}`;
const key = { ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "1" };

const providerOf = (tenant, tid) => {
  const provider = new Provider(`${origin}/${tenant}`, {
    clients: [{
      client_id: "onboard-wizard", client_secret: "peer-canary-secret-of-forty-characters-xx",
      redirect_uris: ["https://onboard.example/signin/callback"], grant_types: ["authorization_code"], response_types: ["code"],
      require_auth_time: true,
    }],
    jwks: { keys: [key] },
    cookies: { keys: ["for this test alone"] },
    claims: { openid: ["sub", "tid"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
    conformIdTokenClaims: false, // claims stand in the ID token, as they do at Aritma ID
    findAccount: (ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, tid, email: `${id}@nordlys.example`, email_verified: true, name: "Kari Nordmann", preferred_username: id }),
    }),
    pkce: { required: () => true },
  });
  return provider.callback();
};

const tenants = { contoso: providerOf("contoso", "contoso"), strangers: providerOf("strangers", "another") };

http.createServer((request, response) => {
  const tenant = request.url.split(/[/?]/)[1];
  if (!Object.hasOwn(tenants, tenant)) {
    response.writeHead(404).end();
    return;
  }
  request.originalUrl = request.url; // as express does for what is mounted
  request.url = request.url.slice(tenant.length + 1) || "/";
  tenants[tenant](request, response);
}).listen(port, "127.0.0.1", () => console.log("listening"));
