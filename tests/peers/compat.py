"""What the official Python SDK can do through Ostia: `compat.py URL KEY MODE`, with server-everything behind.

One JSON object per feature on standard output: {"feature": …, "ok": true|false, "detail": …}.
"""

import json
import sys

import anyio
import mcp.types as types
from mcp.client.client import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

URL, KEY, MODE = sys.argv[1:4]
HEADERS = {"Authorization": f"Bearer {KEY}"}
asked = []


async def elicit(context, params):
    asked.append("elicitation")
    return types.ElicitResult(action="accept", content={"name": "Ann", "check": True})


async def sample(context, params):
    asked.append("sampling")
    text = types.TextContent(type="text", text="yes")
    return types.CreateMessageResult(role="assistant", content=text, model="none")


async def roots(context):
    asked.append("roots")
    return types.ListRootsResult(roots=[types.Root(uri="file:///srv")])


def transport():
    if MODE == "sse":
        return sse_client(URL, headers=HEADERS)
    return streamable_http_client(URL, http_client=create_mcp_http_client(headers=HEADERS))


def text(result) -> str:
    return "".join(getattr(item, "text", "") for item in result.content)


async def call(client):
    result = await client.call_tool("echo", {"message": "hello"})
    assert "hello" in text(result), result


async def structured(client):
    result = await client.call_tool("get-structured-content", {"location": "New York"})
    assert result.structured_content, result


async def lists(client):
    assert len((await client.list_tools()).tools) > 10
    assert (await client.list_prompts()).prompts
    assert (await client.list_resources()).resources
    assert (await client.list_resource_templates()).resource_templates


async def read(client):
    first = (await client.list_resources()).resources[0]
    assert (await client.read_resource(first.uri)).contents
    assert (await client.read_resource("demo://resource/dynamic/text/1")).contents


async def prompt(client):
    assert (await client.get_prompt("simple-prompt")).messages
    assert (await client.get_prompt("args-prompt", {"city": "Paris"})).messages


async def complete(client):
    reference = types.PromptReference(type="ref/prompt", name="completable-prompt")
    result = await client.complete(reference, {"name": "department", "value": "E"})
    assert result.completion.values, result


async def progress(client):
    seen = []

    async def note(done, total, message):
        seen.append(done)

    arguments = {"duration": 1, "steps": 3}
    name = "trigger-long-running-operation"
    await client.call_tool(name, arguments, progress_callback=note)
    assert seen, "no progress"


async def cancel(client):
    with anyio.move_on_after(0.5):
        arguments = {"duration": 30, "steps": 30}
        await client.call_tool("trigger-long-running-operation", arguments)
    await call(client)


async def elicitation(client):
    await client.call_tool("trigger-elicitation-request", {})
    assert "elicitation" in asked


async def sampling(client):
    await client.call_tool("trigger-sampling-request", {"prompt": "?", "maxTokens": 10})
    assert "sampling" in asked


FEATURES = {
    "lists": lists,
    "call": call,
    "structured": structured,
    "read": read,
    "prompt": prompt,
    "complete": complete,
    "progress": progress,
    "cancel": cancel,
    "elicit": elicitation,
    "sample": sampling,
}


async def main() -> None:
    for name, feature in FEATURES.items():
        outcome = {"feature": name, "ok": False, "detail": ""}
        try:
            client = Client(
                transport(),
                mode="legacy" if MODE == "sse" else MODE,
                elicitation_callback=elicit,
                sampling_callback=sample,
                list_roots_callback=roots,
            )
            with anyio.fail_after(20):
                async with client:
                    await feature(client)
                    outcome["ok"] = True
        except BaseException as error:  # noqa: BLE001
            while inner := getattr(error, "exceptions", None):
                error = inner[0]
            # Over HTTP+SSE the SDK fails while it closes when a notification arrives just then: that is
            # not about the feature, which was over.
            outcome["detail"] = f"{type(error).__name__}: {error}"[:200]
        print(json.dumps(outcome), flush=True)


anyio.run(main)
