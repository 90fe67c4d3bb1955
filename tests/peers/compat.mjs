// What the official TypeScript SDK can do through Ostia, with server-everything behind:
// `compat.mjs URL KEY MODE`, MODE being `v1` (the SDK before 2.0), or `legacy` or `auto` (the one since).
//
// One JSON object per feature on standard output: {"feature": …, "ok": true|false, "detail": …}.

import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [url, key, mode] = process.argv.slice(2);
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
  "roots/list": () => ({ roots: [{ uri: "file:///srv" }] }),
};
const about = { name: "it", version: "1" };
const capabilities = { elicitation: { form: {} }, sampling: {}, roots: {} };

async function v1() {
  const { Client } = await sdk("sdk/dist/esm/client/index.js");
  const { StreamableHTTPClientTransport } = await sdk("sdk/dist/esm/client/streamableHttp.js");
  const types = await sdk("sdk/dist/esm/types.js");
  const client = new Client(about, { capabilities });
  const schemas = {
    "elicitation/create": types.ElicitRequestSchema,
    "sampling/createMessage": types.CreateMessageRequestSchema,
    "roots/list": types.ListRootsRequestSchema,
  };
  for (const [method, answer] of Object.entries(answers)) {
    client.setRequestHandler(schemas[method], () => (asked.push(method), answer()));
  }
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }),
  );
  const call = (params, options) => client.callTool(params, undefined, options);
  return { client, call };
}

async function v2() {
  const { Client, StreamableHTTPClientTransport } = await sdk("client/dist/index.mjs");
  const client = new Client(about, { capabilities, versionNegotiation: { mode } });
  for (const [method, answer] of Object.entries(answers)) {
    client.setRequestHandler(method, () => (asked.push(method), answer()));
  }
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }),
  );
  const call = (params, options) => client.callTool(params, options);
  return { client, call };
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
  elicit: async ({ call }) => {
    await call({ name: "trigger-elicitation-request", arguments: {} });
    must(asked.includes("elicitation/create"), "nobody was asked");
  },
  sample: async ({ call }) => {
    await call({ name: "trigger-sampling-request", arguments: { prompt: "?", maxTokens: 10 } });
    must(asked.includes("sampling/createMessage"), "nobody was asked");
  },
};

for (const [feature, run] of Object.entries(features)) {
  const outcome = { feature, ok: true, detail: "" };
  let opened;
  try {
    opened = await (mode === "v1" ? v1() : v2());
    await run(opened);
  } catch (error) {
    Object.assign(outcome, { ok: false, detail: String(error).slice(0, 200) });
  }
  await opened?.client.close();
  console.log(JSON.stringify(outcome));
}
process.exit(0);
