// SPDX-License-Identifier: Apache-2.0
#include "desktop/widgets/map_view.h"
#include "desktop/widgets/table_view.h"
#include "desktop/workspace/file_session.h"
#include "tests/ui/session_file.h"
#include "tests/ui/ui_support.h"

#include <QTemporaryDir>

#include <filesystem>
#include <fstream>

namespace binnacle::desktop {
namespace {

constexpr int kSeconds = tests::kSessionSeconds;

class Replay : public WindowTest {
protected:
    void SetUp() override
    {
        file = (folder.path() + QStringLiteral("/session.binnacle")).toStdString();
        tests::writeSession(file);
    }
    void open()
    {
        auto opened = FileSession::open({file});
        ASSERT_TRUE(opened);
        show(*opened);
    }

    QTemporaryDir folder;
    std::string file;
};

TEST_F(Replay, pagesShowTheFilesExactCounts)
{
    open();
    EXPECT_EQ(workspace().covered(), (TimeRange{tests::second(0), tests::second(kSeconds)}));
    const auto& edges = workspace().snapshot()->edges;
    ASSERT_EQ(edges.size(), 1u);
    EXPECT_EQ(edges[0].chosen.requests, 7u * kSeconds);
    EXPECT_EQ(edges[0].chosen.errors, 10u);
    EXPECT_EQ(find<MapView>("Service map")->scene().nodes.size(), 2u);
    window->showPage(QStringLiteral("services"));
    settle();
    EXPECT_EQ(find<TableView>("Services")->sorted().rowCount(), 2);
}

TEST_F(Replay, scrubbingBackShowsTheTimeBefore)
{
    open();
    workspace().moveTo(tests::second(20));
    settle();
    EXPECT_EQ(workspace().snapshot()->edges.at(0).chosen.errors, 0u);
    EXPECT_EQ(workspace().snapshot()->edges.at(0).chosen.requests, 7u * 20);
}

TEST_F(Replay, aFileThatIsNoneSaysSo)
{
    std::ofstream(file, std::ios::trunc) << "this is no session";
    open();
    ASSERT_EQ(workspace().origins().size(), 1u);
    EXPECT_EQ(workspace().origins()[0].state, OriginState::Failed);
    EXPECT_FALSE(workspace().origins()[0].sentence.empty());
    EXPECT_TRUE(window->currentPage()->shownEmptyState());
}

TEST_F(Replay, saveAsReplacesAndOpensTheSame)
{
    open();
    const std::string copy = (folder.path() + QStringLiteral("/copy.binnacle")).toStdString();
    std::ofstream(copy) << "something old";
    const auto saved = workspace().source()->saveAs(copy);
    ASSERT_TRUE(saved) << saved.error().what;
    file = copy;
    open();
    EXPECT_EQ(workspace().snapshot()->edges.at(0).chosen.requests, 7u * kSeconds);
    EXPECT_FALSE(std::filesystem::exists(copy + ".part"));
}

} // namespace
} // namespace binnacle::desktop
