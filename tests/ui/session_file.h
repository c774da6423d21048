// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/session/session_writer.h"
#include "tests/core/analysis/batch_builder.h"

#include <gtest/gtest.h>

#include <string>

/// A small session file, written as a recorder writes it.
namespace binnacle::tests {

inline constexpr int kSessionSeconds = 40;

/// web calls api on one host: seven requests a second, one of them failing from second 30 on.
inline telemetry::Batch sessionBatch(int second)
{
    BatchBuilder b("node-1", second);
    const auto web = b.instance("web-1", "nginx"), api = b.instance("api-1", "python");
    b.present(web, b.service("web")).present(api, b.service("api"));
    b.listen(api, endpoint("10.0.0.2", 8000), 2);
    const auto client = b.client(web, "10.0.0.1", endpoint("10.0.0.2", 8000), 1, Protocol::Http, api);
    const auto server = b.server(api, endpoint("10.0.0.2", 8000), "10.0.0.1", 2, Protocol::Http, web);
    for (const auto end : {client, server})
        b.requests(end, 7, second >= 30 ? 1 : 0);
    return b.build();
}

inline void writeSession(const std::string& file)
{
    auto writer = session::SessionWriter::create(file);
    ASSERT_TRUE(writer) << writer.error().what;
    ASSERT_TRUE((*writer)->addAgent(identity("node-1")));
    for (int second = 0; second < kSessionSeconds; ++second)
        ASSERT_TRUE((*writer)->append(sessionBatch(second)));
    ASSERT_TRUE((*writer)->close());
}

} // namespace binnacle::tests
