"""What a Python client can do through Ostia with a server behind: `compat_server.py CLIENT MODE KEY URL PLAN`.

PLAN is JSON: the server's `command` and `env`; `calls` of tools and what must be in their texts; and, where
the server has such, a `prompt`, a resource to `read`, and the resource that `change` changes. What the server
has is asked of the server itself, without Ostia, and so is what its lists must say.
One JSON object per feature on standard output: {"feature": …, "ok": true|false|null, "detail": …}; null: the
server has none.
"""

import importlib
import json
import os
import sys

import anyio
import compat
import compat_sdk
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from updates import Updates


async def definitions(peer):
    """All lists of a server, as they came."""
    lists = {}
    for name in ("tools", "prompts", "resources", "templates"):
        items = await getattr(peer, name)()
        dumped = [item.model_dump(mode="json", by_alias=True, exclude_none=True) for item in items]
        lists[name] = sorted(dumped, key=lambda item: item["name"])
    return lists


async def alone(plan):
    """The server's lists, and whether it tells of updates, without Ostia."""
    program, *args = plan["command"]
    server = StdioServerParameters(command=program, args=args, env={**os.environ, **plan["env"]})
    with open(os.devnull, "w") as nowhere:
        async with Client(stdio_client(server, errlog=nowhere), mode="legacy") as client:
            able = client.server_capabilities
            peer = compat_sdk.Peer(client, Updates())
            has = {"tools": able.tools, "prompts": able.prompts, "resources": able.resources}
            has["templates"] = able.resources
            for name, there in has.items():
                if not there:
                    setattr(peer, name, nothing)
            return await definitions(peer), bool(able.resources and able.resources.subscribe)


async def nothing():
    return []


def features(plan, expected, tells):
    async def lists(peer):
        found = await definitions(peer)
        for name, items in expected.items():
            assert found[name] == items, f"other {name}: {found[name]} and not {items}"

    async def call(peer):
        for step in plan["calls"]:
            text, _ = await peer.call(step["tool"], step["arguments"])
            assert step["says"] in text, text

    async def read(peer):
        contents = await peer.read(plan["read"]["uri"])
        assert plan["read"]["says"] in contents[0].text, contents

    async def prompt(peer):
        asked = plan["prompt"]
        messages = await peer.prompt(asked["name"], asked["arguments"])
        assert asked["says"] in messages[0].content.text, messages

    async def subscribe(peer):
        change = plan["change"]
        async with peer.watch(change["uri"]) as updated:
            await compat.hears(updated, lambda: peer.call(change["tool"], change["arguments"]))

    none = "the server has none"
    return {
        "lists": lists,
        "call": call,
        "read": read if expected["resources"] or expected["templates"] else none,
        "prompt": prompt if expected["prompts"] else none,
        "subscribe": subscribe if tells else none,
    }


async def main(client, mode, key, url, plan) -> None:
    expected, tells = await alone(plan)
    for name, feature in features(plan, expected, tells).items():
        if isinstance(feature, str):
            print(json.dumps({"feature": name, "ok": None, "detail": feature}), flush=True)
        else:
            await compat.attempt(client, mode, key, url, name, feature)


client, mode, key, url, plan = sys.argv[1:6]
anyio.run(main, importlib.import_module(client), mode, key, url, json.loads(plan))
