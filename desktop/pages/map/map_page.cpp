// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/pages/map/map_page.h"

#include "desktop/pages/map/side_panel.h"
#include "desktop/viewmodels/map_scene.h"
#include "desktop/widgets/design_tokens.h"
#include "desktop/widgets/icons.h"
#include "desktop/widgets/map_view.h"
#include "desktop/workspace/latest_answer.h"

#include <QBoxLayout>
#include <QFrame>
#include <QToolButton>

namespace binnacle::desktop {

namespace {

constexpr int kPanelWidth = 348;

class MapPage : public Page {
public:
    MapPage(Workspace& workspace, QWidget* parent);

    bool isSettled() const override { return Page::isSettled() && !m_job.isBusy(); }
    QWidget* mainWidget() override { return m_map; }

protected:
    void refresh() override;

private:
    void buildTools();
    void addTool(const char* iconName, const QString& text, const QKeySequence& keys, std::function<void()> run);
    void show(MapAnswer answer, const analysis::SnapshotPtr& snapshot);
    void focusOn(const std::string& id);
    void focusSelected();
    void tidy();
    void selectFirstMatch();

    MapView* m_map;
    SidePanel* m_panel;
    QFrame* m_tools;
    MapMemoryPtr m_memory;
    const FrameSource* m_memoryOf = nullptr; // compared, never used
    LatestAnswer m_job{this};
};

MapPage::MapPage(Workspace& workspace, QWidget* parent) : Page(workspace, parent)
{
    auto* content = new QWidget(this);
    m_map = new MapView(content);
    m_panel = new SidePanel(workspace, content);
    m_panel->setFixedWidth(kPanelWidth);
    auto* row = new QHBoxLayout(content);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(m_map, 1);
    row->addWidget(m_panel);
    setContent(content);
    buildTools();
    connect(m_map, &MapView::selected, this, [this](const Selection& selection) { this->workspace().select(selection); });
    connect(m_map, &MapView::focusWanted, this, [this](const QString& id) { focusOn(id.toStdString()); });
}

void MapPage::buildTools()
{
    m_tools = new QFrame(m_map);
    m_tools->setProperty("role", QStringLiteral("card"));
    auto* row = new QHBoxLayout(m_tools);
    row->setContentsMargins(3, 3, 3, 3);
    row->setSpacing(1);
    addTool("minus", tr("Zoom out"), QKeySequence(Qt::CTRL | Qt::Key_Minus), [this] { m_map->zoomOut(); });
    addTool("plus", tr("Zoom in"), QKeySequence(Qt::CTRL | Qt::Key_Equal), [this] { m_map->zoomIn(); });
    addTool("fit", tr("Show the whole map"), QKeySequence(Qt::CTRL | Qt::Key_0), [this] { m_map->fit(); });
    addTool("focus", tr("Only the neighbours of the chosen service"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_F), [this] { focusSelected(); });
    addTool("tidy", tr("Arrange the map anew"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_T), [this] { tidy(); });
    addPageAction(tr("Select the first match of the filter"), QKeySequence(Qt::CTRL | Qt::Key_G), [this] { selectFirstMatch(); });
    m_tools->adjustSize();
    m_tools->move(Space::kMedium, Space::kMedium);
}

void MapPage::addTool(const char* iconName, const QString& text, const QKeySequence& keys, std::function<void()> run)
{
    QAction* action = addPageAction(text, keys, std::move(run));
    action->setIcon(icon(iconName));
    auto* button = new QToolButton(m_tools);
    button->setProperty("flat", true);
    button->setIcon(action->icon());
    button->setIconSize({18, 18});
    button->setToolTip(QStringLiteral("%1 (%2)").arg(text, keys.toString(QKeySequence::NativeText)));
    button->setAccessibleName(text);
    connect(button, &QToolButton::clicked, action, &QAction::trigger);
    m_tools->layout()->addWidget(button);
}

void MapPage::refresh()
{
    const analysis::SnapshotPtr snapshot = workspace().snapshot();
    m_map->setFilter(workspace().filter());
    m_map->setSelection(workspace().selection());
    if (workspace().source().get() != m_memoryOf) { // another recording has other places
        m_memory.reset();
        m_memoryOf = workspace().source().get();
    }
    if (!snapshot) {
        m_map->show({});
        m_panel->show(nullptr, workspace().selection());
        showContentOr(0, 0, {}, {});
        return;
    }
    m_panel->show(snapshot, workspace().selection());
    m_job.ask([snapshot, memory = m_memory] { return buildMapScene(*snapshot, memory); },
              [this, snapshot](MapAnswer answer) { show(std::move(answer), snapshot); });
}

void MapPage::show(MapAnswer answer, const analysis::SnapshotPtr& snapshot)
{
    if (workspace().source().get() != m_memoryOf)
        return; // of the recording before this one
    m_memory = std::move(answer.memory);
    m_map->show(std::move(answer.scene));
    m_map->setSelection(workspace().selection());
    showContentOr(snapshot->nodes.size(), 0, tr("No services"), tr("Nothing listened or talked in this range."));
}

void MapPage::focusOn(const std::string& id)
{
    m_map->setFocusNode(id == m_map->focusNode() ? std::string() : id);
    if (!id.empty())
        workspace().select(NodeId{id});
}

void MapPage::focusSelected()
{
    const auto* node = std::get_if<NodeId>(&workspace().selection());
    focusOn(node ? node->value : std::string());
}

void MapPage::tidy()
{
    auto memory = std::make_shared<MapMemory>();
    memory->tidied = true;
    m_memory = std::move(memory);
    refresh();
    m_map->fit();
}

void MapPage::selectFirstMatch()
{
    const std::string id = m_map->firstMatch();
    const MapScene::Node* node = m_map->scene().findNode(id);
    if (!node)
        return;
    workspace().select(NodeId{id});
    m_map->ensureVisible(node->rect);
    m_map->setFocus();
}

} // namespace

const PageDescriptor kMapPage{"map", QT_TRANSLATE_NOOP("Page", "Map"), "map", 1,
                              [](Workspace& workspace, QWidget* parent) -> Page* { return new MapPage(workspace, parent); }};

} // namespace binnacle::desktop
