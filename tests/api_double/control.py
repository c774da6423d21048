# SPDX-License-Identifier: Apache-2.0
"""The control endpoint: plain HTTP on loopback, through which a test in any language steers a running double."""
import json

import statuses
from http1 import Response, json_response, read_request
from resources import resource_of
from wire import Gone


class Control:
    """Serves the control listener; every answer is JSON, 200 when the order is carried out, 400 with `error` when not."""

    def __init__(self, double):
        self.double = double
        self.orders = {
            ("GET", "/script"): lambda _: self.double.script.document,
            ("POST", "/script"): self._patch_script,
            ("PUT", "/script"): self._replace_script,
            ("GET", "/log"): lambda _: {"entries": self.double.entries},
            ("DELETE", "/log"): self._clear_log,
            ("GET", "/state"): lambda _: self.double.summary(),
            ("POST", "/cut"): self._cut,
            ("POST", "/tunnels"): self._order_tunnels,
            ("POST", "/watches"): self._order_watches,
            ("POST", "/object"): self._change_object,
            ("GET", "/objects"): lambda _: {"items": list(self.double.store.objects.values())},
            ("POST", "/expire"): self._expire,
            ("POST", "/tokens/expire"): lambda _: self.double.tokens.expire(),
            ("POST", "/stall"): lambda _: self._stall(True),
            ("POST", "/resume"): lambda _: self._stall(False),
        }

    async def serve(self, wire):
        while (request := await read_request(wire)) is not None:
            response = await self._answer(request)
            await wire.write(response.framed(request))

    async def _answer(self, request):
        order = self.orders.get((request.method, request.path))
        if order is None:
            known = ", ".join(f"{method} {path}" for method, path in self.orders)
            return json_response({"error": f"no order {request.method} {request.path}; there are: {known}"}, None, 404)
        try:
            result = order(json.loads(request.body) if request.body.strip() else {})
            if hasattr(result, "__await__"):
                result = await result
        except (ValueError, KeyError, TypeError, AttributeError, Gone, statuses.Refused) as error:
            return json_response({"error": f"{type(error).__name__}: {error}"}, None, 400)
        return result if isinstance(result, Response) else json_response(result or {})

    def _patch_script(self, document):
        self.double.script.patch(document)
        self.double.script_changed()
        return {"url": self.double.url()}

    def _replace_script(self, document):
        self.double.script.replace(document)
        self.double.script_changed()
        return {"url": self.double.url()}

    def _clear_log(self, _):
        self.double.entries.clear()

    def _cut(self, document):
        """Ends TCP without a word: {"what": tunnels | watches | connections, "how": eof | reset}."""
        what, how = document.get("what", "tunnels"), document.get("how", "eof")
        chosen = {"tunnels": self.double.tunnels, "watches": [watch.wire for watch in self.double.watches],
                  "connections": [wire for wire in self.double.wires if wire.facts["tls"]]}[what]
        victims = list(chosen)
        for victim in victims:
            victim.cut(how)
        return {"cut": len(victims)}

    async def _order_tunnels(self, document):
        tunnels = list(self.double.tunnels)
        for tunnel in tunnels:
            await tunnel.obey(document)
        return {"ordered": len(tunnels)}

    def _order_watches(self, document):
        chosen = [watch for watch in self.double.watches if document.get("resource", watch.target.plural) == watch.target.plural]
        for watch in chosen:
            watch.orders.append(document)
        self.double.store.wake()
        return {"ordered": len(chosen)}

    def _change_object(self, document):
        """{"action": "put" | "delete", "object": …}; delete needs kind, apiVersion and name only."""
        body = document["object"]
        if document.get("action", "put") == "put":
            return self.double.store.put(body)
        resource = resource_of(body)
        namespace = body["metadata"].get("namespace", "default") if resource.namespaced else ""
        return self.double.store.delete(resource.plural, namespace, body["metadata"]["name"])

    def _expire(self, document):
        """Compacts the history; with {"watches": true} the open watches get the ERROR 410 as well."""
        self.double.store.expire()
        if document.get("watches"):
            self._order_watches({"do": "expire"})
        return {"oldest": self.double.store.oldest}

    def _stall(self, on):
        self.double.script.patch({"watch": {"stalled": on}})
        self.double.store.wake()
