// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace binnacle::kube {

/// Which object of a cluster.
struct ObjectName {
    std::string kind;      // DaemonSet
    std::string nameSpace; // empty for objects of the whole cluster
    std::string name;

    std::string words() const; // `DaemonSet binnacle/binnacle-agent`
    friend bool operator==(const ObjectName&, const ObjectName&) = default;
};

/// Where the API server keeps a kind; one row for each kind that installing touches.
struct KindFacts {
    std::string_view kind;
    std::string_view group;   // empty: core
    std::string_view version; // v1
    std::string_view plural;  // daemonsets
    bool isNamespaced;
};
const std::vector<KindFacts>& installedKinds();
/// A kind without a row is a fault: manifests are our own.
const KindFacts& factsOf(std::string_view kind);

/// `/apis/apps/v1/namespaces/binnacle/daemonsets/binnacle-agent`; all of its kind when the name is empty, in all namespaces when that is.
std::string pathOf(const ObjectName& object);

/// One object that Binnacle puts into a cluster, as JSON.
struct Manifest {
    ObjectName object;
    std::string json;
};

/// JSON as YAML that a person can read and `kubectl apply -f -` takes; keys keep their order.  An error names the place in `json`.
Result<std::string> toYaml(std::string_view json);
/// Documents, each begun by `---`.
std::string toYaml(const std::vector<Manifest>& manifests);

} // namespace binnacle::kube
