"""A server whose messages hold what a typed relay would drop or rewrite: members nobody knows, numbers
no float can hold, white space, escapes, an order of keys that is nobody's default.

Tools: `odd` answers with RESULT and an unknown member beside it; the others answer with their own request
line in Base64, so that a test sees what arrived. `repeated` wants some of its arguments as headers.
"""

import base64
import json

import stdio

# The tests look for this text, byte for byte: tests/it/mcp/relay.rs.
RESULT = (
    r'{"zeta":1e400 ,"content":[{"x-item":{"b":1,"a":[ ]},"type":"text","text":"caf\u00e9 \ud83d\ude00 \/ é"}],'
    r'"alpha":12345678901234567890123456789,"one":1.0,"minus":-0.0,"nested" : { "z":0 , "a":null },'
    r'"isError":false,"_meta":{"com.example/odd":[1 , 2]},"A":"\u0041"}'
)

TOOLS = (
    r'[{"x-first":{"z":1, "a":2.50},"name":"odd","description":"caf\u00e9","inputSchema":'
    r'{"type":"object","$defs":{"n":{"const":1e3}},"$anchor":"here"},"execution":{"taskSupport":"optional"},'
    r'"annotations":{"readOnlyHint":true,"x-hint":"kept"}},'
    r'{"name":"record","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}},'
    r'{"name":"repeated","inputSchema":{"type":"object","properties":{'
    r'"region":{"type":"string","x-mcp-header":"Region"},'
    r'"at":{"type":"object","properties":{"shard":{"type":"integer","x-mcp-header":"Shard"}}}}},'
    r'"annotations":{"readOnlyHint":true}}]'
)


def call(line: bytes, message) -> None:
    request_id = json.dumps(message["id"])
    if message["params"]["name"] == "odd":
        stdio.send('{"x-before":[ 1 ],"jsonrpc":"2.0","result":%s,"id":%s,"x-after":"\\u0061"}' % (RESULT, request_id))
    else:
        stdio.answer(message["id"], stdio.text(base64.b64encode(line.rstrip(b"\n")).decode()))


stdio.serve(TOOLS, call)
