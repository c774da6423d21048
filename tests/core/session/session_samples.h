// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/session/session_reader.h"
#include "core/session/session_writer.h"
#include "tests/core/telemetry/sample_batches.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace binnacle::session::samples {

using namespace telemetry::samples;

/// A folder that goes away with the test.
class Folder {
public:
    Folder()
    {
        static int count = 0;
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        std::random_device device;
        m_path = std::filesystem::temp_directory_path()
                 / ("bn-" + std::string(test ? test->name() : "main") + std::to_string(device()) + '-' + std::to_string(++count));
        std::filesystem::create_directories(m_path);
    }
    ~Folder() { std::filesystem::remove_all(m_path); }
    std::filesystem::path operator/(const std::string& name) const { return m_path / name; }
    const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

/// Texts of batches by (agent, sequence).
using Texts = std::map<std::pair<EntityKey, std::uint64_t>, std::string>;

inline TimeRange allTime()
{
    return {utcTime(0), utcTime(std::int64_t{1} << 62)};
}

inline Texts textsOf(const telemetry::BatchSource& source, bool withDetail = true, TimeRange range = allTime())
{
    Texts texts;
    const auto done = source.read(range, withDetail, [&](const telemetry::Batch& batch) {
        EXPECT_TRUE(texts.emplace(std::pair(batch.key.agent, batch.key.sequence), Text::of(batch)).second) << "given twice: " << batch.key.sequence;
        return true;
    });
    EXPECT_TRUE(done) << done.error().what;
    return texts;
}

inline std::unique_ptr<SessionReader> openOrFail(const std::filesystem::path& file, ReaderOptions options = {})
{
    auto reader = SessionReader::open(file, options);
    EXPECT_TRUE(reader) << reader.error().what;
    return reader ? std::move(*reader) : nullptr;
}

inline telemetry::AgentIdentity identity(EntityKey agent, std::uint32_t epoch = 1)
{
    return {.agent = agent, .host = "node-" + std::to_string(agent.low), .bootId = "boot", .version = "0.1.0", .kernel = "6.1.0", .epoch = epoch, .captureSource = "socket"};
}

/// A closed session of two hosts; returns what is in it.
inline Texts writeSession(const std::filesystem::path& file, std::uint64_t seconds, int ends = 20, int spans = 100)
{
    Texts texts;
    auto writer = SessionWriter::create(file);
    EXPECT_TRUE(writer) << writer.error().what;
    const BusyHost hosts[] = {{.seed = 1, .ends = ends, .spans = spans, .agent = {1, 1}}, {.seed = 2, .ends = ends, .spans = spans, .traced = true, .agent = {2, 2}}};
    for (const BusyHost& host : hosts)
        EXPECT_TRUE((*writer)->addAgent(identity(host.agent)));
    for (std::uint64_t sequence = 0; sequence < seconds; ++sequence) {
        for (const BusyHost& host : hosts) {
            const telemetry::Batch batch = host.second(sequence);
            EXPECT_TRUE((*writer)->append(batch));
            texts[{host.agent, sequence}] = Text::of(batch);
        }
    }
    EXPECT_TRUE((*writer)->close());
    return texts;
}

inline std::string bytesOfFile(const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void writeFile(const std::filesystem::path& file, std::string_view bytes)
{
    std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

} // namespace binnacle::session::samples
