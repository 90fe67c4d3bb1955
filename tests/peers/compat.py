"""What a Python client can do through Ostia with server-everything behind: `compat.py CLIENT MODE KEY URL WATCHED`.

CLIENT is a module beside this one, MODE is `legacy`, `auto` (which finds 2026-07-28) or `sse`. WATCHED is the
same server where all share one worker, because it tells of updates only where it was told to.
One JSON object per feature on standard output: {"feature": …, "ok": true|false, "detail": …}.
"""

import importlib
import json
import sys

import anyio

# Seconds for one feature.
LIMIT = 20
# How often something is changed before a client that heard nothing is believed.
CHANGES = 10


async def call(peer):
    text, _ = await peer.call("echo", {"message": "hello"})
    assert "hello" in text, text


async def structured(peer):
    _, content = await peer.call("get-structured-content", {"location": "New York"})
    assert content, "no structured content"


async def lists(peer):
    assert len(await peer.tools()) > 10
    assert await peer.prompts()
    assert await peer.resources()
    assert await peer.templates()


async def read(peer):
    first = (await peer.resources())[0]
    assert await peer.read(first.uri)
    assert await peer.read("demo://resource/dynamic/text/1")


async def prompt(peer):
    assert await peer.prompt("simple-prompt")
    assert await peer.prompt("args-prompt", {"city": "Paris"})


async def complete(peer):
    assert await peer.complete("completable-prompt", "department", "E")


async def progress(peer):
    seen = []

    async def note(done, total, message):
        seen.append(done)

    await peer.call("trigger-long-running-operation", {"duration": 1, "steps": 3}, note)
    assert seen, "no progress"


async def cancel(peer):
    with anyio.move_on_after(0.5) as scope:
        await peer.call("trigger-long-running-operation", {"duration": 30, "steps": 30})
    assert scope.cancelled_caught, "it ended before it was given up"
    await call(peer)


async def elicit(peer):
    await peer.call("trigger-elicitation-request", {})
    assert "elicitation" in peer.asked


async def sample(peer):
    await peer.call("trigger-sampling-request", {"prompt": "?", "maxTokens": 10})
    assert "sampling" in peer.asked


async def hears(updated, change) -> None:
    """Makes a change until it is heard of: the server may learn a moment late that somebody watches."""
    for _ in range(CHANGES):
        await change()
        with anyio.move_on_after(1) as scope:
            await updated()
        if not scope.cancelled_caught:
            return
    raise TimeoutError("no update")


async def subscribe(peer):
    uri = str((await peer.resources())[0].uri)

    async def change():
        # On, which tells at once, and off again for whoever comes next.
        for _ in range(2):
            await peer.call("toggle-subscriber-updates", {})

    async with peer.watch(uri) as updated:
        await hears(updated, change)


FEATURES = {
    "lists": lists,
    "call": call,
    "structured": structured,
    "read": read,
    "prompt": prompt,
    "complete": complete,
    "progress": progress,
    "subscribe": subscribe,
    "elicit": elicit,
    "sample": sample,
    # Last: some clients give up without a word, and the server goes on.
    "cancel": cancel,
}


async def attempt(client, mode, key, url, name, feature, asked=None) -> None:
    """Connects, tries one feature, and says how it went. The server can ask the client only with `asked`."""
    outcome = {"feature": name, "ok": False, "detail": ""}
    headers = {"Authorization": f"Bearer {key}"}
    try:
        with anyio.fail_after(LIMIT):
            async with client.connect(url, headers, mode, asked) as peer:
                modern = peer.protocol == "2026-07-28"
                assert modern == (mode == "auto"), f"it speaks {peer.protocol}"
                peer.asked = asked
                await feature(peer)
                outcome["ok"] = True
    except BaseException as error:  # noqa: BLE001
        while inner := getattr(error, "exceptions", None):
            error = inner[0]
        # Over HTTP+SSE the SDK fails while it closes when a notification arrives just then: that is
        # not about the feature, which was over.
        outcome["detail"] = f"{type(error).__name__}: {error}"[:200]
    print(json.dumps(outcome), flush=True)


async def main(client, mode, key, url, watched) -> None:
    for name, feature in FEATURES.items():
        where = watched if name == "subscribe" else url
        asked = [] if name in ("elicit", "sample") else None
        await attempt(client, mode, key, where, name, feature, asked)


if __name__ == "__main__":
    anyio.run(main, importlib.import_module(sys.argv[1]), *sys.argv[2:6])
