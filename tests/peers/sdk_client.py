"""Drives Ostia with the official Python SDK: `sdk_client.py URL KEY MODE`, a list of steps as JSON on
standard input, one JSON object per step on standard output.

Steps: {"list": true}, {"call": NAME, "arguments": {...}} and {"concurrently": N, "call": NAME}; the
last opens N clients at once, whose first calls all have the same JSON-RPC id, each with its own
`message`.
"""

import hashlib
import json
import sys

import anyio
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPError

URL, KEY, MODE = sys.argv[1:4]


def connect() -> Client:
    http = create_mcp_http_client(headers={"Authorization": f"Bearer {KEY}"})
    return Client(streamable_http_client(URL, http_client=http), mode=MODE)


def summary(result) -> dict:
    """What the test compares: a text may be a mebibyte, so that it goes as length and digest."""
    text = "".join(getattr(item, "text", "") for item in result.content)
    return {
        "is_error": bool(result.is_error),
        "text": text[:200],
        "length": len(text),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "structured": result.structured_content is not None,
    }


async def call(client: Client, name: str, arguments: dict) -> dict:
    try:
        return summary(await client.call_tool(name, arguments))
    except MCPError as error:
        return {"code": error.code, "message": error.message, "data": error.data}


async def concurrently(count: int, name: str) -> dict:
    right = 0

    async def one(number: int) -> None:
        nonlocal right
        message = f"message {number}"
        async with connect() as client:
            answer = await call(client, name, {"message": message})
            right += answer.get("text", "").endswith(message)

    async with anyio.create_task_group() as tasks:
        for number in range(count):
            tasks.start_soon(one, number)
    return {"right": right}


async def main() -> None:
    steps = json.load(sys.stdin)
    async with connect() as client:
        # With a pinned version the SDK asks nothing before the first call, so that it knows no name.
        server = client.server_info.name if client.server_info else None
        print(json.dumps({"protocol": client.protocol_version, "server": server}), flush=True)
        for step in steps:
            if step.get("list"):
                listed = await client.list_tools()
                answer = {"tools": [tool.name for tool in listed.tools]}
            elif "concurrently" in step:
                answer = await concurrently(step["concurrently"], step["call"])
            else:
                answer = await call(client, step["call"], step["arguments"])
            print(json.dumps(answer), flush=True)


anyio.run(main)
