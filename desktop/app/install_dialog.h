// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/context_list.h"
#include "desktop/viewmodels/setup_model.h"
#include "desktop/workspace/latest_answer.h"

#include <QDialog>

#include <functional>
#include <string>

class QButtonGroup;
class QComboBox;
class QLineEdit;
class QPushButton;
class QStackedWidget;
class QToolButton;

namespace binnacle::desktop {

class InstallForm;
class SetupReportView;

/// Installs the agents of a cluster, shows how they are, takes them away; each change after a preview and a press on its button.
///
/// Accepted: the window is to connect to cluster().  Closing it ends what it does; what was applied stays.  Thread: UI.
class InstallDialog : public QDialog {
    Q_OBJECT
public:
    struct Tools {
        std::function<ContextList(const std::string& kubeconfigFile)> list; // blocks on the disk; may be empty
        ClusterOpener open;
    };
    /// Without a context in `cluster` the current one of the kubeconfig comes first.
    InstallDialog(const ClusterWish& cluster, Tools tools, QWidget* parent);

    const ClusterWish& cluster() const { return m_model.cluster(); }
    SetupModel& model() { return m_model; }
    InstallForm& form() { return *m_form; }
    void setTask(SetupModel::Task task);

    void done(int result) override;

private:
    QWidget* buildTop();
    QWidget* buildCluster();
    QWidget* buildButtons();
    void takeContexts(const ContextList& list);
    void chooseCluster();
    void refresh();
    void showButtons();
    void press();
    void confirmUninstall();
    void takeManifests(const std::function<void(const QString&)>& use);

    Tools m_tools;
    SetupModel m_model;
    LatestAnswer m_reading{this};
    std::string m_kubeconfig;
    std::string m_wanted; // context; empty: the current one
    QButtonGroup* m_tasks;
    QComboBox* m_context;
    QLineEdit* m_namespace;
    QStackedWidget* m_stack;
    InstallForm* m_form;
    SetupReportView* m_report;
    QPushButton* m_copy;
    QPushButton* m_save;
    QPushButton* m_back;
    QPushButton* m_close;
    QPushButton* m_primary;
};

} // namespace binnacle::desktop
