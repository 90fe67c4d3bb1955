"""The official Python SDK since 2.0, as `compat.py` wants its clients."""

from contextlib import asynccontextmanager

import mcp.types as types
from mcp.client.client import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from updates import Updates


class Peer:
    def __init__(self, client, updates):
        self.client = client
        self.updates = updates
        self.protocol = client.protocol_version

    async def tools(self):
        return (await self.client.list_tools()).tools

    async def prompts(self):
        return (await self.client.list_prompts()).prompts

    async def resources(self):
        return (await self.client.list_resources()).resources

    async def templates(self):
        return (await self.client.list_resource_templates()).resource_templates

    async def read(self, uri):
        return (await self.client.read_resource(uri)).contents

    async def prompt(self, name, arguments=None):
        return (await self.client.get_prompt(name, arguments)).messages

    async def complete(self, prompt, name, value):
        reference = types.PromptReference(type="ref/prompt", name=prompt)
        result = await self.client.complete(reference, {"name": name, "value": value})
        return result.completion.values

    async def call(self, name, arguments, progress=None):
        result = await self.client.call_tool(name, arguments, progress_callback=progress)
        return text(result), result.structured_content

    @asynccontextmanager
    async def watch(self, uri):
        if self.protocol == "2026-07-28":
            async with self.client.listen(resource_subscriptions=[uri]) as events:
                yield lambda: heard(events, uri)
        else:
            await self.client.subscribe_resource(uri)
            yield lambda: self.updates.wait(uri)
            await self.client.unsubscribe_resource(uri)


def text(result) -> str:
    return "".join(getattr(item, "text", "") for item in result.content)


async def heard(events, uri):
    async for event in events:
        if getattr(event, "uri", None) == uri:
            return
    raise ConnectionError("the stream ended")


@asynccontextmanager
async def connect(url, headers, mode, asked):
    async def elicit(context, params):
        asked.append("elicitation")
        return types.ElicitResult(action="accept", content={"name": "Ann", "check": True})

    async def sample(context, params):
        asked.append("sampling")
        content = types.TextContent(type="text", text="yes")
        return types.CreateMessageResult(role="assistant", content=content, model="none")

    async def message(message):
        if isinstance(message, types.ResourceUpdatedNotification):
            updates.note(message.params.uri)

    updates = Updates()
    answers = {}
    if asked is not None:
        answers = {"elicitation_callback": elicit, "sampling_callback": sample}
    if mode == "sse":
        transport = sse_client(url, headers=headers)
    else:
        transport = streamable_http_client(url, http_client=create_mcp_http_client(headers=headers))
    client = Client(
        transport,
        mode="legacy" if mode == "sse" else mode,
        message_handler=message,
        **answers,
    )
    async with client:
        yield Peer(client, updates)
