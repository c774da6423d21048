// SPDX-License-Identifier: Apache-2.0
// Writes the expected lines of every corpus file anew; what changed is reviewed as a diff.
#include "script.h"

#include <fstream>
#include <iostream>
#include <sstream>

using namespace binnacle::protocols::test;

int main()
{
    for (const std::string& file : corpusFiles()) {
        std::ifstream in(file);
        std::ostringstream kept;
        for (std::string line; std::getline(in, line);) {
            if (!line.starts_with("= "))
                kept << line << '\n';
        }
        std::istringstream result(run(loadScript(file)).print());
        for (std::string line; std::getline(result, line);)
            kept << "= " << line << '\n';
        std::ofstream(file) << kept.str();
    }
    std::cout << corpusFiles().size() << " files\n";
}
