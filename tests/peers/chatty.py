"""A server that says much more than anybody asked for.

`chatty.py`: `chatter` tells its caller of progress, MESSAGES times with as many bytes as PADDING, and then waits
until it is cancelled; with {"then": "answer"} it answers instead. `said` answers with how often the newest chatter
spoke and whether it was cancelled, as JSON. `meet` answers when two callers are in it.
"""

import json
import threading

import stdio

MESSAGES = 2048
PADDING = "x" * (1 << 16)
# Longer than any test waits.
LIMIT = 120


class Chatter:
    said = 0

    def __init__(self):
        self.cancelled = threading.Event()


_chatters = {}
_newest = Chatter()
_table = threading.Barrier(2)
# Lines of two threads must not mix.
_writing = threading.Lock()


def send(message) -> None:
    with _writing:
        stdio.send(json.dumps(message))


def answer(request_id, text: str) -> None:
    with _writing:
        stdio.answer(request_id, stdio.text(text))


def chatter(request_id, params) -> None:
    for said in range(1, MESSAGES + 1):
        progress = {"progressToken": params["_meta"]["progressToken"], "progress": said, "message": PADDING}
        send({"jsonrpc": "2.0", "method": "notifications/progress", "params": progress})
        _newest.said = said
    if params["arguments"].get("then") == "answer" or not _newest.cancelled.wait(LIMIT):
        answer(request_id, "that was all")


def said(request_id, params) -> None:
    state = {"said": _newest.said, "cancelled": _newest.cancelled.is_set()}
    answer(request_id, json.dumps(state))


def meet(request_id, params) -> None:
    _table.wait(LIMIT)
    answer(request_id, "met")


TOOLS = {"chatter": chatter, "said": said, "meet": meet}


def call(line: bytes, message) -> None:
    global _newest
    params = message["params"]
    if params["name"] == "chatter":
        _newest = _chatters[message["id"]] = Chatter()
    threading.Thread(target=TOOLS[params["name"]], args=(message["id"], params), daemon=True).start()


def notified(message) -> None:
    if message["method"] == "notifications/cancelled":
        found = _chatters.get(message["params"]["requestId"])
        if found:
            found.cancelled.set()


stdio.serve(json.dumps([{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]), call, notified)
