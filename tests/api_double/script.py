# SPDX-License-Identifier: Apache-2.0
"""The script of a double: plain JSON over these defaults (RFC 7386 merge; null restores the default); README.md explains each key."""
import copy

ADMINISTRATORS = {"groups": ["system:masters"], "verbs": ["*"], "api_groups": ["*"], "resources": ["*"], "non_resource_urls": ["*"]}
EVERYBODY = {"groups": ["system:authenticated", "system:unauthenticated"], "verbs": ["get"],
             "non_resource_urls": ["/version", "/healthz", "/livez", "/readyz"]}
SIGNED_IN = [
    {"groups": ["system:authenticated"], "verbs": ["get"], "non_resource_urls": ["/api", "/api/*", "/apis", "/apis/*"]},
    {"groups": ["system:authenticated"], "verbs": ["create"], "api_groups": ["authorization.k8s.io", "authentication.k8s.io"],
     "resources": ["selfsubjectaccessreviews", "selfsubjectreviews", "selfsubjectrulesreviews"]},
]
VIEWERS = {"groups": ["viewers"], "verbs": ["get", "list", "watch"], "api_groups": [""], "resources": ["pods"]}

DEFAULTS = {
    "server_version": "1.36",
    "gates": {},  # WatchList, PortForwardWebsockets, AuthorizePodWebsocketUpgradeCreatePermission: null = as the version has it
    "path_prefix": "",
    "tls": {"certificate": "good", "minimum": "1.2", "maximum": "1.3", "alpn": ["h2", "http/1.1"], "client_certificates": True,
            "handshake": "normal"},
    "transport": {"segment": 0},
    "authentication": {
        "anonymous": True,
        "unauthorized_after": None,
        "tokens": {
            "admin-token": {"user": "admin", "groups": ["system:masters"]},
            "viewer-token": {"user": "viewer", "groups": ["viewers"]},
            "nobody-token": {"user": "nobody"},
        },
    },
    "authorization": {"rules": [ADMINISTRATORS, EVERYBODY, *SIGNED_IN, VIEWERS]},
    "responses": [],
    "watch": {"chunk": "event", "events_per_chunk": 1, "bookmark_seconds": 60, "timeout_seconds": 1800, "faults": [], "stalled": False},
    "list": {"default_limit": 0},
    "portforward": {
        "dial_host": "127.0.0.1",
        "ports": {},  # port asked for -> port dialled, by "port" or "namespace/pod:port"
        "idle_seconds": 14400,
        "faults": {},
    },
    "proxies": {"user": "", "password": "", "connect_status": 200, "allow": None, "stripped_answer": "forward"},
    "oidc": {"client_id": "binnacle", "client_secret": "", "lifetime_seconds": 3600, "user": "admin", "groups": ["system:masters"],
             "refresh_tokens": ["refresh-1"], "rotate": True, "fault": None},
    "objects": None,  # None: DEFAULT_OBJECTS
}


def merge(target, patch):
    """RFC 7386: objects merge, null deletes, everything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def complete(document):
    """A key that null took away has its default again, down to the second level (so a token or a fault can be taken away)."""
    return {key: ({**default, **document.get(key, {})} if isinstance(default, dict) else document.get(key, default))
            for key, default in DEFAULTS.items()}


class Script:
    """The settings in force; `patch` changes them at run time, and what is open keeps what it began with unless it asks again."""

    def __init__(self, document):
        self.document = {}
        self.replace(document)

    def patch(self, document):
        unknown = set(document) - set(DEFAULTS)
        if unknown:
            raise ValueError(f"the script has no key {', '.join(sorted(unknown))}")
        self.document = complete(merge(self.document, document))

    def replace(self, document):
        self.document = DEFAULTS
        self.patch(document)

    def get(self, *path, default=None):
        here = self.document
        for key in path:
            if not isinstance(here, dict) or key not in here:
                return default
            here = here[key]
        return here

    def version(self):
        major, minor = self.get("server_version").split(".")[:2]
        return int(major), int(minor)

    def gate(self, name):
        """A feature gate, by the script or as the version in force has it by default."""
        minor = self.version()[1]
        by_version = {
            "WatchList": minor == 32 or minor >= 34,
            "PortForwardWebsockets": minor >= 31,
            "AuthorizePodWebsocketUpgradeCreatePermission": minor >= 35,
        }
        chosen = self.get("gates", name)
        return by_version[name] if chosen is None else chosen


def pod(name, node, labels=None, ports=(), phase="Running"):
    """A pod as far as a client of the tunnel looks at it."""
    container = {"name": "main", "image": "registry.double.test/main:1", "ports": [{"name": key, "containerPort": port} for key, port in ports]}
    ready = phase == "Running"
    status = {"phase": phase, "conditions": [{"type": "Ready", "status": "True" if ready else "False"}]}
    if ready:
        status |= {"podIP": "10.0.0.5", "containerStatuses": [{
            "name": "main", "ready": True, "restartCount": 0, "image": container["image"], "imageID": "", "state": {"running": {}},
            "containerID": "containerd://" + "c" * 64}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default", "labels": labels or {}},
            "spec": {"containers": [container], **({"nodeName": node} if node else {})}, "status": status}


def default_objects():
    """A small cluster: three namespaces, a node, a pod that runs and one that waits for a node."""
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}, "status": {"phase": "Active"}}
              for name in ("default", "kube-system", "binnacle")]
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1", "labels": {"kubernetes.io/hostname": "node-1"}},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    return spaces + [node, pod("web", "node-1", {"app": "web"}, [("http", 8080)]), pod("unscheduled", "", {"app": "later"}, phase="Pending")]
