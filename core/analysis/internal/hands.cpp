// SPDX-License-Identifier: Apache-2.0
#include "core/analysis/internal/hands.h"

#include "core/analysis/internal/sort_unique.h"

#include <algorithm>
#include <optional>

namespace binnacle::analysis::internal {

namespace {

using telemetry::Side;

/// Who may be at the other end, and when.
class Owners {
public:
    Owners(const Directory& directory, const KnownEnd& end) : m_directory(directory), m_end(end)
    {
        if (end.remoteInstance != kNone)
            return; // told by the kernel
        if (end.side == Side::Server)
            addClient();
        else
            addServer();
    }

    bool several() const { return m_several; }
    const std::vector<const Spells*>& spells() const { return m_spells; }

private:
    void addClient()
    {
        if (m_end.remote.address.isLoopback())
            return;
        addPlaces([](const AddressUse&) {});
        addLeads({m_end.remote.address, 0});
    }

    void addServer()
    {
        if (m_end.remote.address.isLoopback() || m_end.remote.address.isUnspecified()) {
            addListeners(m_end.place);
            return;
        }
        if (addLeads(m_end.remote))
            return; // whoever listens there
        addPlaces([this](const AddressUse& use) { addListeners(use.place); });
        addLeads({m_end.remote.address, 0});
        if (!m_service)
            addLeads(m_end.dialled);
    }

    template <class F>
    void addPlaces(F&& each)
    {
        const std::vector<AddressUse>* uses = m_directory.findUses(m_end.remote.address);
        if (!uses || uses->size() > kMaxPlacesOfAddress)
            return;
        m_several = m_several || uses->size() > 1;
        for (const AddressUse& use : *uses) {
            m_spells.push_back(&use.seen);
            each(use);
        }
    }

    void addListeners(Place place)
    {
        const std::vector<std::uint32_t>* listeners = m_directory.findListeners(place, m_end.remote.port);
        if (!listeners)
            return;
        for (const std::uint32_t index : *listeners) {
            const KnownListener& listener = m_directory.listeners()[index];
            if (listener.instance == kNone || (listener.local.address != m_end.remote.address && !listener.local.address.isUnspecified()))
                continue;
            m_spells.push_back(&listener.seen);
            m_several = m_several || (m_listener != kNone && m_listener != listener.instance);
            m_listener = listener.instance;
            noteService(m_directory.instances()[listener.instance].service);
        }
    }

    bool addLeads(const Endpoint& address)
    {
        const std::vector<KnownLead>* leads = m_directory.findLeads(address);
        if (!leads)
            return false;
        m_several = m_several || leads->size() > 1;
        for (const KnownLead& lead : *leads) {
            m_spells.push_back(&lead.seen);
            noteService(lead.service);
        }
        return true;
    }

    void noteService(std::uint32_t service)
    {
        m_several = m_several || (m_service && *m_service != service);
        m_service = service;
    }

    const Directory& m_directory;
    const KnownEnd& m_end;
    bool m_several = false;
    std::uint32_t m_listener = kNone; // instance
    std::optional<std::uint32_t> m_service;
    std::vector<const Spells*> m_spells;
};

} // namespace

bool Hands::several(std::uint32_t end)
{
    if (end >= m_known.size())
        m_known.resize(m_directory.ends().size());
    Known& known = m_known[end];
    if (known.version != m_directory.version())
        known = {m_directory.version(), Owners(m_directory, m_directory.ends()[end]).several()};
    return known.several;
}

UtcTime Hands::since(std::uint32_t end, UtcTime at)
{
    UtcTime begin = UtcTime::min();
    if (end == kNone || !several(end))
        return begin;
    const auto consider = [&](UtcTime change) {
        if (change <= at)
            begin = std::max(begin, change);
    };
    const Owners owners(m_directory, m_directory.ends()[end]);
    for (const Spells* spells : owners.spells()) {
        for (const Seen& spell : spells->all()) {
            consider(spell.first);
            consider(spell.last);
        }
    }
    return begin;
}

std::vector<UtcTime> Hands::changes(std::uint32_t end)
{
    std::vector<UtcTime> times;
    if (!several(end))
        return times;
    const Owners owners(m_directory, m_directory.ends()[end]);
    for (const Spells* spells : owners.spells()) {
        for (const Seen& spell : spells->all())
            times.insert(times.end(), {spell.first, spell.last});
    }
    sortUnique(times);
    if (times.size() > kMaxChanges)
        times.erase(times.begin(), times.end() - kMaxChanges);
    return times;
}

} // namespace binnacle::analysis::internal
