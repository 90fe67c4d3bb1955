"""A modern stdio server whose every call becomes a task, and that tells of its tasks on subscriptions.

Ids of tasks are counted by each process, as naive servers do. `tasks/cancel` makes a task tell that it
was cancelled: to every subscription that named it, and, wrongly, once to nobody in particular. A call
with an argument `told` tells that of a task; one with an argument `result` is a task that has it already.
"""

import json
import sys

subscriptions = []
results = {}
begun = 0


def send(message):
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def tell(method, params, subscription=None):
    if subscription is not None:
        params = {**params, "_meta": {"io.modelcontextprotocol/subscriptionId": subscription}}
    send({"method": method, "params": params})


def answer(request, result):
    send({"id": request["id"], "result": {"resultType": "complete", **result}})


def listen(request):
    named = request["params"]["notifications"].get("taskIds", [])
    honoured = [task for task in named if task != "task-3"]
    subscriptions.append((request["id"], honoured))
    params = {"notifications": {"taskIds": honoured}}
    tell("notifications/subscriptions/acknowledged", params, request["id"])


def tell_all(told):
    tell("notifications/tasks", told)
    for subscription, named in subscriptions:
        if told["taskId"] in named:
            tell("notifications/tasks", told, subscription)


def cancel(request):
    answer(request, {})
    tell_all({"taskId": request["params"]["taskId"], "status": "cancelled", "own": 1.0})


for line in sys.stdin:
    request = json.loads(line)
    method = request.get("method")
    if method == "server/discover":
        extensions = {"io.modelcontextprotocol/tasks": {}}
        capabilities = {"tools": {}, "extensions": extensions}
        answer(request, {"supportedVersions": ["2026-07-28"], "capabilities": capabilities})
    elif method == "tools/list":
        answer(request, {"tools": [{"name": "work", "inputSchema": {"type": "object"}}]})
    elif method == "tools/call":
        begun += 1
        task = {"taskId": f"task-{begun}", "status": "working"}
        arguments = request["params"]["arguments"]
        if "result" in arguments:
            results[task["taskId"]] = {"status": "completed", "result": arguments["result"]}
        told = arguments.get("told")
        if told:
            tell_all(told)
        send({"id": request["id"], "result": {"resultType": "task", **task}})
    elif method == "tasks/get":
        task = request["params"]["taskId"]
        answer(request, {"taskId": task, "status": "working", **results.get(task, {})})
    elif method == "tasks/cancel":
        cancel(request)
    elif method == "subscriptions/listen":
        listen(request)
    elif method == "notifications/cancelled":
        ended = request["params"]["requestId"]
        subscriptions = [entry for entry in subscriptions if entry[0] != ended]
