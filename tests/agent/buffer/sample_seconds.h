// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/telemetry/batch.h"
#include "core/telemetry/dictionary_builder.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <unistd.h>

/// Seconds of a host as the buffer and the service get them: the n-th has n requests on one route and some spans.
namespace binnacle::samples {

inline constexpr std::int64_t kStartNs = 1'795'406'699'000'000'000; // 2026-11-23T04:04:59Z: second(1) begins a window of 10 s
inline constexpr EntityKey kAgent{0xa6e7, 1};

inline TimeRange secondRange(std::int64_t n)
{
    const UtcTime from = utcTime(kStartNs) + std::chrono::seconds(n);
    return {from, from + std::chrono::seconds(1)};
}

inline telemetry::Entity entityNamed(const std::string& name)
{
    telemetry::Entity entity;
    entity.key = EntityKey::ofText(name);
    entity.name = name;
    return entity;
}

inline telemetry::RequestRow requestRow(std::uint32_t end, std::uint32_t route, std::uint64_t requests)
{
    telemetry::RequestRow row;
    row.end = end;
    row.route = route;
    row.requests = requests;
    for (std::uint64_t i = 0; i < requests; ++i)
        row.latency.record(1'000'000 + i * 1'000);
    return row;
}

inline telemetry::Batch second(std::int64_t n, std::size_t spans = 2)
{
    telemetry::DictionaryBuilder names;
    telemetry::End end;
    end.side = telemetry::Side::Server;
    end.instance = names.entity(entityNamed("api"));
    end.local = {InternetAddress::fromV4(0x0100007f), 8080};
    end.protocol = Protocol::Http;
    const std::uint32_t at = names.end(end);
    const std::uint32_t route = names.string("GET /orders/{id}");
    const std::uint32_t ownRoute = names.string("GET /second/" + std::to_string(n)); // makes each chunk add to the dictionary
    telemetry::Batch batch;
    batch.range = secondRange(n);
    batch.anchor = {hostTime(static_cast<std::uint64_t>(n) * 1'000'000'000), batch.range.from, Nanoseconds(200)};
    batch.overview.emplace();
    batch.overview->requests.push_back(requestRow(at, route, static_cast<std::uint64_t>(n)));
    batch.overview->requests.push_back(requestRow(at, ownRoute, 1));
    batch.detail.emplace();
    for (std::size_t i = 0; i < spans; ++i) {
        telemetry::Span span;
        span.id = stableHash64(std::to_string(n) + '/' + std::to_string(i));
        span.end = at;
        span.route = i % 2 ? route : ownRoute;
        span.start = batch.range.from;
        span.duration = Nanoseconds(static_cast<std::int64_t>(1 + (span.id >> 44)));
        span.connection = {span.id * 0x9e3779b97f4a7c15, span.id};
        batch.detail->spans.push_back(span);
    }
    batch.dictionary = names.take();
    return batch;
}

/// A folder of the test's own, gone with it.
class ScratchFolder {
public:
    ScratchFolder()
    {
        static std::atomic<int> count{0};
        m_path = std::filesystem::temp_directory_path() / ("binnacle-test-" + std::to_string(::getpid()) + '-' + std::to_string(count++));
        std::filesystem::create_directories(m_path);
    }
    ~ScratchFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

} // namespace binnacle::samples
