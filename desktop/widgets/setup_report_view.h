// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/setup_model.h"

#include <QFrame>
#include <QWidget>

class QLabel;
class QPlainTextEdit;
class QProgressBar;

namespace binnacle::desktop {

class TableView;
class TextBlock;

/// What a SetupModel has found: one sentence first, then objects, hosts, rights, and a text to copy or to save.  Thread: UI; runs nothing itself.
class SetupReportView : public QWidget {
    Q_OBJECT
public:
    explicit SetupReportView(QWidget* parent = nullptr);
    void show(const SetupReport& report, bool isRunning);

private:
    /// A titled table, hidden while it has no rows.
    struct Section {
        QWidget* box = nullptr;
        QLabel* title = nullptr;
        TableView* table = nullptr;
    };
    QWidget* buildVerdict();
    QWidget* buildText();
    Section buildSection(TableModel& model, int stretched, const QString& name);
    void showVerdict(const SetupReport& report, bool isRunning);
    void saveText();

    PermissionTable m_permissions;
    ObjectTable m_objects;
    SetupHostTable m_hosts;
    Section m_permissionSection, m_objectSection, m_hostSection;
    QFrame* m_verdict;
    QLabel* m_title;
    TextBlock* m_sentence;
    QProgressBar* m_progress;
    QWidget* m_textBox;
    QLabel* m_textTitle;
    QPlainTextEdit* m_text;
    SetupVerdict m_shown;
};

/// Asks where and writes it; tells what is wrong.
void saveTextAs(QWidget* parent, const QString& title, const QString& fileName, const QString& text);

} // namespace binnacle::desktop
