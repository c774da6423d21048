// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "desktop/app/main_window.h"
#include "desktop/app/screenshot.h"
#include "desktop/pages/page.h"
#include "tests/ui/sample_source.h"

#include <QTest>

#include <gtest/gtest.h>

#include <memory>

namespace binnacle::desktop {

/// Opens the same hand-made recording whatever is asked for.
inline SourceOpener openerOf(std::shared_ptr<FrameSource> source)
{
    SourceOpener opener;
    opener.openFiles = [source](const std::vector<std::string>&) -> Result<std::shared_ptr<FrameSource>> { return source; };
    opener.connectTo = [source](const std::vector<std::string>&, const std::string&) -> Result<std::shared_ptr<FrameSource>> { return source; };
    opener.checkAgent = [](const std::string& agent) -> Result<void> {
        return agent.find(':') == std::string::npos ? Result<void>(failure(ErrorCode::Invalid, "write HOST:PORT or unix:PATH")) : Result<void>();
    };
    opener.findLocalAgent = [] { return std::string(); };
    opener.findUnsaved = [] { return std::vector<UnsavedRecording>(); };
    opener.removeUnsaved = [](const std::filesystem::path&) {};
    return opener;
}

/// The real window on a recording, drawn and settled.
class WindowTest : public ::testing::Test {
protected:
    void show(std::shared_ptr<FrameSource> with)
    {
        source = std::move(with);
        window = std::make_unique<MainWindow>(Settings{.keep = false}, openerOf(source));
        window->resize(1440, 900);
        window->show();
        if (source)
            window->workspace().setSource(source);
        settle();
    }
    void settle()
    {
        const auto settled = waitUntilSettled(*window, 30000);
        ASSERT_TRUE(settled) << settled.error().what;
    }
    void moveTo(int second)
    {
        window->workspace().moveTo(SampleSource::begin() + std::chrono::seconds(second));
        settle();
    }
    void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) { QTest::keyClick(window.get(), key, modifiers); }
    Workspace& workspace() { return window->workspace(); }
    template <class T>
    T* find(const char* accessibleName)
    {
        for (T* child : window->findChildren<T*>()) {
            if (child->accessibleName() == QLatin1String(accessibleName) && child->isVisible())
                return child;
        }
        return nullptr;
    }

    std::shared_ptr<FrameSource> source;
    std::unique_ptr<MainWindow> window;
};

} // namespace binnacle::desktop
