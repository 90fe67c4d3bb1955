// An agent: the official TypeScript SDK at the edge. SDK is the folder it is installed in, MCP the edge's address.
import assert from 'node:assert/strict';

const { MCP, SDK } = process.env;
const { Client, StreamableHTTPClientTransport } = await import(`${SDK}/client/dist/index.mjs`);

export async function connect(key) {
  const client = new Client({ name: 'agent', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  const headers = { Authorization: `Bearer ${key}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(MCP), { requestInit: { headers } }));
  return client;
}

export const toolsOf = async (client) => (await client.listTools()).tools.map(({ name }) => name);

// What the text of an answer is.
export async function says(client, tool, message) {
  const { content } = await client.callTool({ name: tool, arguments: { message } });
  return content.map(({ text }) => text).join('');
}

// Whether somebody with the key gets in and has a call answered.
export async function works(key) {
  let client;
  try {
    client = await connect(key);
    return (await says(client, 'demo__echo', 'hello')).includes('hello');
  } catch (error) {
    assert.match(String(error), /401|unauthorized|key/i, String(error));
    return false;
  } finally {
    await client?.close();
  }
}

// That it is refused within two seconds from now, which is what is promised.
export async function isRefused(key) {
  const deadline = Date.now() + 2_000;
  while (await works(key)) assert.ok(Date.now() < deadline, 'a key that ended still works after two seconds');
}
