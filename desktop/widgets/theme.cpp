// SPDX-License-Identifier: GPL-3.0-or-later
#include "desktop/widgets/theme.h"

#include "desktop/widgets/design_tokens.h"

#include <QApplication>
#include <QFontDatabase>
#include <QFontMetrics>
#include <QImage>
#include <QPainter>
#include <QPalette>
#include <QStyle>
#include <QStyleFactory>

#include <array>

/// A static library's resources stay out of the program until they are asked for, and the macro works in no namespace.
static void takeResourcesIn() { Q_INIT_RESOURCE(binnacle); }

namespace binnacle::desktop {

namespace {

constexpr std::array kFontFiles{"Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf", "JetBrainsMono-Regular.ttf"};

QString bodyFamily() { return QStringLiteral("Inter"); }
QString figureFamily() { return QStringLiteral("JetBrains Mono"); }

QFont pixelFont(const QString& family, int pixels, QFont::Weight weight)
{
    QFont font(family);
    font.setPixelSize(pixels);
    font.setWeight(weight);
    font.setHintingPreference(QFont::PreferVerticalHinting);
    return font;
}

QPalette paletteOf(const Tokens& t)
{
    QPalette p;
    p.setColor(QPalette::Window, t.window);
    p.setColor(QPalette::WindowText, t.text);
    p.setColor(QPalette::Base, t.surface);
    p.setColor(QPalette::AlternateBase, t.raised);
    p.setColor(QPalette::Text, t.text);
    p.setColor(QPalette::PlaceholderText, t.faint);
    p.setColor(QPalette::Button, t.raised);
    p.setColor(QPalette::ButtonText, t.text);
    p.setColor(QPalette::BrightText, t.critical);
    p.setColor(QPalette::Highlight, t.selected);
    p.setColor(QPalette::HighlightedText, t.text);
    p.setColor(QPalette::Link, t.accent);
    p.setColor(QPalette::ToolTipBase, t.raised);
    p.setColor(QPalette::ToolTipText, t.text);
    p.setColor(QPalette::Mid, t.border);
    p.setColor(QPalette::Dark, t.border);
    p.setColor(QPalette::Light, t.raised);
    p.setColor(QPalette::Midlight, t.hover);
    p.setColor(QPalette::Shadow, QColor(0, 0, 0));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        p.setColor(QPalette::Disabled, role, mixed(t.muted, t.surface, 0.6));
    return p;
}

/// @name@ stands for a colour of the tokens.
constexpr char kStyleSheet[] = R"(
QToolTip { background: @raised@; color: @text@; border: 1px solid @border@; padding: 5px 7px; }
QMenu { background: @raised@; border: 1px solid @border@; padding: 4px; }
QMenu::item { padding: 6px 28px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: @selected@; }
QMenu::separator { height: 1px; background: @border@; margin: 4px 8px; }
QLineEdit { background: @surface@; border: 1px solid @border@; border-radius: 6px; padding: 4px 8px; selection-background-color: @selected@; selection-color: @text@; }
QLineEdit:focus { border-color: @accent@; }
QPushButton, QToolButton { background: @raised@; color: @text@; border: 1px solid @border@; border-radius: 6px; padding: 4px 10px; }
QPushButton:hover, QToolButton:hover { background: @hover@; }
QPushButton:pressed, QToolButton:pressed, QToolButton:checked { background: @selected@; }
QPushButton:focus, QToolButton:focus { border-color: @accent@; }
QPushButton[primary="true"] { background: @accent@; color: @onAccent@; border-color: @accent@; font-weight: 600; }
QPushButton[primary="true"]:hover { background: @text@; border-color: @text@; color: @window@; }
QPushButton:disabled, QToolButton:disabled { color: @disabled@; }
QPushButton[primary="true"]:disabled { background: @raised@; border-color: @border@; }
QToolButton[flat="true"] { background: transparent; border: 1px solid transparent; padding: 4px; }
QToolButton[flat="true"]:hover { background: @hover@; }
QToolButton[flat="true"]:checked { background: @selected@; }
QToolButton[flat="true"]:focus { border-color: @accent@; }
QToolButton::menu-indicator { image: none; }
QToolButton[segment="true"] { border-radius: 0; padding: 3px 9px; color: @muted@; }
QToolButton[segment="true"]:checked { color: @text@; background: @selected@; }
QToolButton#navigation { background: transparent; border: none; border-radius: 8px; padding: 7px 2px 5px 2px; color: @muted@; font-size: 11px; }
QToolButton#navigation:hover { background: @hover@; color: @text@; }
QToolButton#navigation:checked { background: @selected@; color: @text@; }
QToolButton#navigation:focus { border: 1px solid @accent@; }
QTableView { background: @surface@; border: none; gridline-color: @grid@; outline: 0; selection-background-color: @selected@; selection-color: @text@; }
QHeaderView { background: @surface@; border: none; }
QHeaderView::section { background: @surface@; color: @muted@; border: none; border-bottom: 1px solid @border@; padding: 6px 10px; font-weight: 500; }
QHeaderView::section:hover { color: @text@; }
QHeaderView::down-arrow, QHeaderView::up-arrow { width: 0; height: 0; }
QTableCornerButton::section { background: @surface@; border: none; }
QSplitter::handle { background: @border@; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QScrollArea, QScrollArea > QWidget > QWidget[role="scrolled"] { background: transparent; border: none; }
QFrame#sidePanel { background: @surface@; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: @border@; border-radius: 4px; margin: 1px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: @faint@; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page { background: transparent; border: none; width: 0; height: 0; }
QComboBox { background: @raised@; border: 1px solid @border@; border-radius: 6px; padding: 3px 8px; }
QComboBox:focus { border-color: @accent@; }
QComboBox QAbstractItemView { background: @raised@; border: 1px solid @border@; selection-background-color: @selected@; selection-color: @text@; }
QListView { background: @surface@; border: 1px solid @border@; border-radius: 6px; outline: 0; }
QListView::item { padding: 6px 8px; border-radius: 4px; }
QListView::item:selected { background: @selected@; color: @text@; }
QLabel[role="muted"] { color: @muted@; }
QLabel[role="faint"] { color: @faint@; }
QLabel[role="command"] { background: @raised@; border: 1px solid @border@; border-radius: 6px; padding: 6px 10px; }
QFrame[role="card"] { background: @surface@; border: 1px solid @border@; border-radius: 8px; }
QFrame[role="bar"], QWidget[role="bar"] { background: @surface@; border: none; }
QFrame[role="line"] { background: @border@; border: none; }
QFrame[role="banner"] { background: @bannerGround@; border: none; border-bottom: 1px solid @border@; }
QDialog { background: @window@; }
)";

QString styleSheetOf(const Tokens& t)
{
    const std::array<std::pair<const char*, QColor>, 19> colours{{
        {"@window@", t.window},     {"@surface@", t.surface}, {"@raised@", t.raised},     {"@hover@", t.hover},
        {"@selected@", t.selected}, {"@border@", t.border},   {"@grid@", t.grid},         {"@text@", t.text},
        {"@muted@", t.muted},       {"@faint@", t.faint},     {"@accent@", t.accent},     {"@onAccent@", t.onAccent},
        {"@ok@", t.ok},             {"@warning@", t.warning}, {"@critical@", t.critical}, {"@unknown@", t.unknown},
        {"@disabled@", mixed(t.muted, t.surface, 0.6)},       {"@bannerGround@", mixed(t.warning, t.surface, 0.14)},
        {"@selectedBorder@", t.accent},
    }};
    QString sheet = QString::fromUtf8(kStyleSheet);
    for (const auto& [name, colour] : colours)
        sheet.replace(QLatin1String(name), colour.name());
    return sheet;
}

QImage drawnLetter(const QFont& font, QChar letter)
{
    QImage image(40, 40, QImage::Format_Grayscale8);
    image.fill(Qt::white);
    QPainter painter(&image);
    painter.setFont(font);
    painter.drawText(QRect(0, 0, 40, 40), Qt::AlignCenter, QString(letter));
    return image;
}

} // namespace

Result<void> loadFonts()
{
    takeResourcesIn();
    std::string missing;
    for (const char* file : kFontFiles) {
        if (QFontDatabase::addApplicationFont(QStringLiteral(":/fonts/") + QLatin1String(file)) < 0)
            missing += std::string(missing.empty() ? "" : ", ") + file;
    }
    if (!missing.empty())
        return failure(ErrorCode::NotFound, "The fonts that come with Binnacle cannot be loaded (" + missing + "). Install the program again.");
    if (!drawsRealGlyphs(bodyFont()))
        return failure(ErrorCode::NotFound, "Text would be drawn as hollow boxes: the fonts were loaded and are not used. Check QT_QPA_FONTDIR and the Qt platform plugin.");
    return {};
}

bool drawsRealGlyphs(const QFont& font)
{
    const QImage a = drawnLetter(font, QLatin1Char('W')), b = drawnLetter(font, QLatin1Char('i'));
    QImage blank(a.size(), a.format());
    blank.fill(Qt::white);
    return a != blank && b != blank && a != b;
}

QFont bodyFont() { return pixelFont(bodyFamily(), TypeSize::kBody, QFont::Normal); }
QFont boldFont(int pixels) { return pixelFont(bodyFamily(), pixels, QFont::DemiBold); }
QFont smallFont() { return pixelFont(bodyFamily(), TypeSize::kSmall, QFont::Normal); }
QFont figureFont(int pixels) { return pixelFont(figureFamily(), pixels, QFont::Normal); }

void applyTheme(QApplication& application, ThemeKind kind)
{
    const Tokens& tokens = kind == ThemeKind::Dark ? darkTokens() : lightTokens();
    if (application.style()->objectName().compare(QLatin1String("fusion"), Qt::CaseInsensitive) != 0)
        QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    QApplication::setFont(bodyFont());
    QApplication::setPalette(paletteOf(tokens));
    application.setStyleSheet(styleSheetOf(tokens));
}

} // namespace binnacle::desktop
