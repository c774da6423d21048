// SPDX-License-Identifier: Apache-2.0
#include "core/base/catalog.h"
#include "core/telemetry/batch.h"
#include "core/telemetry/segment.h"

#include "binnacle/v1/batch.pb.h"
#include "binnacle/v1/common.pb.h"

#include <gtest/gtest.h>

#include <cctype>
#include <map>

namespace v1 = binnacle::v1;

namespace {

/// DataRingFull → DATA_RING_FULL.
std::string upperSnake(std::string_view symbol)
{
    std::string name;
    for (const char c : symbol) {
        if (std::isupper(static_cast<unsigned char>(c)) && !name.empty())
            name += '_';
        name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return name;
}

std::map<int, std::string> protoValues(const google::protobuf::EnumDescriptor* descriptor, std::string_view prefix)
{
    std::map<int, std::string> values;
    for (int i = 0; i < descriptor->value_count(); ++i) {
        std::string name = descriptor->value(i)->name();
        EXPECT_TRUE(name.starts_with(prefix)) << name;
        name.erase(0, prefix.size());
        if (name != "UNSPECIFIED")
            values.emplace(descriptor->value(i)->number(), name);
    }
    return values;
}

} // namespace

TEST(Catalog, protocolsAreThoseOfTheWire)
{
    const std::map<int, std::string> listed{
#define BN_PROTOCOL(symbol, number, name, label) {number, upperSnake(#symbol)},
#include "proto/catalog/protocols.def"
#undef BN_PROTOCOL
    };
    EXPECT_EQ(protoValues(v1::Protocol_descriptor(), "PROTOCOL_"), listed);
}

TEST(Catalog, lossesAreThoseOfTheWire)
{
    const std::map<int, std::string> listed{
#define BN_LOSS(symbol, number, place, reason, unit, advice) {number, upperSnake(#symbol)},
#include "proto/catalog/losses.def"
#undef BN_LOSS
    };
    EXPECT_EQ(protoValues(v1::Loss_descriptor(), "LOSS_"), listed);
}

TEST(Catalog, eventKindsAreThoseOfTheWire)
{
    const std::map<int, std::string> listed{
#define BN_EVENT_KIND(symbol, number, name, label) {number, upperSnake(#symbol)},
#include "proto/catalog/event_kinds.def"
#undef BN_EVENT_KIND
    };
    EXPECT_EQ(protoValues(v1::EventKind_descriptor(), "EVENT_KIND_"), listed);
}

TEST(Catalog, smallEnumsAreThoseOfTheWire)
{
    using namespace binnacle::telemetry;
    EXPECT_EQ(int(ChunkKind::Overview), v1::CHUNK_KIND_OVERVIEW);
    EXPECT_EQ(int(ChunkKind::Detail), v1::CHUNK_KIND_DETAIL);
    EXPECT_EQ(int(Level::Second), v1::LEVEL_SECOND);
    EXPECT_EQ(int(Level::TenSeconds), v1::LEVEL_TEN_SECONDS);
    EXPECT_EQ(int(Level::Minute), v1::LEVEL_MINUTE);
    EXPECT_EQ(int(Level::TenMinutes), v1::LEVEL_TEN_MINUTES);
    EXPECT_EQ(int(EntityKind::Host), v1::ENTITY_KIND_HOST);
    EXPECT_EQ(int(EntityKind::Service), v1::ENTITY_KIND_SERVICE);
    EXPECT_EQ(int(EntityKind::Instance), v1::ENTITY_KIND_INSTANCE);
    EXPECT_EQ(int(ServiceKind::Process), v1::SERVICE_KIND_PROCESS);
    EXPECT_EQ(int(ServiceKind::Workload), v1::SERVICE_KIND_WORKLOAD);
    EXPECT_EQ(int(ServiceKind::External), v1::SERVICE_KIND_EXTERNAL);
    EXPECT_EQ(int(ServiceKind::Kubernetes), v1::SERVICE_KIND_KUBERNETES);
    EXPECT_EQ(int(Side::Client), v1::SIDE_CLIENT);
    EXPECT_EQ(int(Side::Server), v1::SIDE_SERVER);
}
