// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/api/api_client.h"
#include "core/kube/api/internal/json.h"
#include "core/kube/net/internal/operation.h"

#include <string>
#include <vector>

namespace binnacle::kube {

struct ListedObjects {
    std::string resourceVersion;
    std::vector<Json> items; // kind and apiVersion are those of the list's items: the server leaves them out
    bool consistent = true;
};

/// What to do when the list's version is compacted away between two pages (410, RBAC has nothing to do with it).
enum class OnExpiry : std::uint8_t {
    TakeTheRest, // go on with the fresh token of the refusal: quick, but the pages are of two moments
    StartOver,   // once more, in one page: what a watch is to begin from must be of one moment
};

Task<Result<ListedObjects>> listAll(std::shared_ptr<HttpClient::State> client, OperationPointer operation, ListQuery query, OnExpiry onExpiry);

/// The query's selectors as parameters.
Query selectorsOf(const ListQuery& query);

} // namespace binnacle::kube
