// A client on top of one of the official TypeScript SDKs: the first argument names the package's two modules, the second
// the server. It says each step on a line of its own, and waits for a line on stdin before the steps that the test prepares.
import { createServer } from 'node:http';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const [sdk, url] = process.argv.slice(2);
const { Client } = await import(sdk === 'v1' ? '@modelcontextprotocol/sdk/client/index.js' : '@modelcontextprotocol/client');
const { StreamableHTTPClientTransport } = await import(sdk === 'v1' ? '@modelcontextprotocol/sdk/client/streamableHttp.js' : '@modelcontextprotocol/client');

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (step, more = {}) => console.log(JSON.stringify({ step, ...more }));

let answered;
const answer = new Promise((resolve) => (answered = resolve));
const callback = createServer((req, res) => {
  const at = new URL(req.url, 'http://127.0.0.1');
  res.end('You may close this page.');
  if (at.pathname === '/callback') answered(at.searchParams);
}).listen(0, '127.0.0.1');
await new Promise((resolve) => callback.on('listening', resolve));
const redirectUrl = `http://127.0.0.1:${callback.address().port}/callback`;

const kept = {};
const provider = {
  redirectUrl,
  clientMetadata: { client_name: `e2e ${sdk}`, redirect_uris: [redirectUrl], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: 'none' },
  state: () => 'the-state',
  clientInformation: () => kept.client,
  saveClientInformation: (c) => void (kept.client = c),
  tokens: () => kept.tokens,
  saveTokens: (t) => void (kept.tokens = t),
  codeVerifier: () => kept.verifier,
  saveCodeVerifier: (v) => void (kept.verifier = v),
  redirectToAuthorization: (to) => void spawn(process.env.BROWSER, [String(to)], { stdio: 'ignore' }),
};

// What the server may not write anywhere.
const secrets = () => [kept.verifier, kept.tokens.access_token, kept.tokens.refresh_token];

const connect = async () => {
  const client = new Client({ name: `e2e-${sdk}`, version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
  try {
    await client.connect(transport);
  } catch (error) {
    return { transport, error };
  }
  return { client, transport };
};

const first = await connect();
if (!first.error) throw new Error('connected without asking');
say('asked', { error: first.error.name });
const params = await answer;
if (params.get('state') !== 'the-state') throw new Error('another state came back');
if (sdk === 'v1') await first.transport.finishAuth(params.get('code'));
else await first.transport.finishAuth(params);
const { client, error } = await connect();
if (error) throw error;
say('connected', { scope: kept.tokens.scope, version: client.getNegotiatedProtocolVersion?.(), secrets: secrets() });
const { tools } = await client.listTools();
say('listed', { tools: tools.map((t) => t.name) });
const search = () => client.callTool({ name: 'gmail_search', arguments: { query: 'in:inbox', max: 2 } });
say('called', { text: (await search()).content[0].text });

await lines.next(); // the access token is over now
const before = kept.tokens.access_token;
say('refreshed', { text: (await search()).content[0].text, changed: kept.tokens.access_token !== before, secrets: secrets() });

const metadata = await (await fetch(new URL('/.well-known/oauth-authorization-server', url))).json();
const revoked = await fetch(metadata.revocation_endpoint, { method: 'POST', body: new URLSearchParams({ token: kept.tokens.refresh_token, client_id: kept.client.client_id }) });
const after = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${kept.tokens.access_token}`, 'content-type': 'application/json' }, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' });
say('revoked', { revocation: revoked.status, status: after.status, challenge: after.headers.get('www-authenticate') });
process.exit(0);
