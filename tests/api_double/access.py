# SPDX-License-Identifier: Apache-2.0
"""Who asks (authentication, impersonation) and whether they may (a table in place of RBAC), in the API server's order."""
import fnmatch
import ssl
import time
import urllib.parse
from collections import Counter, namedtuple

import statuses
from http1 import text_response

User = namedtuple("User", "name groups uid extra", defaults=("", {}))
ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))


class Authenticator:
    """Client certificate, then bearer token, then anonymous.  Counts requests for `unauthorized_after` and tokens' `uses`."""

    def __init__(self, script):
        self.script = script
        self.requests = 0
        self.uses = Counter()
        self.issued = {}  # tokens that the oidc issuer made: token -> the same entry as in the script

    def authenticate(self, request, peer):
        self.requests += 1
        limit = self.script.get("authentication", "unauthorized_after")
        if limit is not None and self.requests > limit:
            raise statuses.unauthorized()
        by_certificate = certificate_user(peer)
        if by_certificate:
            return by_certificate
        kind, _, token = request.header("Authorization").partition(" ")
        if kind.lower() == "bearer" and token.strip():
            return self._by_token(token.strip())
        if peer or not self.script.get("authentication", "anonymous"):
            raise statuses.unauthorized()  # a certificate was shown and is worth nothing, or nobody may come unnamed
        return ANONYMOUS

    def _by_token(self, token):
        entry = self.script.get("authentication", "tokens", token) or self.issued.get(token)
        if entry is None:
            raise statuses.unauthorized()
        self.uses[token] += 1
        if "uses" in entry and self.uses[token] > entry["uses"]:
            raise statuses.unauthorized()
        if entry.get("expires", float("inf")) < time.time():
            raise statuses.unauthorized()
        return User(entry["user"], (*entry.get("groups", ()), "system:authenticated"), entry.get("uid", ""), entry.get("extra", {}))


def certificate_user(peer):
    """CN is the user and each O a group, if our own authority signed it and its time has not run out; None otherwise."""
    if not peer:
        return None
    issuer = dict(pair for part in peer["issuer"] for pair in part)
    if issuer.get("commonName") != "api-double-ca" or ssl.cert_time_to_seconds(peer["notAfter"]) < time.time():
        return None
    names = [pair for part in peer["subject"] for pair in part]
    groups = tuple(value for key, value in names if key == "organizationName")
    return User(next(value for key, value in names if key == "commonName"), (*groups, "system:authenticated"))


def bound_rules(store):
    """The store's (Cluster)RoleBindings as rules of the script's kind."""
    for binding in store.all("rolebindings") + store.all("clusterrolebindings"):
        namespace = binding["metadata"].get("namespace", "")
        reference = binding["roleRef"]
        role = store.find("clusterroles" if reference["kind"] == "ClusterRole" else "roles",
                          "" if reference["kind"] == "ClusterRole" else namespace, reference["name"])
        subjects = binding.get("subjects") or []
        users = [subject["name"] for subject in subjects if subject["kind"] == "User"]
        users += [f"system:serviceaccount:{subject.get('namespace', namespace)}:{subject['name']}" for subject in subjects
                  if subject["kind"] == "ServiceAccount"]
        groups = [subject["name"] for subject in subjects if subject["kind"] == "Group"]
        for rule in (role or {}).get("rules") or []:
            yield {"users": users, "groups": groups, "verbs": rule["verbs"], "api_groups": rule.get("apiGroups", []),
                   "resources": rule.get("resources", []), "namespaces": [namespace] if namespace else ["*"],
                   "non_resource_urls": rule.get("nonResourceURLs", []), **({"names": rule["resourceNames"]} if rule.get("resourceNames") else {})}


class Authorizer:
    """Rules of the script and of the store's RBAC objects; nothing matches = denied without a reason.  No escalation checks."""

    def __init__(self, script, store):
        self.script = script
        self.store = store

    def allows(self, user, verb, group="", resource="", namespace="", name="", path=None):
        return any(self._rule_allows(rule, user, verb, group, resource, namespace, name, path)
                   for rules in (self.script.get("authorization", "rules"), bound_rules(self.store)) for rule in rules)

    @staticmethod
    def _rule_allows(rule, user, verb, group, resource, namespace, name, path):
        if user.name not in rule.get("users", ()) and not set(rule.get("groups", ())) & set(user.groups):
            return False
        if not _listed(rule.get("verbs", ()), verb):
            return False
        if path is not None:
            return any(fnmatch.fnmatchcase(path, pattern) for pattern in rule.get("non_resource_urls", ()))
        return (_listed(rule.get("api_groups", ("",)), group) and _listed(rule.get("resources", ()), resource)
                and _listed(rule.get("namespaces", ("*",)), namespace)
                and ("names" not in rule or name in rule["names"]))

    def check(self, user, target, path):
        """Raises the 403 that the API server writes."""
        if target is None:
            verb = "get"
            if not self.allows(user, verb, path=path):
                raise statuses.forbidden_path(user.name, verb, path)
            return
        if not self.allows(user, target.verb, target.group, target.full_resource, target.namespace, target.name):
            raise statuses.forbidden(target.plural, target.group, target.name, sentence(user, target))


def _listed(allowed, value):
    return "*" in allowed or value in allowed


def sentence(user, target):
    where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    return (f'User "{user.name}" cannot {target.verb} resource "{target.full_resource}" in API group "{target.group}" {where}')


class ImpersonationFault(Exception):
    """Impersonation headers that make no sense; holds the answer."""

    def __init__(self, response):
        super().__init__("impersonation")
        self.response = response


def impersonate(request, user, authorizer):
    """The user that the Impersonate-… headers ask for, after asking the authorizer for each of them."""
    name, groups, uid = request.header("Impersonate-User"), request.all("Impersonate-Group"), request.header("Impersonate-Uid")
    extra = {}
    for key, value in request.headers:
        if key.lower().startswith("impersonate-extra-"):
            extra.setdefault(urllib.parse.unquote(key[len("impersonate-extra-"):].lower()), []).append(value)
    if not name:
        if groups or uid or extra:
            asked = f"requested [{' '.join(references(groups, uid, extra))}] without impersonating a user"
            raise ImpersonationFault(text_response(500, f'Internal Server Error: "{request.target}": {asked}'))
        return user
    for resource, group, value in _impersonated(name, groups, uid, extra):
        if not authorizer.allows(user, "impersonate", group, resource, name=value):
            raise statuses.forbidden(resource.partition("/")[0], group, value,
                                     f'User "{user.name}" cannot impersonate resource "{resource}" in API group "{group}" at the cluster scope')
    everybody = "system:unauthenticated" if name == ANONYMOUS.name else "system:authenticated"
    return User(name, tuple(dict.fromkeys((*groups, everybody))), uid, extra)


def references(groups, uid, extra):
    """What was asked for, as Go prints object references."""
    yield from (f"{{Group  {group}    }}" for group in groups)
    yield from (f"{{UserExtra  {value}  authentication.k8s.io/v1  {key}}}" for key, values in extra.items() for value in values)
    if uid:
        yield f"{{UID  {uid}  authentication.k8s.io/v1  }}"


def _impersonated(name, groups, uid, extra):
    """What must be allowed, in the order in which the API server asks: (resource, group, name)."""
    if name.startswith("system:serviceaccount:"):
        yield "serviceaccounts", "", name.rsplit(":", 1)[1]
    else:
        yield "users", "", name
    for group in groups:
        yield "groups", "", group
    for key, values in extra.items():
        for value in values:
            yield f"userextras/{key}", "authentication.k8s.io", value
    if uid:
        yield "uids", "authentication.k8s.io", uid
