# SPDX-License-Identifier: Apache-2.0
"""The resources the double knows, and how a path names one."""
from collections import namedtuple

Resource = namedtuple("Resource", "group version plural kind namespaced short")


def _rows(group, version, *rows):
    return [Resource(group, version, plural, kind, namespaced, short) for plural, kind, namespaced, short in rows]


RESOURCES = (
    _rows("", "v1", ("pods", "Pod", True, "po"), ("services", "Service", True, "svc"), ("nodes", "Node", False, "no"),
          ("namespaces", "Namespace", False, "ns"), ("configmaps", "ConfigMap", True, "cm"), ("secrets", "Secret", True, ""),
          ("serviceaccounts", "ServiceAccount", True, "sa"), ("endpoints", "Endpoints", True, "ep"), ("events", "Event", True, "ev"),
          ("replicationcontrollers", "ReplicationController", True, "rc"))
    + _rows("apps", "v1", ("replicasets", "ReplicaSet", True, "rs"), ("deployments", "Deployment", True, "deploy"),
            ("statefulsets", "StatefulSet", True, "sts"), ("daemonsets", "DaemonSet", True, "ds"))
    + _rows("batch", "v1", ("jobs", "Job", True, ""), ("cronjobs", "CronJob", True, "cj"))
    + _rows("coordination.k8s.io", "v1", ("leases", "Lease", True, ""))
    + _rows("discovery.k8s.io", "v1", ("endpointslices", "EndpointSlice", True, ""))
    + _rows("rbac.authorization.k8s.io", "v1", ("roles", "Role", True, ""), ("rolebindings", "RoleBinding", True, ""),
            ("clusterroles", "ClusterRole", False, ""), ("clusterrolebindings", "ClusterRoleBinding", False, ""))
    + _rows("networking.k8s.io", "v1", ("networkpolicies", "NetworkPolicy", True, "netpol"))
    + _rows("policy", "v1", ("poddisruptionbudgets", "PodDisruptionBudget", True, "pdb"))
    + _rows("scheduling.k8s.io", "v1", ("priorityclasses", "PriorityClass", False, "pc"))
)
# Created and answered, never stored.
REVIEWS = (
    _rows("authorization.k8s.io", "v1", ("selfsubjectaccessreviews", "SelfSubjectAccessReview", False, ""),
          ("subjectaccessreviews", "SubjectAccessReview", False, ""))
    + _rows("authentication.k8s.io", "v1", ("selfsubjectreviews", "SelfSubjectReview", False, ""),
            ("tokenreviews", "TokenReview", False, ""))
)
BY_PATH = {(row.group, row.version, row.plural): row for row in RESOURCES + REVIEWS}
BY_KIND = {(row.group, row.version, row.kind): row for row in RESOURCES}

VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete", "GET": "get", "HEAD": "get"}


class Target:
    """What a resource path and a method mean: the attributes that authorization and the REST handlers work on."""

    def __init__(self, resource, group, version, namespace, name, subresource, verb, plural):
        self.resource = resource  # None: the server does not know it (authorization is asked all the same)
        self.group = group
        self.version = version
        self.namespace = namespace
        self.name = name
        self.subresource = subresource
        self.verb = verb
        self.plural = plural

    @property
    def full_resource(self):
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural


def resource_of(document):
    """The table's row for an object, by its apiVersion and kind; None when unknown."""
    group, _, version = document.get("apiVersion", "").rpartition("/")
    return BY_KIND.get((group, version, document.get("kind")))


def parse_target(request):
    """A Target for /api/v1/… and /apis/GROUP/VERSION/…, or None for every other path (discovery included)."""
    words = [word for word in request.path.split("/") if word]
    if words[:1] == ["api"] and len(words) > 2:
        group, version, rest = "", words[1], words[2:]
    elif words[:1] == ["apis"] and len(words) > 3:
        group, version, rest = words[1], words[2], words[3:]
    else:
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    elif rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]  # a namespace itself is judged inside itself
    plural, name, subresource = (rest + ["", ""])[:3]
    verb = VERBS.get(request.method, request.method.lower())
    if verb == "get" and not name:
        verb = "watch" if request.flag("watch") else "list"
    elif verb == "delete" and not name:
        verb = "deletecollection"
    return Target(BY_PATH.get((group, version, plural)), group, version, namespace, name, subresource, verb, plural)


def api_resource_list(group, version):
    """Discovery for one group and version, or None."""
    rows = [row for row in RESOURCES + REVIEWS if (row.group, row.version) == (group, version)]
    if not rows:
        return None
    listed = []
    for row in rows:
        review = row in REVIEWS
        listed.append({"name": row.plural, "singularName": row.kind.lower(), "namespaced": row.namespaced, "kind": row.kind,
                       "verbs": ["create"] if review else ["create", "delete", "get", "list", "patch", "update", "watch"],
                       **({"shortNames": [row.short]} if row.short else {})})
    if group == "":
        listed.append({"name": "pods/portforward", "singularName": "", "namespaced": True, "kind": "PodPortForwardOptions",
                       "verbs": ["create", "get"]})
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{group}/{version}" if group else version, "resources": listed}


def api_group_list():
    groups = []
    for name in dict.fromkeys(row.group for row in RESOURCES + REVIEWS if row.group):
        served = {"groupVersion": f"{name}/v1", "version": "v1"}
        groups.append({"name": name, "versions": [served], "preferredVersion": served})
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
