"""A server that breaks every rule it is told to break.

`faulty.py MARK [--banner] [--exit]`: MARK only makes its processes easy to find. With --banner it
greets on stdout before it serves, with --exit it ends without having served at all.

Its tools do one thing each: see the functions below. Calls run at once, each on a thread.
"""

import json
import os
import socket
import sys
import threading
import time

import stdio


def echo(request_id, arguments) -> None:
    stdio.answer(request_id, stdio.text(arguments.get("message", "")))


def pid(request_id, arguments) -> None:
    stdio.answer(request_id, stdio.text(str(os.getpid())))


def environment(request_id, arguments) -> None:
    stdio.answer(request_id, stdio.text(json.dumps(dict(os.environ))))


def sleep(request_id, arguments) -> None:
    time.sleep(arguments["seconds"])
    stdio.answer(request_id, stdio.text("slept"))


def held(request_id, arguments) -> None:
    """Runs until whoever listens at this port lets go."""
    with socket.create_connection(("127.0.0.1", arguments["port"])) as gate:
        gate.recv(1)
    stdio.answer(request_id, stdio.text("let go"))


def cancelled(request_id, arguments) -> None:
    """How many calls this process was asked to give up, while they were running."""
    stdio.answer(request_id, stdio.text(str(len(_cancelled))))


def flood(request_id, arguments) -> None:
    """A line without an end."""
    for _ in range(100):
        stdio.write(b"x" * (1 << 20))


def fail(request_id, arguments) -> None:
    stdio.answer(request_id, '{"content":[{"type":"text","text":"it did not work"}],"isError":true}')


def error(request_id, arguments) -> None:
    stdio.send(
        '{"jsonrpc":"2.0","id":%s,"error":{"code":-32000,"message":"no","data":{"x":[1 ]}}}' % json.dumps(request_id)
    )


def twice(request_id, arguments) -> None:
    stdio.answer(request_id, stdio.text("first"))
    stdio.answer(request_id, stdio.text("second"))


def never(request_id, arguments) -> None:
    pass


def stranger(request_id, arguments) -> None:
    for other in (987654321, "nobody", None, -1, 1.5):
        stdio.answer(other, stdio.text("for somebody else"))
    stdio.answer(request_id, stdio.text("mine"))


def noise(request_id, arguments) -> None:
    stdio.write(b"INFO starting\n\n{not json}\n[1,2]\n\"text\"\n\xff\xfe log\n")
    stdio.answer(request_id, stdio.text("through the noise"))


def half(request_id, arguments) -> None:
    stdio.write(b'{"jsonrpc":"2.0","id":%s,"result":{"content":[' % json.dumps(request_id).encode())
    os._exit(0)


def bytes_(request_id, arguments) -> None:
    stdio.write(b'{"jsonrpc":"2.0","id":%s,"result":{"text":"\xff\xfe"}}\n' % json.dumps(request_id).encode())


def close(request_id, arguments) -> None:
    """Closes stdout and lives on."""
    os.close(1)
    time.sleep(600)


def exit_(request_id, arguments) -> None:
    os._exit(3)


TOOLS = {
    "echo": echo, "pid": pid, "environment": environment, "sleep": sleep, "held": held,
    "cancelled": cancelled, "flood": flood, "fail": fail, "error": error,
    "twice": twice, "never": never, "stranger": stranger, "noise": noise, "half": half, "bytes": bytes_,
    "close": close, "exit": exit_,
}  # fmt: skip


_running = set()
_cancelled = set()


def notified(message) -> None:
    if message["method"] == "notifications/cancelled":
        _cancelled.update(_running & {message["params"]["requestId"]})


def call(line: bytes, message) -> None:
    params = message["params"]
    _running.add(message["id"])
    arguments = params.get("arguments", {})
    threading.Thread(target=TOOLS[params["name"]], args=(message["id"], arguments), daemon=True).start()


if "--exit" in sys.argv:
    sys.exit(1)
if "--banner" in sys.argv:
    stdio.write(b"Welcome to the faulty server!\nlistening on stdio\n")
stdio.serve(json.dumps([{"name": name, "inputSchema": {"type": "object"}} for name in TOOLS]), call, notified)
