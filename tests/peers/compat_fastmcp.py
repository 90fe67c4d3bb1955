"""The client of FastMCP, as `compat.py` wants its clients."""

from contextlib import asynccontextmanager

import mcp.types as types
from compat_sdk import heard
from fastmcp import Client
from fastmcp.client.transports import SSETransport, StreamableHttpTransport
from mcp.client.subscriptions import listen
from updates import Updates


class Peer:
    def __init__(self, client, updates):
        self.client = client
        self.updates = updates
        self.protocol = client.protocol_version

    async def tools(self):
        return await self.client.list_tools()

    async def prompts(self):
        return await self.client.list_prompts()

    async def resources(self):
        return await self.client.list_resources()

    async def templates(self):
        return await self.client.list_resource_templates()

    async def read(self, uri):
        return await self.client.read_resource(uri)

    async def prompt(self, name, arguments=None):
        return (await self.client.get_prompt(name, arguments)).messages

    async def complete(self, prompt, name, value):
        reference = types.PromptReference(type="ref/prompt", name=prompt)
        result = await self.client.complete(reference, {"name": name, "value": value})
        return result.values

    async def call(self, name, arguments, progress=None):
        result = await self.client.call_tool(name, arguments, progress_handler=progress)
        text = "".join(getattr(item, "text", "") for item in result.content)
        return text, result.structured_content

    @asynccontextmanager
    async def watch(self, uri):
        # It has no words of its own for this, and hands out the SDK's session.
        session = self.client.session
        if self.protocol == "2026-07-28":
            async with listen(session, resource_subscriptions=[uri]) as events:
                yield lambda: heard(events, uri)
        else:
            await session.subscribe_resource(uri)
            yield lambda: self.updates.wait(uri)
            await session.unsubscribe_resource(uri)


@asynccontextmanager
async def connect(url, headers, mode, asked):
    async def elicit(message, response_type, params, context):
        asked.append("elicitation")
        return {"name": "Ann", "check": True}

    async def sample(messages, params, context):
        asked.append("sampling")
        return "yes"

    async def message(message):
        if isinstance(message, types.ResourceUpdatedNotification):
            updates.note(message.params.uri)

    updates = Updates()
    answers = {}
    if asked is not None:
        answers = {"elicitation_handler": elicit, "sampling_handler": sample}
    transport = SSETransport if mode == "sse" else StreamableHttpTransport
    client = Client(
        transport(url, headers=headers),
        mode="legacy" if mode == "sse" else mode,
        message_handler=message,
        **answers,
    )
    async with client:
        yield Peer(client, updates)
