// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/result.h"
#include "desktop/app/source_opener.h"
#include "desktop/widgets/theme.h"

#include <QImage>
#include <QSize>
#include <QString>

#include <optional>
#include <string>

namespace binnacle::desktop {

class MainWindow;

/// What a picture is to show.
struct PictureWish {
    std::string file;
    QString page = QStringLiteral("map");
    std::optional<std::string> at; // a TIME; the range ends there
    QSize size{1600, 1000};        // logical pixels
    ThemeKind theme = ThemeKind::Dark;
    QString select;                // node or edge id; empty for none
};

/// Waits until the window shows what was asked for, up to `patienceMs`; an error says what it was waiting for.
Result<void> waitUntilSettled(const MainWindow& window, int patienceMs = 60000);

/// The real window, drawn without a display.  Needs a QApplication; its scale (QT_SCALE_FACTOR) is the picture's.
Result<QImage> takePicture(const PictureWish& wish, const SourceOpener& opener);

} // namespace binnacle::desktop
