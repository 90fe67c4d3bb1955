"""The official Python SDK before 2.0, as `compat.py` wants its clients."""

from contextlib import asynccontextmanager

import mcp.types as types
from mcp.client.session import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from updates import Updates


class Peer:
    def __init__(self, session, protocol, updates):
        self.session = session
        self.protocol = protocol
        self.updates = updates

    async def tools(self):
        return (await self.session.list_tools()).tools

    async def prompts(self):
        return (await self.session.list_prompts()).prompts

    async def resources(self):
        return (await self.session.list_resources()).resources

    async def templates(self):
        return (await self.session.list_resource_templates()).resourceTemplates

    async def read(self, uri):
        return (await self.session.read_resource(uri)).contents

    async def prompt(self, name, arguments=None):
        return (await self.session.get_prompt(name, arguments)).messages

    async def complete(self, prompt, name, value):
        reference = types.PromptReference(type="ref/prompt", name=prompt)
        result = await self.session.complete(reference, {"name": name, "value": value})
        return result.completion.values

    async def call(self, name, arguments, progress=None):
        result = await self.session.call_tool(name, arguments, progress_callback=progress)
        text = "".join(getattr(item, "text", "") for item in result.content)
        return text, result.structuredContent

    @asynccontextmanager
    async def watch(self, uri):
        await self.session.subscribe_resource(uri)
        yield lambda: self.updates.wait(str(uri))
        await self.session.unsubscribe_resource(uri)


@asynccontextmanager
async def streams(url, headers, mode):
    if mode == "sse":
        async with sse_client(url, headers=headers) as (read, write):
            yield read, write
    else:
        async with (
            create_mcp_http_client(headers=headers) as http_client,
            streamable_http_client(url, http_client=http_client) as (read, write, _),
        ):
            yield read, write


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
        notification = getattr(message, "root", None)
        if isinstance(notification, types.ResourceUpdatedNotification):
            updates.note(notification.params.uri)

    updates = Updates()
    answers = {}
    if asked is not None:
        answers = {"elicitation_callback": elicit, "sampling_callback": sample}
    async with (
        streams(url, headers, mode) as (read, write),
        ClientSession(read, write, message_handler=message, **answers) as session,
    ):
        introduced = await session.initialize()
        yield Peer(session, introduced.protocolVersion, updates)
