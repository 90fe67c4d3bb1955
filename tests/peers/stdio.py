"""The least a stdio MCP server needs; what each of ours does beyond it is in its own file.

Speaks the eras with a handshake. A request it does not know is answered with an error, also the
probe for the stateless era.
"""

import json
import sys

_out = sys.stdout.buffer


def write(data: bytes) -> None:
    _out.write(data)
    _out.flush()


def send(message: str) -> None:
    write(message.encode() + b"\n")


def answer(request_id, result: str) -> None:
    """Answers with `result`, which is JSON text already."""
    send('{"jsonrpc":"2.0","id":%s,"result":%s}' % (json.dumps(request_id), result))


def text(value: str) -> str:
    """A `tools/call` result with one text, as JSON text."""
    return json.dumps({"content": [{"type": "text", "text": value}], "isError": False})


def serve(tools: str, call, notified=lambda message: None) -> None:
    """Serves until the end of input. `tools` is the JSON text of an array; `call(line, message)` does
    everything about a `tools/call`, its answer included; `notified(message)` sees what has no id."""
    for line in sys.stdin.buffer:
        message = json.loads(line)
        method, request_id = message.get("method"), message.get("id")
        if method == "initialize":
            version = message["params"]["protocolVersion"]
            answer(
                request_id,
                json.dumps(
                    {
                        "protocolVersion": version,
                        "capabilities": {"tools": {}},
                        "serverInfo": {"name": "fixture", "version": "1"},
                    }
                ),
            )
        elif method == "ping":
            answer(request_id, "{}")
        elif method == "tools/list":
            answer(request_id, '{"tools":%s}' % tools)
        elif method == "tools/call":
            call(line, message)
        elif request_id is None:
            notified(message)
        else:
            send(
                '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no such method"}}'
                % json.dumps(request_id)
            )
