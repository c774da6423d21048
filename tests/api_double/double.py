# SPDX-License-Identifier: Apache-2.0
"""The double as a whole: what its parts share, and what the control endpoint can do to it."""
import asyncio
import re
import time

from access import Authenticator, Authorizer
from certificates import Certificates
from portforward import PortForward
from rest import Rest
from script import Script, default_objects
from server import ApiServer, Listener
from service_accounts import Tokens
from store import Store


class Double:
    """Owns the script, the store, the log and all that is open.  Lives on one event loop, so nothing here needs a lock."""

    def __init__(self, script, state, certificates):
        self.state = state
        self.script = Script(script)
        self.certificates = Certificates(certificates)
        objects = self.script.get("objects")
        self.store = Store(default_objects() if objects is None else objects)
        self.authenticator = Authenticator(self.script)
        self.tokens = Tokens(self.store)
        self.authorizer = Authorizer(self.script, self.store)
        self.rest = Rest(self)
        self.portforward = PortForward(self)
        self.entries = []
        self.sequence = 0
        self.wires = set()
        self.watches = set()
        self.tunnels = set()
        self.tasks = set()
        self.api = Listener(self, "api", ApiServer(self).serve)
        self.stripping = Listener(self, "stripping", ApiServer(self, strip_upgrade=True).serve)
        self.response_uses = {}
        self.watch_fault_uses = {}

    def start(self, work):
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.log("fault", error=repr(task.exception()))
            asyncio.get_running_loop().call_exception_handler({"message": "api_double: a connection failed", "exception": task.exception()})

    def log(self, kind, **facts):
        """Adds an entry, which its maker may complete later, and returns it."""
        self.sequence += 1
        entry = {"number": self.sequence, "at_ms": int(time.time() * 1000), "kind": kind, **facts}
        self.entries.append(entry)
        return entry

    def url(self):
        return f"https://127.0.0.1:{self.api.port}{self.script.get('path_prefix')}"

    async def run_tunnel(self, tunnel):
        entry = self.log("tunnel", protocol=tunnel.kind, pod=f"{tunnel.target.namespace}/{tunnel.target.name}", open=True)
        self.tunnels.add(tunnel)
        try:
            await tunnel.run()
        finally:
            self.tunnels.discard(tunnel)
            entry |= {"open": False, "to_client": tunnel.to_client, "from_client": tunnel.from_client, "dropped": tunnel.dropped}

    def take_response(self, request):
        """The first scripted answer that fits the request and has not been used up."""
        for index, entry in enumerate(self.script.get("responses")):
            if matches(entry.get("match", {}), request) and self._take(self.response_uses, index, entry):
                return entry
        return None

    def take_watch_fault(self, plural):
        for index, entry in enumerate(self.script.get("watch", "faults")):
            if entry.get("resource", plural) == plural and self._take(self.watch_fault_uses, index, entry):
                return entry
        return None

    @staticmethod
    def _take(uses, index, entry):
        """Counts one fitting occasion; whether this one is between `skip` and `skip` + `times`."""
        seen = uses[index] = uses.get(index, 0) + 1
        skip = entry.get("skip", 0)
        return seen > skip and ("times" not in entry or seen <= skip + entry["times"])

    def script_changed(self):
        """Counters of scripted answers begin anew, and whoever waits looks again."""
        self.response_uses.clear()
        self.watch_fault_uses.clear()
        self.authenticator.requests = 0
        self.store.wake()

    def summary(self):
        return {"resourceVersion": self.store.version, "connections": len(self.wires),
                "watches": [{"resource": watch.target.plural, "events_sent": watch.events_sent} for watch in self.watches],
                "tunnels": [{"protocol": tunnel.kind, "pod": tunnel.target.name, "to_client": tunnel.to_client,
                             "from_client": tunnel.from_client, "dropped": tunnel.dropped} for tunnel in self.tunnels]}


def matches(wanted, request):
    """Whether a request has the method, path, pattern of the target, and headers that a scripted answer waits for."""
    if wanted.get("method", request.method) != request.method or wanted.get("path", request.path) != request.path:
        return False
    if "pattern" in wanted and not re.search(wanted["pattern"], request.target):
        return False
    return all(request.header(name) == value for name, value in wanted.get("headers", {}).items())
