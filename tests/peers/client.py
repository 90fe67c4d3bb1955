"""A client with Ostia in the middle, for the client scenarios of the conformance suite: `client.py URL`.

Starts the program in $OSTIA with the suite's server as its only upstream, lists what Ostia shows, and calls
each tool: with the arguments that the scenario gives, or with some that fit the schema. Questions are
answered with their defaults. Speaks 2026-07-28; which era the server speaks is Ostia's business.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

OSTIA = os.environ["OSTIA"]
URL = sys.argv[-1]
CONTEXT = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
NAMES = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
PREFIX = "io.modelcontextprotocol/"
META = {
    PREFIX + "protocolVersion": "2026-07-28",
    PREFIX + "clientCapabilities": {
        "elicitation": {"form": {}, "url": {}},
        "sampling": {},
        "roots": {},
    },
    PREFIX + "clientInfo": {"name": "conformance", "version": "1"},
}


class Ostia:
    """A running Ostia with one upstream and a key for everything."""

    def __init__(self, folder: str):
        self.folder = folder
        listen = ["control", "mcp", "web", "admin"]
        args = [word for role in listen for word in (f"--{role}-listen", "127.0.0.1:0")]
        self.process = subprocess.Popen(
            [OSTIA, "run", "--json", "--data-dir", folder, *args], stdout=subprocess.PIPE
        )
        self.mcp_url = json.loads(self.process.stdout.readline())["mcp_url"]
        self.cli("upstreams", "add", "server", "--url", URL, "--allow-private-network")
        self.cli("policies", "create", "all", "--preset", "everything")
        self.key = self.cli("keys", "create", "client", "--policy", "all")["secret"]

    def cli(self, *words: str) -> dict:
        command = [OSTIA, *words, "--data-dir", self.folder, "--json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    def discovered(self) -> bool:
        """Whether there is something to call: some scenarios only look at how they are met."""
        for _ in range(200):
            upstream = self.cli("upstreams", "show", "server")
            if upstream["tools"] is not None or upstream["problem"]:
                return bool(upstream["tools"])
            time.sleep(0.05)
        raise SystemExit(f"nothing was found out: {upstream}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


def header(value) -> str:
    text = json.dumps(value) if isinstance(value, (bool, int, float)) else value
    plain = text.isascii() and text.isprintable() and text.strip() == text
    if plain and not text.startswith("=?base64?"):
        return text
    return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


def request(ostia: Ostia, method: str, params: dict, headers: dict = {}) -> dict:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": META}}
    headers = {
        "Authorization": f"Bearer {ostia.key}",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": method,
        **headers,
    }
    if method in NAMES:
        headers["Mcp-Name"] = header(params[NAMES[method]])
    url = f"{ostia.mcp_url}/server"
    sent = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        response = urllib.request.urlopen(sent, timeout=25)
    except urllib.error.HTTPError as error:
        response = error
    text = response.read().decode()
    if "event-stream" in response.headers["Content-Type"]:
        text = [line[6:] for line in text.split("\n") if line.startswith("data: ")][-1]
    return json.loads(text)


def call(ostia: Ostia, tool: dict, arguments: dict) -> None:
    properties = tool["inputSchema"].get("properties", {})
    headers = {
        f"Mcp-Param-{schema['x-mcp-header']}": header(arguments[name])
        for name, schema in properties.items()
        if isinstance(schema, dict) and "x-mcp-header" in schema and arguments.get(name) is not None
    }
    params = {"name": tool["name"], "arguments": arguments}
    result = request(ostia, "tools/call", params, headers).get("result", {})
    while result.get("resultType") == "input_required":
        questions = result.get("inputRequests", {})
        again = {"inputResponses": {key: answer(asked) for key, asked in questions.items()}}
        if "requestState" in result:
            again["requestState"] = result["requestState"]
        result = request(ostia, "tools/call", {**params, **again}, headers).get("result", {})


def answer(asked: dict) -> dict:
    if asked["method"] == "roots/list":
        return {"roots": [{"uri": "file:///srv"}]}
    if asked["method"] == "sampling/createMessage":
        return {"role": "assistant", "content": {"type": "text", "text": "yes"}, "model": "none"}
    return {"action": "accept", "content": fitting(asked["params"].get("requestedSchema", {}))}


def fitting(schema: dict) -> dict:
    some = {"integer": 5, "number": 5, "boolean": True, "array": [], "object": {}}
    fit = {}
    for name, of in schema.get("properties", {}).items():
        if isinstance(of, dict):
            fit[name] = of.get("default", (of.get("enum") or [some.get(of.get("type"), "text")])[0])
    return fit


def drive(ostia: Ostia) -> None:
    tools = request(ostia, "tools/list", {})["result"]["tools"]
    by_name = {tool["name"]: tool for tool in tools}
    for made in CONTEXT.get("toolCalls", []):
        call(ostia, by_name[made["name"]], made["arguments"])
    focal = by_name.get("json_schema_2020_12_tool")
    for tool in tools if "toolCalls" not in CONTEXT else []:
        arguments = fitting(tool["inputSchema"])
        # Some tools want to see what reached the client.
        for name, schema in tool["inputSchema"].get("properties", {}).items():
            if focal and tool is not focal and "schema" in name.lower():
                arguments[name] = focal["inputSchema"]
        call(ostia, tool, arguments)


with tempfile.TemporaryDirectory() as folder:
    ostia = Ostia(folder)
    try:
        if ostia.discovered():
            drive(ostia)
    finally:
        ostia.stop()
