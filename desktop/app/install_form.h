// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/ingest/agent_setup.h"

#include <QWidget>

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLineEdit;

namespace binnacle::desktop {

/// The options of an installation, those of `binnacle install`; what is left alone is as there.  Thread: UI.
class InstallForm : public QWidget {
    Q_OBJECT
public:
    explicit InstallForm(QWidget* parent = nullptr);
    InstallWish wish() const;

Q_SIGNALS:
    void changed();

private:
    void buildOften(QFormLayout& form);
    void buildPlacement(QFormLayout& form);
    void buildHost(QFormLayout& form);
    QLineEdit* addText(QFormLayout& form, const QString& label, const QString& text, const QString& hint);
    QCheckBox* addChoice(QFormLayout& form, const QString& label, const QString& text, const QString& why);

    QLineEdit* m_image;
    QCheckBox* m_gateway;
    QComboBox* m_pullPolicy;
    QLineEdit* m_pullSecrets;
    QLineEdit* m_nodeSelector;
    QLineEdit* m_tolerate;
    QLineEdit* m_priorityClass;
    QLineEdit* m_bufferMemory;
    QLineEdit* m_bufferDisk;
    QLineEdit* m_bufferFolder;
    QLineEdit* m_seccomp;
    QCheckBox* m_hardened;
    QCheckBox* m_oldKernels;
    QCheckBox* m_openShift;
};

} // namespace binnacle::desktop
