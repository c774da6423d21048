// SPDX-License-Identifier: Apache-2.0
#include "core/kube/tunnel/spdy_frames.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace binnacle::kube {
namespace {

TEST(Spdy, theDictionaryIsTheDrafts)
{
    const std::string_view dictionary = spdyDictionary();
    EXPECT_EQ(dictionary.size(), 1423u);
    EXPECT_EQ(adler32(adler32(0, nullptr, 0), reinterpret_cast<const Bytef*>(dictionary.data()), static_cast<uInt>(dictionary.size())), 0xe3c6a7c2u);
    SpdyHeaderPacker packer;
    EXPECT_EQ(packer.pack({{"a", "b"}}).substr(2, 4), "\xe3\xc6\xa7\xc2") << "zlib names it in its header";
}

TEST(Spdy, headerBlocksShareOneStream)
{
    SpdyHeaderPacker packer;
    SpdyHeaderUnpacker unpacker;
    for (int i = 0; i < 5; ++i) {
        const SpdyHeaders headers{{"streamtype", i % 2 ? "data" : "error"}, {"port", "8080"}, {"requestid", std::to_string(i)}};
        EXPECT_EQ(*unpacker.unpack(asBytes(packer.pack(headers))), headers);
    }
    SpdyHeaderUnpacker late;
    EXPECT_FALSE(late.unpack(asBytes(packer.pack({{"a", "b"}})))) << "a later block alone is nothing";
    SpdyHeaderUnpacker empty;
    EXPECT_FALSE(empty.unpack({}));
}

TEST(Spdy, aBlockThatGrowsTooLargeIsRefused)
{
    SpdyHeaderPacker packer;
    SpdyHeaderUnpacker unpacker;
    EXPECT_FALSE(unpacker.unpack(asBytes(packer.pack({{"a", std::string(200'000, 'x')}}))));
}

TEST(Spdy, framesMayBeCutAnywhere)
{
    SpdyHeaderPacker packer;
    std::string bytes;
    appendSpdySynStream(bytes, 1, kSpdyFin, packer.pack({{"a", "b"}}));
    appendSpdyData(bytes, 3, 0, asBytes("hello"));
    appendSpdyPing(bytes, 0x80000002u);
    appendSpdyControl(bytes, SpdyType::RstStream, 0, std::string_view("\0\0\0\x03\0\0\0\x05", 8));
    appendSpdyControl(bytes, SpdyType::Settings, 0, std::string_view("\0\0\0\0", 4));
    appendSpdyData(bytes, 3, kSpdyFin, {});
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        SpdyReader reader;
        std::string told;
        for (const std::string_view part : {std::string_view(bytes).substr(0, cut), std::string_view(bytes).substr(cut)}) {
            reader.feed(asBytes(part));
            for (auto frame = reader.next(); frame && *frame; frame = reader.next()) {
                const SpdyFrame& f = **frame;
                told += (f.type ? "c" + std::to_string(static_cast<int>(*f.type)) : "d" + std::string(asText(f.payload))) + "/" + std::to_string(f.stream)
                    + (f.status ? "!" + std::to_string(f.status) : "") + (f.isFin() ? "." : "") + " ";
            }
        }
        EXPECT_EQ(told, "c1/1. dhello/3 c6/2147483650 c3/3!5 c4/0 d/3. ") << cut;
    }
}

TEST(Spdy, offencesAreRefused)
{
    for (const std::string& bytes : {std::string("\x80\x02\0\x01\0\0\0\0", 8), std::string("\x80\x03\0\x05\0\0\0\0", 8), std::string("\x80\x03\0\x63\0\0\0\0", 8),
                                     std::string("\x80\x03\0\x01\0\0\0\x04\0\0\0\x01", 12), std::string("\x80\x03\0\x06\0\0\0\0", 8)}) {
        SpdyReader reader;
        reader.feed(asBytes(bytes));
        EXPECT_FALSE(reader.next());
    }
}

} // namespace
} // namespace binnacle::kube
