// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/workspace/frame_store_source.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <vector>

namespace binnacle::desktop {

/// Session files as a FrameSource: their end first, so that there is a picture at once, then everything before it.
///
/// Reads on a pool thread; what is wrong with a file becomes its origin's sentence.  Several files are one recording.
/// Destruction stops the reading and does not wait for it.  Thread: any.
class FileSession : public FrameStoreSource {
public:
    /// Returns at once; fails only when there is no file to read at all.
    static Result<std::shared_ptr<FileSession>> open(std::vector<std::filesystem::path> files);
    ~FileSession() override;

    bool grows() const override { return false; }
    Result<void> saveAs(const std::string& file) override;

private:
    explicit FileSession(std::vector<std::filesystem::path> files);

    std::vector<std::filesystem::path> m_files;
    std::shared_ptr<std::atomic<bool>> m_cancelled = std::make_shared<std::atomic<bool>>(false);
};

} // namespace binnacle::desktop
