// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/base/result.h"
#include "core/kube/net/http_message.h"

#include <string>
#include <string_view>
#include <vector>

namespace binnacle::kube {

/// What the API says when it does not do what was asked: a `Status` object, or plain text from something in between.
struct ApiStatus {
    int code = 0;              // of the Status, else HTTP's
    std::string reason;        // `Forbidden`, `Expired`; empty when no Status came
    std::string message;       // the server's sentence, one line, at most 1000 bytes
    std::string freshContinue; // of a list that expired between pages
    std::vector<std::string> causes; // `reason: message` of details.causes
    bool fromApi = false;      // a Status object: the API server itself has spoken
};

ApiStatus decodeStatus(int httpStatus, std::string_view body);

/// The sentence for a person.  `verb` and `resource` say what was tried, in RBAC's words: `create`, `pods/portforward in namespace x`.
Error toError(const ApiStatus& status, std::string_view verb, std::string_view resource);

} // namespace binnacle::kube
