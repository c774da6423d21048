// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/pages/inflight/inflight_page.h"

#include "desktop/pages/table_page.h"
#include "desktop/viewmodels/connection_table.h"

namespace binnacle::desktop {

namespace {

class InFlightPage : public TablePage<InFlightRow, InFlightTable> {
public:
    InFlightPage(Workspace& workspace, QWidget* parent)
        : TablePage(workspace,
                    {tr("In flight"), tr("Nothing is in flight"),
                     tr("Every request that had begun was answered by the end of this range, and so was every connect. What hangs would be listed here, oldest first."),
                     tr("%1 unfinished at the end of the range, oldest first")},
                    &inFlightRows, 2, parent)
    {
        view().sortByColumn(0, Qt::DescendingOrder);
    }
};

} // namespace

const PageDescriptor kInFlightPage{"inflight", QT_TRANSLATE_NOOP("Page", "In flight"), "inflight", 4,
                                   [](Workspace& workspace, QWidget* parent) -> Page* { return new InFlightPage(workspace, parent); }};

} // namespace binnacle::desktop
