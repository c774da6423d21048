// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "desktop/viewmodels/row_table.h"

#include <QFrame>

#include <vector>

class QGridLayout;
class QLabel;

namespace binnacle::desktop {

struct Fact {
    QString label, value;
    Severity severity = Severity::None;
    QString help;
    friend bool operator==(const Fact&, const Fact&) = default;
};

/// A few figures, large, side by side: the answer before the details.
class FigureRow : public QFrame {
    Q_OBJECT
public:
    explicit FigureRow(int columns, QWidget* parent = nullptr);
    void show(const std::vector<Fact>& facts);

private:
    struct Cell {
        QLabel* label;
        QLabel* value;
    };
    void ensureCells(std::size_t count);

    QGridLayout* m_grid;
    std::vector<Cell> m_cells;
    std::vector<Fact> m_facts;
    int m_columns;
};

/// A sign and a word for health, and the sentences why.
class HealthLabel : public QWidget {
    Q_OBJECT
public:
    explicit HealthLabel(QWidget* parent = nullptr);
    void show(Severity severity, const QString& word);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Severity m_severity = Severity::Unknown;
    QString m_word;
};

} // namespace binnacle::desktop
