"""A server that tells everybody what it was given.

`leaky.py MARK [--exit]`: MARK only makes its processes easy to find. It writes its environment to stderr
when it starts, once as lines and once as what is left of a long line when its start is cut off wherever
that may be. With --exit it ends without having served at all.
"""

import json
import os
import sys

import stdio


def complain() -> None:
    for name, value in os.environ.items():
        print(f"{name}={value}", file=sys.stderr)
        for padding in range(4040, 4100, 4):
            print("." * padding + value, file=sys.stderr)
    sys.stderr.flush()


def echo(request_id, arguments) -> None:
    complain()
    stdio.answer(request_id, stdio.text(arguments["message"]))


def fail(request_id, arguments) -> None:
    """An error that says what it was called with."""
    error = {"code": -32000, "message": "no: " + arguments["message"]}
    stdio.send(json.dumps({"jsonrpc": "2.0", "id": request_id, "error": error}))


def exit_(request_id, arguments) -> None:
    complain()
    os._exit(3)


TOOLS = {"echo": echo, "fail": fail, "exit": exit_}


def call(line: bytes, message) -> None:
    params = message["params"]
    TOOLS[params["name"]](message["id"], params["arguments"])


complain()
if "--exit" in sys.argv:
    sys.exit(1)
stdio.serve(json.dumps([{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]), call)
