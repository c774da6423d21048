// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/app/page_list.h"

#include "desktop/pages/connections/connections_page.h"
#include "desktop/pages/events/events_page.h"
#include "desktop/pages/inflight/inflight_page.h"
#include "desktop/pages/losses/losses_page.h"
#include "desktop/pages/map/map_page.h"
#include "desktop/pages/services/services_page.h"

#include <algorithm>
#include <array>

namespace binnacle::desktop {

std::span<const PageDescriptor* const> pageList()
{
    static constexpr std::array pages{&kMapPage, &kServicesPage, &kConnectionsPage, &kInFlightPage, &kEventsPage, &kLossesPage};
    return pages;
}

const PageDescriptor* findPage(const QString& id)
{
    const auto pages = pageList();
    const auto at = std::find_if(pages.begin(), pages.end(), [&id](const PageDescriptor* page) { return id == QLatin1String(page->id); });
    return at == pages.end() ? nullptr : *at;
}

QString pageIds()
{
    QStringList ids;
    for (const PageDescriptor* page : pageList())
        ids.append(QLatin1String(page->id));
    return ids.join(QStringLiteral(", "));
}

} // namespace binnacle::desktop
