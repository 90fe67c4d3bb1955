// A certified OpenID provider on loopback: node oidc-provider.mjs
// MODULES is the folder it is installed in. Prints one line when it is ready: {"issuer":"http://127.0.0.1:PORT"}.
//
// Any login name signs in, with any password. What a test may change while it runs, as JSON:
//   PUT /test/client             {"redirect_uris":[…]}         where people may be sent back to
//   PUT /test/accounts/NAME      {"groups":[…],"email":…,…}    what is said about somebody
//   DELETE /test/accounts/NAME                                 somebody who has left
//   POST /test/keys                                            new keys; the old ones are gone
import { createServer } from 'node:http';
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';

const { Provider } = await import(`${process.env.MODULES}/oidc-provider/lib/index.js`);

const accounts = new Map();
const gone = new Set();
const cookieKeys = [randomBytes(16).toString('hex')];
let keys = newKeys();
let redirectUris = ['http://127.0.0.1:1/unset'];
let provider;

function newKeys() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: randomUUID() }] };
}

function findAccount(_ctx, id) {
  if (gone.has(id)) return undefined;
  const claims = { email: `${id}@example.test`, email_verified: true, groups: [], ...accounts.get(id) };
  return { accountId: id, claims: () => ({ sub: id, preferred_username: id, ...claims }) };
}

// Whoever signed in also agrees: there is one client, and it is ours.
async function loadExistingGrant(ctx) {
  const { client, session, params } = ctx.oidc;
  const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(params.scope);
  await grant.save();
  return grant;
}

function start(issuer) {
  provider = new Provider(issuer, {
    clients: [{
      client_id: 'ostia', client_secret: 'the-secret-of-the-client', redirect_uris: redirectUris,
      post_logout_redirect_uris: redirectUris.map((uri) => new URL('/login', uri).href),
      grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username', 'groups'] },
    conformIdTokenClaims: false, // claims of scopes are in the id_token too
    cookies: { keys: cookieKeys },
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    findAccount,
    issueRefreshToken: async () => true,
    jwks: keys,
    loadExistingGrant,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    ttl: { IdToken: 3600, AccessToken: 600, Session: 3600, Interaction: 600, Grant: 3600, RefreshToken: 3600 },
  });
  provider.on('server_error', (_ctx, error) => console.error('server_error', error));
}

async function json(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : {};
}

const server = createServer(async (request, response) => {
  if (!request.url.startsWith('/test/')) return provider.callback()(request, response);
  const [, , what, name] = request.url.split('/');
  const change = await json(request);
  if (what === 'client') {
    redirectUris = change.redirect_uris;
    start(provider.issuer);
  } else if (what === 'keys') {
    keys = newKeys();
    start(provider.issuer);
  } else if (request.method === 'DELETE') {
    gone.add(name);
  } else {
    accounts.set(name, change);
  }
  response.writeHead(204).end();
});
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  start(issuer);
  console.log(JSON.stringify({ issuer }));
});
process.on('SIGTERM', () => process.exit(0));
