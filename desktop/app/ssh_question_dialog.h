// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/askpass.h"

#include <QDialog>

class QLineEdit;

namespace binnacle::desktop {

/// A question of ssh: a secret to type, or a host's key to compare.  Accepted: answer() is for ssh.  Thread: UI.
class SshQuestionDialog : public QDialog {
    Q_OBJECT
public:
    SshQuestionDialog(const SshQuestion& question, QWidget* parent);
    std::string answer() const;

protected:
    void showEvent(QShowEvent* event) override;

private:
    SshQuestion::Kind m_kind;
    QLineEdit* m_secret = nullptr; // of a Secret
};

} // namespace binnacle::desktop
