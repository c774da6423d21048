// SPDX-License-Identifier: Apache-2.0
// Writes v1.binnacle.zst and v1.txt of tests/golden/session.  Was run once for this version of the format; kept to show how.
// Compressed, because most of so small a file are the empty ends of its 64 KiB pages.
#include "core/telemetry/compression.h"
#include "tests/core/session/golden_session.h"

#include <iostream>

using namespace binnacle;
using namespace binnacle::session;
using namespace binnacle::session::samples;

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::cerr << "usage: make_golden_session FOLDER\n";
        return 2;
    }
    const std::filesystem::path folder(argv[1]);
    auto writer = SessionWriter::create(folder / "v1.binnacle", {.programVersion = "0.1.0"});
    if (!writer) {
        std::cerr << writer.error().what << '\n';
        return 1;
    }
    SessionWriter& session = **writer;
    std::ofstream text(folder / "v1.txt", std::ios::binary);
    bool good = session.addAgent(identity({0xa, 0xb})) && session.addAgent(identity({0xc, 0xd})) && session.addGap(kGoldenGap) && session.addClockOffset(kGoldenOffset);
    for (const telemetry::Batch& batch : goldenBatches()) {
        good = good && session.append(batch);
        text << Text::of(batch);
    }
    good = good && session.close();
    writer->reset();
    const std::string bytes = bytesOfFile(folder / "v1.binnacle");
    writeFile(folder / "v1.binnacle.zst", telemetry::compress(asBytes(bytes), 19));
    std::filesystem::remove(folder / "v1.binnacle");
    return good ? 0 : 1;
}
