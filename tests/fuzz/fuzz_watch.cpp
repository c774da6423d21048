// SPDX-License-Identifier: Apache-2.0
// A watch's bytes: chunks to lines, lines to events, events to objects; and what an API server says when it refuses.
#include "core/base/byte_view.h"
#include "core/kube/api/api_status.h"
#include "core/kube/api/internal/json.h"
#include "core/kube/api/internal/known_objects.h"
#include "core/kube/api/watch_framing.h"

#include <nlohmann/json.hpp>

#include <cstdlib>

using namespace binnacle;
using namespace binnacle::kube;

namespace {

class Teller final : public WatchSink {
public:
    void added(const WatchedObject& object) override { told += "+" + object.name + object.toText(); }
    void updated(const WatchedObject& object) override { told += "~" + object.name; }
    void deleted(const WatchedObject& object) override { told += "-" + object.name; }
    void synced() override {}
    void gap(const std::string&) override {}
    void troubled(const Error&) override {}
    std::string told;
};

std::string told(std::string_view bytes, std::size_t cut)
{
    LineFramer lines(1u << 16);
    Teller teller;
    KnownObjects known(teller);
    for (const std::string_view part : {bytes.substr(0, cut), bytes.substr(cut)}) {
        lines.feed(part);
        for (;;) {
            const auto line = lines.next();
            if (!line)
                return teller.told + "!";
            if (!*line)
                break;
            const Json event = parseJson(**line);
            if (watchEventKind(textAt(event, "type")) == WatchEventKind::Deleted)
                known.absent(memberOf(event, "object"));
            else
                known.present(memberOf(event, "object"));
        }
    }
    return teller.told;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size < 2)
        return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    if (told(bytes, (data[0] | data[1] << 8) % (bytes.size() + 1)) != told(bytes, bytes.size()))
        std::abort();
    (void)toError(decodeStatus(data[0] + 300, bytes), "get", "pods");
    return 0;
}
