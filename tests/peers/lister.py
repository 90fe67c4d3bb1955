"""A server that offers what it is told to offer, page by page.

`lister.py OFFER`, a JSON object. Each of `tools`, `prompts`, `resources` and `templates` is a list of
pages, or `"fail"` (the list is refused), or `"endless"` (page after page without an end, of 1 MiB each),
or the path of a file that has the list of pages, which is read for every page;
what is left out is not offered at all. `instructions` is told at the start. With `restless`, every start is
followed by the news that the tools changed. With `once`, the path of a
file that the first start makes, every later start ends at once. `says` is written to stderr at every start.

Reading a resource gives back its URI, calling a tool its name.
"""

import json
import os
import sys

import stdio

OFFER = json.loads(sys.argv[1])
METHODS = {
    "tools/list": ("tools", "tools"),
    "prompts/list": ("prompts", "prompts"),
    "resources/list": ("resources", "resources"),
    "resources/templates/list": ("templates", "resourceTemplates"),
}


def page(request_id, method: str, cursor) -> None:
    kind, member = METHODS[method]
    pages, at = OFFER.get(kind, []), int(cursor or 0)
    if isinstance(pages, str) and pages not in ("fail", "endless"):
        with open(pages, encoding="utf-8") as file:
            pages = json.load(file)
    if pages == "fail":
        stdio.send('{"jsonrpc":"2.0","id":%s,"error":{"code":-32603,"message":"broken"}}' % json.dumps(request_id))
    elif pages == "endless":
        item = {"name": f"n{at}", "uri": f"a:{at}", "description": "x" * (1 << 20)}
        stdio.answer(request_id, json.dumps({member: [item], "nextCursor": str(at + 1)}))
    else:
        result = {member: pages[at] if pages else []}
        if at + 1 < len(pages):
            result["nextCursor"] = str(at + 1)
        stdio.answer(request_id, json.dumps(result))


def introduce(request_id, params) -> None:
    capabilities = {kind: {} for kind in ("tools", "prompts", "resources") if kind in OFFER}
    result = {
        "protocolVersion": params["protocolVersion"],
        "capabilities": capabilities,
        "serverInfo": {"name": "lister", "version": "7", "title": "Lists things"},
        "instructions": OFFER.get("instructions", ""),
    }
    stdio.answer(request_id, json.dumps(result))


def handle(method: str, request_id, params) -> None:
    if method == "initialize":
        introduce(request_id, params)
    elif method == "notifications/initialized" and OFFER.get("restless"):
        stdio.send('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}')
    elif method in METHODS:
        page(request_id, method, params.get("cursor"))
    elif method == "resources/read":
        contents = [{"uri": params["uri"], "text": params["uri"]}]
        stdio.answer(request_id, json.dumps({"contents": contents}))
    elif method == "tools/call":
        stdio.answer(request_id, stdio.text(params["name"]))
    elif request_id is not None:
        stdio.send('{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"none"}}' % json.dumps(request_id))


if once := OFFER.get("once"):
    try:
        os.close(os.open(once, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        sys.exit(1)
if says := OFFER.get("says"):
    print(says, file=sys.stderr, flush=True)
for line in sys.stdin.buffer:
    message = json.loads(line)
    handle(message.get("method"), message.get("id"), message.get("params") or {})
