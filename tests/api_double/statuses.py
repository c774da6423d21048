# SPDX-License-Identifier: Apache-2.0
"""Status objects, word for word as kube-apiserver 1.31 and 1.36 write them (observed; tests/api_double/conformance.json holds them)."""
import json

from http1 import Response, json_response


class Refused(Exception):
    """An answer that ends a request early: raise it anywhere, the server writes `document`."""

    def __init__(self, code, reason, message, details=None, headers=(), metadata=None, indented=False):
        super().__init__(message)
        self.indented = indented
        self.code = code
        self.headers = headers
        self.document = {"kind": "Status", "apiVersion": "v1", "metadata": metadata or {}, "status": "Failure", "message": message}
        if reason:
            self.document["reason"] = reason
        if details is not None:
            self.document["details"] = details
        self.document["code"] = code

    def response(self, request):
        if self.indented:
            return Response(self.code, json.dumps(self.document, indent=2), headers=self.headers)
        return json_response(self.document, request, self.code, self.headers)


def unauthorized():
    return Refused(401, "Unauthorized", "Unauthorized")


def details_of(resource, group, name):
    return {key: value for key, value in (("name", name), ("group", group), ("kind", resource)) if value}


def forbidden(resource, group, name, tail):
    """`resource` without subresource; the tail is the authorizer's sentence and may be empty."""
    return Refused(403, "Forbidden", f"{qualified(resource, group)}{' ' + quoted(name) if name else ''} is forbidden: {tail}",
                   details_of(resource, group, name), headers=[("X-Content-Type-Options", "nosniff")] if tail else ())


def qualified(resource, group):
    return f"{resource}.{group}" if group else resource


def quoted(name):
    return f'"{name}"'


def forbidden_path(user, verb, path):
    return Refused(403, "Forbidden", f'forbidden: User "{user}" cannot {verb} path "{path}"', {},
                   headers=[("X-Content-Type-Options", "nosniff")])


def not_found(resource, group, name):
    return Refused(404, "NotFound", f"{qualified(resource, group)} {quoted(name)} not found", details_of(resource, group, name))


def no_such_resource():
    return Refused(404, "NotFound", "the server could not find the requested resource", {})


def method_not_allowed():
    return Refused(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def already_exists(resource, group, name):
    return Refused(409, "AlreadyExists", f"{qualified(resource, group)} {quoted(name)} already exists", details_of(resource, group, name))


def conflict(resource, group, name):
    return Refused(409, "Conflict", f"Operation cannot be fulfilled on {qualified(resource, group)} {quoted(name)}: the object has been "
                   "modified; please apply your changes to the latest version and try again", details_of(resource, group, name))


def bad_request(message):
    return Refused(400, "BadRequest", message)


def invalid_options(kind, field, cause, message):
    """422 for list or patch options; `message` is the cause's own sentence."""
    return Refused(422, "Invalid", f'{kind}.meta.k8s.io "" is invalid: {field}: {message}',
                   {"group": "meta.k8s.io", "kind": kind, "causes": [{"reason": cause, "message": message, "field": field}]})


def not_acceptable(verb):
    """Indented, whoever asks: this answer is made before the API server has an encoder."""
    streams = ", application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch" if verb in ("list", "watch") else ""
    return Refused(406, "NotAcceptable", "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
                   f"application/vnd.kubernetes.protobuf{streams}", {}, indented=True)


def unsupported_patch_type():
    return Refused(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def unsupported_media_type():
    return Refused(415, "UnsupportedMediaType", "the body of the request was in an unknown format - accepted media types include: "
                   "application/json, application/yaml, application/vnd.kubernetes.protobuf")


def expired_version(asked, oldest):
    return Refused(410, "Expired", f"too old resource version: {asked} ({oldest})")


def expired_continue(token):
    return Refused(410, "Expired", "The provided continue parameter is too old to display a consistent list result. You can start a new "
                   "list without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
                   "results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, "
                   "or deleted between the time the first chunk was returned and now may show up in the list.",
                   metadata={"continue": token})


def version_too_large(asked, current):
    return Refused(504, "Timeout", f"Timeout: Too large resource version: {asked}, current: {current}",
                   {"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}], "retryAfterSeconds": 1},
                   headers=[("Retry-After", "1")])


def too_many_requests(seconds):
    return Refused(429, "TooManyRequests", "too many requests, please try again later", {"retryAfterSeconds": seconds},
                   headers=[("Retry-After", str(seconds))])


def unavailable(seconds):
    return Refused(503, "ServiceUnavailable", "the server is currently unable to handle the request", {"retryAfterSeconds": seconds},
                   headers=[("Retry-After", str(seconds))])


def no_version(text, watching):
    """A resourceVersion that is no number: a list says 400, a watch 500 without a reason (observed on 1.34)."""
    message = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
    return Refused(500, "", message) if watching else bad_request("invalid resource version: " + message)
