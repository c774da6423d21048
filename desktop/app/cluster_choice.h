// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/cluster_session.h"
#include "desktop/ingest/cluster_wish.h"
#include "desktop/ingest/context_list.h"
#include "desktop/viewmodels/context_diagnoses.h"
#include "desktop/viewmodels/context_table.h"
#include "desktop/workspace/latest_answer.h"

#include <QWidget>

#include <functional>

class QLabel;
class QLineEdit;
class QListView;
class QStackedWidget;

namespace binnacle::desktop {

class DiagnosisView;
class EmptyState;
class PluginGate;
class TextBlock;

/// Contexts of the kubeconfig to choose from, with a filter, and beside them why the one that is looked at does not work.
///
/// Files are read on the pool; a diagnosis runs on a thread of its own and is cancelled by the end of this widget.  Thread: UI.
class ClusterChoice : public QWidget {
    Q_OBJECT
public:
    struct Tools {
        std::function<ContextList(const std::string& kubeconfigFile)> list; // blocks on the disk; empty: there is nothing to choose
        DiagnoseMaker diagnose;
        PluginGate* plugins = nullptr; // not owned; outlives this; may be null
        ClusterOpener open = {};       // how agents are installed; empty: they are not from here
    };
    ClusterChoice(QStringList recent, Tools tools, QWidget* parent);
    ~ClusterChoice() override;

    /// Reads the kubeconfig, now or again; listed() follows.
    void read();
    /// Those ticked, else the one that is looked at.
    std::vector<ClusterWish> clusters() const;
    bool isReady() const;
    void cancel() { m_diagnoses.cancel(); }

Q_SIGNALS:
    void changed();  // of clusters() or isReady()
    void listed(bool hasSomething); // the kubeconfig was read: there are contexts, or files that cannot be read
    void accepted();
    void installed(const binnacle::desktop::ClusterWish& cluster); // its agents, from here; to be connected to

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* buildList();
    QWidget* buildSide();
    void take(const ContextList& list);
    void showNotice(const ContextList& list);
    void showCurrent();
    void askFile();
    void askInstall();
    const ContextRow* current() const;
    ClusterWish wishOf(const ContextRow& row) const;

    QStringList m_recent;
    Tools m_tools;
    LatestAnswer m_reading{this};
    std::string m_file; // chosen by hand; empty: the usual places
    ContextTable m_table;
    ContextDiagnoses m_diagnoses;
    QLineEdit* m_filter;
    QStackedWidget* m_stack;
    QListView* m_list;
    EmptyState* m_empty;
    TextBlock* m_notice;
    TextBlock* m_about;
    QLineEdit* m_namespace;
    DiagnosisView* m_view;
};

} // namespace binnacle::desktop
