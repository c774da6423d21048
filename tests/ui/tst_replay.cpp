// SPDX-License-Identifier: Apache-2.0
#include "core/session/session_writer.h"
#include "desktop/widgets/map_view.h"
#include "desktop/widgets/table_view.h"
#include "desktop/workspace/file_session.h"
#include "tests/core/analysis/batch_builder.h"
#include "tests/ui/ui_support.h"

#include <QTemporaryDir>

#include <filesystem>
#include <fstream>

namespace binnacle::desktop {
namespace {

constexpr int kSeconds = 40;

/// web calls api on one host: seven requests a second, one of them failing from second 30 on.
telemetry::Batch batchAt(int second)
{
    tests::BatchBuilder b("node-1", second);
    const auto web = b.instance("web-1", "nginx"), api = b.instance("api-1", "python");
    b.present(web, b.service("web")).present(api, b.service("api"));
    b.listen(api, tests::endpoint("10.0.0.2", 8000), 2);
    const auto client = b.client(web, "10.0.0.1", tests::endpoint("10.0.0.2", 8000), 1, Protocol::Http, api);
    const auto server = b.server(api, tests::endpoint("10.0.0.2", 8000), "10.0.0.1", 2, Protocol::Http, web);
    for (const auto end : {client, server})
        b.requests(end, 7, second >= 30 ? 1 : 0);
    return b.build();
}

class Replay : public WindowTest {
protected:
    void SetUp() override
    {
        file = (folder.path() + QStringLiteral("/session.binnacle")).toStdString();
        auto writer = session::SessionWriter::create(file);
        ASSERT_TRUE(writer) << writer.error().what;
        ASSERT_TRUE((*writer)->addAgent(tests::identity("node-1")));
        for (int second = 0; second < kSeconds; ++second)
            ASSERT_TRUE((*writer)->append(batchAt(second)));
        ASSERT_TRUE((*writer)->close());
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
