// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/cancellation.h"
#include "core/kube/api/api_status.h"
#include "core/kube/api/resource_path.h"
#include "core/kube/net/http_client.h"

#include <functional>
#include <string>
#include <vector>

namespace binnacle::kube {

enum class PatchKind : std::uint8_t { Apply, Merge, StrategicMerge, Json };
/// Only metadata: of list and watch answers the rest is left out by the server.
enum class Detail : std::uint8_t { Whole, MetadataOnly };

/// One request to the API, with the words for its errors.
struct ApiCall {
    HttpRequest request;
    std::string verb; // RBAC's
    std::string resource;

    static ApiCall get(const ResourcePath& path, const Query& query = {});
    static ApiCall getTarget(std::string target); // `/version`, `/healthz`
    static ApiCall create(const ResourcePath& collection, std::string json);
    /// Server-side apply; `document` is YAML or JSON.
    static ApiCall apply(const ResourcePath& path, std::string document, const std::string& fieldManager, bool force);
    static ApiCall patch(const ResourcePath& path, PatchKind kind, std::string document);
    static ApiCall remove(const ResourcePath& path, std::string optionsJson = {});
};

struct ListQuery {
    ResourcePath collection;
    std::string labelSelector;
    std::string fieldSelector;
    Detail detail = Detail::Whole;
    unsigned pageSize = 500;
};

struct ListAnswer {
    std::string resourceVersion;
    std::vector<std::string> items; // each as JSON
    bool consistent = true;         // false: the list expired between two pages, and the rest is newer than its beginning
};

/// The API's verbs.  Answers with a status other than 2xx are errors here, with the server's reason.
///
/// Thread: any; the HttpClient outlives it.  Blocking calls never on the reactor, never on the UI thread.
class ApiClient {
public:
    explicit ApiClient(HttpClient& client) : m_client(client) {}

    Result<std::string> send(ApiCall call, const Cancellation& cancellation = {});
    PendingOperation request(ApiCall call, std::function<void(Result<std::string>)> done);

    Result<ListAnswer> list(ListQuery query, const Cancellation& cancellation = {});
    PendingOperation requestList(ListQuery query, std::function<void(Result<ListAnswer>)> done);

    HttpClient& http() const { return m_client; }

private:
    HttpClient& m_client;
};

} // namespace binnacle::kube
