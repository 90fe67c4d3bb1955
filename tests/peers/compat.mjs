// What the official TypeScript SDK can do through Ostia, with server-everything behind:
// `compat.mjs MODE KEY URL WATCHED`, MODE being `v1` (the SDK before 2.0), or `legacy` or `auto` (the one since;
// `auto` finds 2026-07-28). WATCHED is the same server where all share one worker, because it tells of updates
// only where it was told to.
// One JSON object per feature on standard output: {"feature": …, "ok": true|false, "detail": …}.

import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [mode, key, url, watched] = process.argv.slice(2);
const sdk = (path) => import(pathToFileURL(join(process.env.SDK, path)).href);
const headers = { Authorization: `Bearer ${key}` };
const asked = [];
const answers = {
  "elicitation/create": () => ({ action: "accept", content: { name: "Ann", check: true } }),
  "sampling/createMessage": () => ({
    role: "assistant",
    content: { type: "text", text: "yes" },
    model: "none",
  }),
};
let heard = () => {};
const updated = ({ params }) => heard(params.uri);
const about = { name: "it", version: "1" };
const capabilities = { elicitation: { form: {} }, sampling: {} };

async function v1(url, capabilities) {
  const { Client } = await sdk("sdk/dist/esm/client/index.js");
  const { StreamableHTTPClientTransport } = await sdk("sdk/dist/esm/client/streamableHttp.js");
  const types = await sdk("sdk/dist/esm/types.js");
  const client = new Client(about, { capabilities: capabilities ?? {} });
  const schemas = {
    "elicitation/create": types.ElicitRequestSchema,
    "sampling/createMessage": types.CreateMessageRequestSchema,
  };
  for (const [method, answer] of Object.entries(capabilities ? answers : {})) {
    client.setRequestHandler(schemas[method], () => (asked.push(method), answer()));
  }
  client.setNotificationHandler(types.ResourceUpdatedNotificationSchema, updated);
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }),
  );
  const call = (params, options) => client.callTool(params, undefined, options);
  const watch = (uri) => client.subscribeResource({ uri });
  return { client, call, watch };
}

async function v2(url, capabilities) {
  const { Client, StreamableHTTPClientTransport } = await sdk("client/dist/index.mjs");
  const client = new Client(about, {
    capabilities: capabilities ?? {},
    versionNegotiation: { mode },
  });
  for (const [method, answer] of Object.entries(capabilities ? answers : {})) {
    client.setRequestHandler(method, () => (asked.push(method), answer()));
  }
  client.setNotificationHandler("notifications/resources/updated", updated);
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }),
  );
  const modern = client.getNegotiatedProtocolVersion() === "2026-07-28";
  must(modern === (mode === "auto"), "it speaks the other era");
  const call = (params, options) => client.callTool(params, options);
  const watch = (uri) =>
    modern ? client.listen({ resourceSubscriptions: [uri] }) : client.subscribeResource({ uri });
  return { client, call, watch };
}

function must(condition, what) {
  if (!condition) throw new Error(what);
}

const features = {
  lists: async ({ client }) => {
    must((await client.listTools()).tools.length > 10, "tools");
    must((await client.listPrompts()).prompts.length > 0, "prompts");
    must((await client.listResources()).resources.length > 0, "resources");
    must((await client.listResourceTemplates()).resourceTemplates.length > 0, "templates");
  },
  call: async ({ call }) => {
    const result = await call({ name: "echo", arguments: { message: "hello" } });
    must(JSON.stringify(result).includes("hello"), "another answer");
  },
  structured: async ({ call }) => {
    const location = "New York";
    const result = await call({ name: "get-structured-content", arguments: { location } });
    must(result.structuredContent, "no structured content");
  },
  read: async ({ client }) => {
    const uri = "demo://resource/dynamic/text/1";
    must((await client.readResource({ uri })).contents.length > 0, "no contents");
  },
  prompt: async ({ client }) => {
    must((await client.getPrompt({ name: "simple-prompt" })).messages.length > 0, "no messages");
  },
  complete: async ({ client }) => {
    const result = await client.complete({
      ref: { type: "ref/prompt", name: "completable-prompt" },
      argument: { name: "department", value: "E" },
    });
    must(result.completion.values.length > 0, "no values");
  },
  progress: async ({ call }) => {
    let seen = 0;
    const args = { duration: 1, steps: 3 };
    const params = { name: "trigger-long-running-operation", arguments: args };
    await call(params, { onprogress: () => (seen += 1) });
    must(seen > 0, "no progress");
  },
  subscribe: async ({ client, call, watch }) => {
    const { uri } = (await client.listResources()).resources[0];
    let told = false;
    const update = new Promise((resolve) => {
      heard = (about) => about === uri && resolve((told = true));
    });
    await watch(uri);
    // On, which tells at once, and off again for whoever comes next; until it is heard of, as the server may
    // learn a moment late that somebody watches.
    for (let change = 0; change < 10 && !told; change += 1) {
      await call({ name: "toggle-subscriber-updates", arguments: {} });
      await call({ name: "toggle-subscriber-updates", arguments: {} });
      await Promise.race([update, new Promise((resolve) => setTimeout(resolve, 1000))]);
    }
    must(told, "no update");
  },
  elicit: async ({ call }) => {
    await call({ name: "trigger-elicitation-request", arguments: {} });
    must(asked.includes("elicitation/create"), "nobody was asked");
  },
  sample: async ({ call }) => {
    await call({ name: "trigger-sampling-request", arguments: { prompt: "?", maxTokens: 10 } });
    must(asked.includes("sampling/createMessage"), "nobody was asked");
  },
  // Last: some clients give up without a word, and the server goes on.
  cancel: async ({ call }) => {
    const stop = new AbortController();
    setTimeout(() => stop.abort("enough"), 500);
    const args = { duration: 30, steps: 30 };
    const params = { name: "trigger-long-running-operation", arguments: args };
    const left = await call(params, { signal: stop.signal }).then(
      () => false,
      () => true,
    );
    must(left, "it was not cancelled");
    await call({ name: "echo", arguments: { message: "hello" } });
  },
};

for (const [feature, run] of Object.entries(features)) {
  const outcome = { feature, ok: true, detail: "" };
  let opened;
  try {
    const open = mode === "v1" ? v1 : v2;
    const where = feature === "subscribe" ? watched : url;
    const asks = feature === "elicit" || feature === "sample";
    opened = await open(where, asks ? capabilities : undefined);
    await run(opened);
  } catch (error) {
    Object.assign(outcome, { ok: false, detail: String(error).slice(0, 200) });
  }
  await opened?.client.close();
  console.log(JSON.stringify(outcome));
}
process.exit(0);
