# SPDX-License-Identifier: Apache-2.0
"""The cluster's objects under one resourceVersion, with the history that watches resume from."""
import asyncio
import base64
import copy
import json
import time
import uuid
from collections import namedtuple

import statuses
from resources import resource_of

Event = namedtuple("Event", "version type resource object previous")
FIRST_VERSION = 1000


class Selector:
    """labelSelector and fieldSelector of one request."""

    def __init__(self, labels="", fields=""):
        self.labels = [_label_term(term) for term in _split_terms(labels)]
        self.fields = [_field_term(term) for term in _split_terms(fields)]

    def __bool__(self):
        return bool(self.labels or self.fields)

    def matches(self, document):
        labels = document.get("metadata", {}).get("labels") or {}
        return all(test(labels) for test in self.labels) and all(test(document) for test in self.fields)


def _split_terms(text):
    """At commas, except those inside `in (a,b)`."""
    terms, depth, word = [], 0, ""
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            terms.append(word)
            word = ""
        else:
            word += letter
    return [term.strip() for term in terms + [word] if term.strip()]


def _label_term(term):
    for operator, wanted in ((" notin ", False), (" in ", True)):
        if operator in term:
            key, _, values = term.partition(operator)
            allowed = {value.strip() for value in values.strip().strip("()").split(",")}
            return lambda labels, key=key.strip(): (labels.get(key) in allowed) == wanted
    for operator, equal in (("!=", False), ("==", True), ("=", True)):
        if operator in term:
            key, _, value = (part.strip() for part in term.partition(operator))
            if value.startswith("="):
                raise statuses.bad_request("unable to parse requirement: found '=', expected: identifier")
            return lambda labels, key=key, value=value: (labels.get(key) == value) == equal
    if term.startswith("!"):
        return lambda labels: term[1:].strip() not in labels
    return lambda labels: term in labels


FIELDS = {
    "metadata.name": lambda document: document["metadata"]["name"],
    "metadata.namespace": lambda document: document["metadata"].get("namespace", ""),
    "spec.nodeName": lambda document: document.get("spec", {}).get("nodeName", ""),
    "status.phase": lambda document: document.get("status", {}).get("phase", ""),
}


def _field_term(term):
    equal = "!=" not in term
    key, _, value = term.partition("=" if equal else "!=")
    key, value = key.strip(), value.lstrip("=").strip()
    if key not in FIELDS:
        raise statuses.bad_request(f"field label not supported: {key}")
    return lambda document: (FIELDS[key](document) == value) == equal


class Store:
    """All objects; every change makes one event and wakes the watches.  Single-threaded, like the whole double."""

    def __init__(self, objects=()):
        self.version = FIRST_VERSION
        self.oldest = FIRST_VERSION  # compacted up to here: a watch from before is expired
        self.objects = {}  # (plural, namespace, name) -> document
        self.history = []
        self.snapshots = {}  # (version, plural, namespace) -> documents, for the pages of one list
        self.changed = asyncio.Event()
        for document in objects:
            self.put(document)

    def find(self, plural, namespace, name):
        return self.objects.get((plural, namespace, name))

    def all(self, plural, namespace=""):
        rows = sorted((key, document) for key, document in self.objects.items() if key[0] == plural and namespace in ("", key[1]))
        return [document for _, document in rows]

    def put(self, document):
        """Adds or replaces; identity and creation time of a replaced object stay."""
        resource = resource_of(document)
        if resource is None:
            raise statuses.bad_request(f'no kind "{document.get("kind")}" is registered for version "{document.get("apiVersion")}"')
        document = {"kind": document["kind"], "apiVersion": document["apiVersion"], **copy.deepcopy(document)}
        metadata = document.setdefault("metadata", {})
        if resource.namespaced:
            metadata.setdefault("namespace", "default")
        key = (resource.plural, metadata.get("namespace", "") if resource.namespaced else "", metadata["name"])
        previous = self.objects.get(key)
        kept = (previous or {}).get("metadata", {})
        metadata["uid"] = kept.get("uid") or metadata.get("uid") or str(uuid.uuid4())
        metadata["creationTimestamp"] = kept.get("creationTimestamp") or metadata.get("creationTimestamp") or now()
        self._record("MODIFIED" if previous else "ADDED", resource, document, previous)
        self.objects[key] = document
        return document

    def delete(self, plural, namespace, name):
        previous = self.objects.pop((plural, namespace, name))
        last = copy.deepcopy(previous)
        self._record("DELETED", resource_of(previous), last, previous)
        return last

    def _record(self, kind, resource, document, previous):
        self.version += 1
        document["metadata"]["resourceVersion"] = str(self.version)
        self.history.append(Event(self.version, kind, resource.plural, copy.deepcopy(document), previous))
        self.wake()

    def wake(self):
        """Tells everybody who waits that something is new: an event, or the script."""
        self.changed.set()
        self.changed = asyncio.Event()

    def since(self, version):
        return [event for event in self.history if event.version > version]

    def expire(self):
        """Compaction: what was before now can neither be watched from nor paged through; open watches go on."""
        self.version += 1
        self.oldest = self.version
        self.snapshots.clear()
        self.wake()

    def page(self, plural, namespace, selector, limit, token):
        """(documents, version, continue token, how many remain) of one page of a list."""
        if token:
            version, start = decode_continue(token)
            if version == "-1":
                version, rows = self.version, self.all(plural, namespace)
            elif (int(version), plural, namespace) in self.snapshots:
                version, rows = int(version), self.snapshots[int(version), plural, namespace]
            else:
                raise statuses.expired_continue(encode_continue("-1", start))
            rows = [row for row in rows if sort_key(row) > start]
        else:
            version, rows = self.version, self.all(plural, namespace)
        rows = [row for row in rows if selector.matches(row)]
        if limit <= 0 or len(rows) <= limit:
            return rows, version, "", 0
        self.snapshots.setdefault((version, plural, namespace), self.all(plural, namespace))
        return rows[:limit], version, encode_continue(str(version), sort_key(rows[limit - 1])), len(rows) - limit


def sort_key(document):
    return f'{document["metadata"].get("namespace", "")}/{document["metadata"]["name"]}'


def encode_continue(version, start):
    return base64.urlsafe_b64encode(json.dumps({"v": version, "start": start}).encode()).decode().rstrip("=")


def decode_continue(token):
    try:
        document = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return document["v"], document["start"]
    except (ValueError, KeyError, TypeError) as error:
        raise statuses.bad_request(f"invalid continue token: continue key is not valid: {error}") from error


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
