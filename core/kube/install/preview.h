// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kube/install/manifest.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::kube {

struct FieldChange {
    std::string path;   // `spec.template.spec.containers[agent].image`
    std::string before; // empty: not there
    std::string after;  // empty: goes away
    friend bool operator==(const FieldChange&, const FieldChange&) = default;
};

struct ObjectChange {
    enum class Kind : std::uint8_t { Create, Change, Unchanged, Remove };
    ObjectName object;
    Kind kind = Kind::Create;
    std::vector<FieldChange> fields; // of a Change, by path
    friend bool operator==(const ObjectChange&, const ObjectChange&) = default;
};

/// What applying would do: `live` is the object now, `applied` what a dry run says it would be.  What a server writes itself (status, versions,
/// managedFields) is no change.  List items are told apart by their name where they have one.
ObjectChange compareObjects(const ObjectName& object, const std::optional<std::string>& live, std::string_view applied);

/// A field that someone else set, of a refused apply.
struct FieldConflict {
    std::string field;   // `.spec.template.spec.containers[name="agent"].image`
    std::string manager; // `helm`
    friend bool operator==(const FieldConflict&, const FieldConflict&) = default;
};

/// Out of the body of a 409; empty when it is no conflict of fields.
std::vector<FieldConflict> conflictsOf(std::string_view status);
/// Who holds what, and what to do about it.
std::string explain(const ObjectName& object, const std::vector<FieldConflict>& conflicts);

} // namespace binnacle::kube
