// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/conntrack/conntrack_message.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>

namespace binnacle::agent::conntrack {

namespace {

constexpr std::size_t align(std::size_t length) { return (length + 3) & ~std::size_t{3}; }
constexpr std::uint16_t kTypeMask = static_cast<std::uint16_t>(NLA_TYPE_MASK);

class MessageWriter {
public:
    explicit MessageWriter(std::vector<std::uint8_t>& bytes) : m_bytes(bytes) {}

    template <class T>
    void raw(const T& value)
    {
        const auto* from = reinterpret_cast<const std::uint8_t*>(&value);
        m_bytes.insert(m_bytes.end(), from, from + sizeof value);
        m_bytes.resize(align(m_bytes.size()));
    }
    void attribute(std::uint16_t type, const void* value, std::size_t size)
    {
        raw(nlattr{static_cast<std::uint16_t>(sizeof(nlattr) + size), type});
        const auto* from = static_cast<const std::uint8_t*>(value);
        m_bytes.insert(m_bytes.end(), from, from + size);
        m_bytes.resize(align(m_bytes.size()));
    }
    std::size_t open(std::uint16_t type)
    {
        const std::size_t at = m_bytes.size();
        raw(nlattr{0, static_cast<std::uint16_t>(type | NLA_F_NESTED)});
        return at;
    }
    void close(std::size_t at)
    {
        const auto length = static_cast<std::uint16_t>(m_bytes.size() - at);
        std::memcpy(m_bytes.data() + at, &length, sizeof length);
    }

private:
    std::vector<std::uint8_t>& m_bytes;
};

void writeAddress(MessageWriter& writer, std::uint16_t v4, std::uint16_t v6, const InternetAddress& address)
{
    if (address.isV4())
        writer.attribute(v4, address.bytes.data() + 12, 4);
    else
        writer.attribute(v6, address.bytes.data(), 16);
}

/// Calls `visit(type, value)` for each attribute; stops at the first that does not fit.
template <class F>
void forEachAttribute(ByteView bytes, F&& visit)
{
    while (bytes.size() >= sizeof(nlattr)) {
        nlattr header;
        std::memcpy(&header, bytes.data(), sizeof header);
        if (header.nla_len < sizeof(nlattr) || header.nla_len > bytes.size())
            return;
        visit(static_cast<std::uint16_t>(header.nla_type & kTypeMask), bytes.subspan(sizeof(nlattr), header.nla_len - sizeof(nlattr)));
        bytes = bytes.subspan(std::min(align(header.nla_len), bytes.size()));
    }
}

bool readAddress(ByteView value, InternetAddress& address)
{
    if (value.size() == 4) {
        std::uint32_t networkOrder = 0;
        std::memcpy(&networkOrder, value.data(), 4);
        address = InternetAddress::fromV4(networkOrder);
        return true;
    }
    if (value.size() != 16)
        return false;
    std::ranges::copy(value, address.bytes.begin());
    return true;
}

void readPort(ByteView value, std::uint16_t& port)
{
    if (value.size() == 2)
        port = static_cast<std::uint16_t>(value[0] << 8 | value[1]);
}

/// Nothing when it is not TCP or not whole.
std::optional<FlowTuple> readTuple(ByteView bytes)
{
    FlowTuple tuple;
    bool haveSource = false, haveDestination = false;
    std::uint8_t protocol = 0;
    forEachAttribute(bytes, [&](std::uint16_t type, ByteView nested) {
        if (type == CTA_TUPLE_IP) {
            forEachAttribute(nested, [&](std::uint16_t field, ByteView value) {
                if (field == CTA_IP_V4_SRC || field == CTA_IP_V6_SRC)
                    haveSource = readAddress(value, tuple.source.address);
                else if (field == CTA_IP_V4_DST || field == CTA_IP_V6_DST)
                    haveDestination = readAddress(value, tuple.destination.address);
            });
        } else if (type == CTA_TUPLE_PROTO) {
            forEachAttribute(nested, [&](std::uint16_t field, ByteView value) {
                if (field == CTA_PROTO_NUM && value.size() == 1)
                    protocol = value[0];
                else if (field == CTA_PROTO_SRC_PORT)
                    readPort(value, tuple.source.port);
                else if (field == CTA_PROTO_DST_PORT)
                    readPort(value, tuple.destination.port);
            });
        }
    });
    if (!haveSource || !haveDestination || protocol != IPPROTO_TCP)
        return std::nullopt;
    return tuple;
}

std::optional<Flow> readFlow(ByteView attributes)
{
    std::optional<FlowTuple> original, reply;
    forEachAttribute(attributes, [&](std::uint16_t type, ByteView value) {
        if (type == CTA_TUPLE_ORIG)
            original = readTuple(value);
        else if (type == CTA_TUPLE_REPLY)
            reply = readTuple(value);
    });
    if (!original || !reply)
        return std::nullopt;
    return Flow{*original, *reply};
}

} // namespace

std::vector<std::uint8_t> requestFor(const FlowTuple& original, std::uint32_t sequence)
{
    std::vector<std::uint8_t> bytes;
    const bool v4 = original.source.address.isV4();
    if (v4 != original.destination.address.isV4())
        return bytes;
    MessageWriter writer(bytes);
    nlmsghdr header{};
    header.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
    header.nlmsg_flags = NLM_F_REQUEST;
    header.nlmsg_seq = sequence;
    writer.raw(header);
    writer.raw(nfgenmsg{static_cast<std::uint8_t>(v4 ? AF_INET : AF_INET6), NFNETLINK_V0, 0});
    const std::size_t tuple = writer.open(CTA_TUPLE_ORIG);
    const std::size_t addresses = writer.open(CTA_TUPLE_IP);
    writeAddress(writer, CTA_IP_V4_SRC, CTA_IP_V6_SRC, original.source.address);
    writeAddress(writer, CTA_IP_V4_DST, CTA_IP_V6_DST, original.destination.address);
    writer.close(addresses);
    const std::size_t protocol = writer.open(CTA_TUPLE_PROTO);
    const std::uint8_t tcp = IPPROTO_TCP;
    const std::uint16_t from = htons(original.source.port), to = htons(original.destination.port);
    writer.attribute(CTA_PROTO_NUM, &tcp, sizeof tcp);
    writer.attribute(CTA_PROTO_SRC_PORT, &from, sizeof from);
    writer.attribute(CTA_PROTO_DST_PORT, &to, sizeof to);
    writer.close(protocol);
    writer.close(tuple);
    const auto length = static_cast<std::uint32_t>(bytes.size());
    std::memcpy(bytes.data(), &length, sizeof length);
    return bytes;
}

std::optional<Message> nextMessage(ByteView& rest)
{
    nlmsghdr header;
    if (rest.size() < sizeof header)
        return std::nullopt;
    std::memcpy(&header, rest.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size())
        return std::nullopt;
    const ByteView body = rest.subspan(sizeof header, header.nlmsg_len - sizeof header);
    rest = rest.subspan(std::min(align(header.nlmsg_len), rest.size()));
    Message message;
    message.sequence = header.nlmsg_seq;
    if (header.nlmsg_type == NLMSG_ERROR && body.size() >= sizeof(int)) {
        message.isError = true;
        std::memcpy(&message.error, body.data(), sizeof(int));
        message.error = -message.error;
    } else if (header.nlmsg_type == (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) && body.size() >= sizeof(nfgenmsg)) {
        message.isNew = true;
        message.flow = readFlow(body.subspan(sizeof(nfgenmsg)));
    }
    return message;
}

} // namespace binnacle::agent::conntrack
