// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/compression.h"
#include "tests/core/session/golden_session.h"

using namespace binnacle;
using namespace binnacle::session;
using namespace binnacle::session::samples;

TEST(GoldenSession, theFileOfVersionOneStaysReadable)
{
    const Folder folder;
    const std::string packed = bytesOfFile(std::filesystem::path(BN_GOLDEN_FOLDER) / "v1.binnacle.zst");
    const auto bytes = telemetry::decompress(asBytes(packed));
    ASSERT_TRUE(bytes) << bytes.error().what;
    writeFile(folder / "v1.binnacle", *bytes);
    const std::string expected = bytesOfFile(std::filesystem::path(BN_GOLDEN_FOLDER) / "v1.txt");
    const auto reader = openOrFail(folder / "v1.binnacle");
    ASSERT_TRUE(reader);
    std::string text;
    ASSERT_TRUE(reader->read(allTime(), true, [&](const telemetry::Batch& batch) {
        text += Text::of(batch);
        return true;
    }));
    EXPECT_EQ(text, expected);
    EXPECT_EQ(reader->agents(), (std::vector{identity({0xa, 0xb}), identity({0xc, 0xd})}));
    ASSERT_EQ(reader->gaps().size(), 1u);
    EXPECT_EQ(reader->gaps()[0].what, kGoldenGap.what);
    EXPECT_EQ(reader->clockOffsets(), std::vector{kGoldenOffset});
    const SessionInfo info = reader->info(SessionReader::Check::Everything);
    EXPECT_TRUE(info.complete);
    EXPECT_EQ(info.segments, 8u);
}
