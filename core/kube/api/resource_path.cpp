// SPDX-License-Identifier: Apache-2.0
#include "core/kube/api/resource_path.h"

#include "core/kube/net/url.h"

namespace binnacle::kube {

std::string withQuery(std::string target, const Query& query)
{
    char separator = target.find('?') == std::string::npos ? '?' : '&';
    for (const auto& [key, value] : query) {
        target += separator + percentEncode(key) + "=" + percentEncode(value);
        separator = '&';
    }
    return target;
}

std::string ResourcePath::toTarget(const Query& query) const
{
    std::string target = kind.group.empty() ? "/api/" + percentEncode(kind.version) : "/apis/" + percentEncode(kind.group) + "/" + percentEncode(kind.version);
    if (!namespaceName.empty())
        target += "/namespaces/" + percentEncode(namespaceName);
    target += "/" + percentEncode(kind.plural);
    if (!name.empty())
        target += "/" + percentEncode(name);
    if (!subresource.empty())
        target += "/" + percentEncode(subresource);
    return withQuery(std::move(target), query);
}

std::string ResourcePath::toWords() const
{
    std::string words = kind.plural + (kind.group.empty() ? "" : "." + kind.group);
    if (!subresource.empty())
        words += "/" + subresource;
    if (!name.empty())
        words += " of " + name;
    if (subresource.empty() && !name.empty())
        words = kind.plural + (kind.group.empty() ? "" : "." + kind.group) + "/" + name;
    return namespaceName.empty() ? words : words + " in namespace " + namespaceName;
}

} // namespace binnacle::kube
