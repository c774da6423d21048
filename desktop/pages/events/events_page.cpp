// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/pages/events/events_page.h"

#include "desktop/pages/table_page.h"
#include "desktop/viewmodels/connection_table.h"

namespace binnacle::desktop {

namespace {

class EventsPage : public TablePage<EventRow, EventTable> {
public:
    EventsPage(Workspace& workspace, QWidget* parent)
        : TablePage(workspace,
                    {tr("Events"), tr("Nothing changed"),
                     tr("No program started or ended, nothing began or stopped listening and nothing was deployed or scaled in this range."), tr("%1 in this range")},
                    &eventRows, 3, parent)
    {
        view().sortByColumn(0, Qt::DescendingOrder);
    }
};

} // namespace

const PageDescriptor kEventsPage{"events", QT_TRANSLATE_NOOP("Page", "Events"), "events", 5,
                                 [](Workspace& workspace, QWidget* parent) -> Page* { return new EventsPage(workspace, parent); }};

} // namespace binnacle::desktop
