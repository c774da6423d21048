// SPDX-License-Identifier: Apache-2.0
// A damaged session file.  The input is a list of changes to a good one (position, bytes) and a length to cut it to:
// random bytes alone would never get past the first page.
#include "core/base/byte_reader.h"
#include "core/session/session_reader.h"
#include "core/session/session_writer.h"
#include "tests/core/telemetry/sample_batches.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

using namespace binnacle;
using namespace binnacle::session;
namespace samples = binnacle::telemetry::samples;

namespace {

std::filesystem::path file()
{
    return std::filesystem::temp_directory_path() / ("fuzz-session-" + std::to_string(getpid()) + ".binnacle");
}

const std::string& goodFile()
{
    static const std::string bytes = [] {
        std::filesystem::remove(file());
        auto writer = SessionWriter::create(file());
        if (!writer)
            std::abort();
        for (std::uint64_t sequence = 0; sequence < 12; ++sequence) {
            if (!(*writer)->append(samples::BusyHost{.ends = 2, .spans = 5}.second(sequence)))
                std::abort();
        }
        if (!(*writer)->close())
            std::abort();
        std::ifstream in(file(), std::ios::binary);
        std::atexit([] { std::filesystem::remove(file()); });
        return std::string(std::istreambuf_iterator<char>(in), {});
    }();
    return bytes;
}

std::string damaged(ByteReader in)
{
    std::string bytes = goodFile();
    const std::uint32_t cut = in.takeBigEndian<std::uint32_t>().value_or(0);
    while (const auto at = in.takeBigEndian<std::uint32_t>()) {
        const std::size_t count = in.takeBigEndian<std::uint8_t>().value_or(0) % 16;
        const auto change = in.take(std::min(count, in.left()));
        // The interesting bytes are at the beginnings of pages and of their cells.
        const std::size_t page = *at % (bytes.size() / 65536) * 65536, offset = *at >> 16 & 0x8000 ? *at >> 8 & 0xffff : *at >> 8 & 0x7f;
        if (page + offset + change->size() <= bytes.size())
            bytes.replace(page + offset, change->size(), asText(*change));
    }
    if (cut % 4 == 0)
        bytes.resize(bytes.size() - cut % bytes.size());
    return bytes;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string bytes = damaged(ByteReader(ByteView(data, size)));
    std::ofstream(file(), std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const auto reader = SessionReader::open(file());
    if (!reader)
        return 0;
    (void)(*reader)->read({utcTime(0), utcTime(std::int64_t{1} << 62)}, true, [](const telemetry::Batch& batch) {
        (void)samples::Text::of(batch);
        return true;
    });
    (void)(*reader)->info(SessionReader::Check::Everything);
    (void)(*reader)->gaps();
    return 0;
}
