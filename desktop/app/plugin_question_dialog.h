// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/kube/credentials/credential_options.h"

#include <QDialog>

namespace binnacle::desktop {

/// Shows a command that the kubeconfig wants to run for credentials, and asks whether it may.  Accepted: it may.  Thread: UI.
class PluginQuestionDialog : public QDialog {
    Q_OBJECT
public:
    enum class News { First, Changed }; // Changed: the same user was allowed another command before

    PluginQuestionDialog(const kube::PluginQuestion& question, News news, QWidget* parent);

protected:
    void showEvent(QShowEvent* event) override;
};

} // namespace binnacle::desktop
