# SPDX-License-Identifier: Apache-2.0
"""Everything that is asked and answered at once: version, discovery, objects, reviews, server-side apply."""
import copy
import json

import statuses
from http1 import Response, json_response, text_response
from resources import REVIEWS, api_group_list, api_resource_list, resource_of
from script import merge
from store import Selector

READABLE = ("application/json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml")
METADATA_ONLY = "as=PartialObjectMetadata"


class Rest:
    """Answers requests that are authenticated and authorized; raises statuses.Refused for all that goes wrong."""

    def __init__(self, double):
        self.double = double
        self.script = double.script

    def answer(self, request, user, target):
        if target is None:
            return self._fixed(request)
        if target.resource is None:
            if api_resource_list(target.group, target.version) is None:
                return text_response(404, "404 page not found")
            raise statuses.no_such_resource()
        if target.resource in REVIEWS:
            return self._review(request, user, target)
        if target.full_resource == "serviceaccounts/token" and target.verb == "create":
            return json_response(self.double.tokens.request(target.namespace, target.name, read_json(request)), request, 201)
        if target.subresource and target.subresource not in ("status", "scale"):
            raise statuses.no_such_resource()
        form = wanted_form(request, target.verb)
        handler = {"get": self._get, "list": self._list, "create": self._create, "update": self._update, "patch": self._patch,
                   "delete": self._delete}.get(target.verb)
        if handler is None or (target.verb == "create" and target.name):
            raise statuses.method_not_allowed()
        return handler(request, target, form)

    def _fixed(self, request):
        words = [word for word in request.path.split("/") if word]
        if request.path == "/version":
            return Response(200, json.dumps(self._version(), indent=2))
        if request.path in ("/healthz", "/livez", "/readyz"):
            return Response(200, "ok", "text/plain; charset=utf-8", [("X-Content-Type-Options", "nosniff")])
        if words == ["api"]:
            return json_response({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}, request)
        if words == ["apis"]:
            return json_response(api_group_list(), request)
        lists = {2: ("", words[1]) if words[:1] == ["api"] else None, 3: tuple(words[1:]) if words[:1] == ["apis"] else None}
        found = api_resource_list(*lists[len(words)]) if lists.get(len(words)) else None
        if found is None:
            return text_response(404, "404 page not found")
        return json_response(found, request)

    def _version(self):
        major, minor = self.script.version()
        patch = (self.script.get("server_version").split(".") + ["0"])[2]
        emulation = {"emulationMajor": str(major), "emulationMinor": str(minor), "minCompatibilityMajor": str(major),
                     "minCompatibilityMinor": str(minor - 1)} if minor >= 34 else {}
        return {"major": str(major), "minor": str(minor), **emulation, "gitVersion": f"v{major}.{minor}.{patch}", "gitCommit": "0" * 40,
                "gitTreeState": "clean", "buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.25.0", "compiler": "gc",
                "platform": "linux/amd64"}

    def _get(self, request, target, form):
        found = self.double.store.find(target.plural, target.namespace, target.name)
        if found is None:
            raise statuses.not_found(target.plural, target.group, target.name)
        return json_response(in_form(found, form), request)

    def _list(self, request, target, form):
        check_version(request.parameter("resourceVersion"), self.double.store)
        selector = Selector(request.parameter("labelSelector"), request.parameter("fieldSelector"))
        limit = whole_number(request, "limit") or self.script.get("list", "default_limit")
        rows, version, token, remain = self.double.store.page(target.plural, target.namespace, selector, limit, request.parameter("continue"))
        metadata = {"resourceVersion": str(version)}
        if token:
            metadata["continue"] = token
            if not selector:
                metadata["remainingItemCount"] = remain
        if form == METADATA_ONLY:
            head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1"}
            return json_response(head | {"metadata": metadata, "items": [in_form(row, form) for row in rows]}, request)
        group_version = rows_version(target)
        items = [{key: value for key, value in row.items() if key not in ("kind", "apiVersion")} for row in rows]
        return json_response({"kind": target.resource.kind + "List", "apiVersion": group_version, "metadata": metadata, "items": items}, request)

    def _create(self, request, target, form):
        document = read_json(request)
        name = document.get("metadata", {}).get("name", "")
        if self.double.store.find(target.plural, target.namespace, name):
            raise statuses.already_exists(target.plural, target.group, name)
        return json_response(in_form(self._store(request, target, document), form), request, 201)

    def _update(self, request, target, form):
        document = read_json(request)
        found = self.double.store.find(target.plural, target.namespace, target.name)
        if found is None:
            raise statuses.not_found(target.plural, target.group, target.name)
        asked = document.get("metadata", {}).get("resourceVersion")
        if asked and asked != found["metadata"]["resourceVersion"]:
            raise statuses.conflict(target.plural, target.group, target.name)
        return json_response(in_form(self._store(request, target, document), form), request)

    def _patch(self, request, target, form):
        kind = request.header("Content-Type").split(";")[0].strip()
        found = self.double.store.find(target.plural, target.namespace, target.name)
        if kind == "application/apply-patch+yaml":
            return self._apply(request, target, form, found)
        if kind not in ("application/merge-patch+json", "application/strategic-merge-patch+json"):
            raise statuses.unsupported_patch_type()
        if found is None:
            raise statuses.not_found(target.plural, target.group, target.name)
        return json_response(in_form(self._store(request, target, merge(found, read_json(request))), form), request)

    def _apply(self, request, target, form, found):
        """Server-side apply without field ownership: the object is created, or takes what is applied over what it had."""
        if not request.parameter("fieldManager"):
            raise statuses.invalid_options("PatchOptions", "fieldManager", "FieldValueRequired", "Required value: is required for apply patch")
        document = read_json(request)
        if document.get("metadata", {}).get("name") != target.name:
            raise statuses.bad_request(f"the name of the object ({document.get('metadata', {}).get('name', '')}) does not match the name "
                                       f"on the URL ({target.name})")
        stored = self._store(request, target, merge(found or {}, document))
        return json_response(in_form(stored, form), request, 200 if found else 201)

    def _store(self, request, target, document):
        if resource_of(document) != target.resource:
            raise statuses.bad_request(f'{document.get("kind")} in version "{document.get("apiVersion")}" cannot be handled as a '
                                       f"{target.resource.kind}: {conversion(document, target)}")
        document = copy.deepcopy(document)
        if target.resource.namespaced:
            self._check_namespace(target, document)
        if request.parameter("dryRun") == "All":
            document["metadata"].setdefault("uid", "00000000-0000-0000-0000-000000000000")
            return document
        return self.double.store.put(document)

    def _check_namespace(self, target, document):
        given = document["metadata"].setdefault("namespace", target.namespace)
        if given != target.namespace:
            raise statuses.bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if self.double.store.find("namespaces", "", given) is None:
            raise statuses.not_found("namespaces", "", given)

    def _delete(self, request, target, _form):
        found = self.double.store.find(target.plural, target.namespace, target.name)
        if found is None:
            raise statuses.not_found(target.plural, target.group, target.name)
        if request.parameter("dryRun") != "All":
            self.double.store.delete(target.plural, target.namespace, target.name)
        return json_response({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": {
            "name": target.name, **({"group": target.group} if target.group else {}), "kind": target.plural,
            "uid": found["metadata"]["uid"]}}, request)

    def _review(self, request, user, target):
        if target.verb != "create":
            raise statuses.method_not_allowed()
        head = {"kind": target.resource.kind, "apiVersion": rows_version(target), "metadata": no_creation_time(self.script)}
        if target.plural == "selfsubjectreviews":
            info = {"username": user.name, "groups": list(user.groups)} | ({"uid": user.uid} if user.uid else {}) | (
                {"extra": user.extra} if user.extra else {})
            return json_response(head | {"status": {"userInfo": info}}, request, 201)
        if target.plural == "selfsubjectaccessreviews":
            spec = read_json(request).get("spec", {})
            return json_response(head | {"spec": spec, "status": {"allowed": self._may(user, spec)}}, request, 201)
        if target.plural == "tokenreviews":
            spec = read_json(request).get("spec", {})
            return json_response(head | {"spec": spec, "status": self.double.tokens.review(spec)}, request, 201)
        raise statuses.no_such_resource()

    def _may(self, user, spec):
        if path := spec.get("nonResourceAttributes"):
            return self.double.authorizer.allows(user, path.get("verb", "get"), path=path.get("path", ""))
        asked = spec.get("resourceAttributes") or {}
        resource = asked.get("resource", "") + ("/" + asked["subresource"] if asked.get("subresource") else "")
        return self.double.authorizer.allows(user, asked.get("verb", ""), asked.get("group", ""), resource, asked.get("namespace", ""),
                                             asked.get("name", ""))


def conversion(document, target):
    group = target.group.split(".")[0] or "core"
    return f"converting (v1.{document.get('kind')}) to ({group}.{target.resource.kind}): unknown conversion"


def rows_version(target):
    return f"{target.group}/{target.version}" if target.group else target.version


def read_json(request):
    if request.header("Content-Type", "application/json").split(";")[0].strip() not in READABLE:
        raise statuses.unsupported_media_type()
    try:
        document = json.loads(request.body)
    except ValueError as error:
        raise statuses.bad_request(f"the double reads JSON only: {error}") from error
    if not isinstance(document, dict):
        raise statuses.bad_request("the double reads JSON objects only")
    return document


def wanted_form(request, verb):
    """METADATA_ONLY or "" (whole objects), by the first Accept entry that can be served; 406 when none can."""
    accepted = [entry for value in request.all("Accept") for entry in value.split(",")] or ["*/*"]
    for entry in accepted:
        media, *parameters = [part.strip() for part in entry.split(";")]
        if media not in ("application/json", "*/*", "application/*"):
            continue
        if METADATA_ONLY in parameters or METADATA_ONLY + "List" in parameters:
            return METADATA_ONLY
        if not any(part.startswith("as=") for part in parameters):
            return ""
    raise statuses.not_acceptable(verb)


def in_form(document, form):
    if form != METADATA_ONLY:
        return document
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": document["metadata"]}


def whole_number(request, name):
    value = request.parameter(name)
    if value and not value.lstrip("-").isdigit():
        raise statuses.bad_request(f'strconv.ParseInt: parsing "{value}": invalid syntax')
    return int(value or 0)


def no_creation_time(script):
    """Metadata of what was never stored: up to 1.33 it shows a null."""
    return {} if script.version()[1] >= 34 else {"creationTimestamp": None}


def check_version(text, store):
    """Refuses a list's resourceVersion that is no number, or is still to come."""
    if text and not text.isdigit():
        raise statuses.no_version(text, watching=False)
    if text and int(text) > store.version:
        raise statuses.version_too_large(text, store.version)
