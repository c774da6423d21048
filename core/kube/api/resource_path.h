// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace binnacle::kube {

/// A kind of object as the API's paths name it.
struct ResourceKind {
    std::string group; // empty: the core group
    std::string version = "v1";
    std::string plural; // `pods`
    friend bool operator==(const ResourceKind&, const ResourceKind&) = default;
};

using Query = std::vector<std::pair<std::string, std::string>>; // plain text; keys may repeat

/// One object, its subresource, or a collection of them.
struct ResourcePath {
    ResourceKind kind;
    std::string namespaceName; // empty: all of the cluster
    std::string name;          // empty: the collection
    std::string subresource;

    std::string toTarget(const Query& query = {}) const; // percent-encoded
    std::string toWords() const;                         // `pods/portforward of web-1 in namespace shop`
};

std::string withQuery(std::string target, const Query& query);

} // namespace binnacle::kube
