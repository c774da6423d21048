// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/diagnosis_steps.h"

#include <QBasicTimer>
#include <QFrame>

class QLabel;
class QPushButton;
class QToolButton;
class QVBoxLayout;

namespace binnacle::desktop {

class ElidedLabel;
class TextBlock;

/// The sign of a step's state: a shape each, so that it can be told without colour; the one that runs turns.
class StepSign : public QWidget {
    Q_OBJECT
public:
    explicit StepSign(QWidget* parent = nullptr);
    void show(StepLook look);

protected:
    void paintEvent(QPaintEvent* event) override;
    void timerEvent(QTimerEvent* event) override;

private:
    StepLook m_look = StepLook::Waiting;
    QBasicTimer m_turning;
    int m_turn = 0; // of 12
};

/// One step of a diagnosis: state, title, time; what was found; cause and next step of a failure with what can be copied.
class DiagnosisStepCard : public QFrame {
    Q_OBJECT
public:
    explicit DiagnosisStepCard(QWidget* parent = nullptr);
    void show(const StepRow& row, bool canRun);
    const StepRow& row() const { return m_row; }
    /// Beside the command that mends a step there is a button that does it from here.
    void offerInstall() { m_offersInstall = true; }

Q_SIGNALS:
    void runWanted(binnacle::kube::DiagnosisStepId from);
    void installWanted();

private:
    QWidget* buildHeader();
    QWidget* buildTrouble();
    void showHeader(bool canRun);
    void showBody();
    void copy(const QString& text);

    StepRow m_row;
    StepSign* m_sign;
    QLabel* m_title;
    ElidedLabel* m_summary;
    QLabel* m_took;
    QToolButton* m_more;
    QToolButton* m_again;
    TextBlock* m_said;
    TextBlock* m_found;
    QFrame* m_trouble;
    QLabel* m_whyTitle;
    TextBlock* m_why;
    QLabel* m_nextTitle;
    TextBlock* m_next;
    QToolButton* m_copyNext;
    QFrame* m_install;
    TextBlock* m_command;
    QPushButton* m_installHere;
    bool m_offersInstall = false;
};

} // namespace binnacle::desktop
