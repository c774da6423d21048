// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <unistd.h>
#include <vector>

namespace binnacle::agent::test {

struct FakeProcess {
    std::uint32_t pid = 0;
    std::uint32_t parent = 1;
    std::string comm;
    std::string executable;
    std::vector<std::string> arguments{};
    std::vector<std::string> environment{};
    std::string cgroup = "0::/\n";
    std::uint32_t netns = 1;
    std::uint64_t startTicks = 1000; // of 10 ms
    std::string mountInfo{};
    std::uint32_t mountNamespace = 1;
    std::uint32_t flags = 0; // of the kernel, as in stat
};

/// A procfs made of plain files, removed at the end.
class FakeProc {
public:
    FakeProc()
    {
        std::string name = (std::filesystem::temp_directory_path() / "binnacle-proc-XXXXXX").string();
        m_root = ::mkdtemp(name.data());
    }
    ~FakeProc()
    {
        std::error_code ignored;
        std::filesystem::remove_all(m_root, ignored);
    }
    FakeProc(const FakeProc&) = delete;
    FakeProc& operator=(const FakeProc&) = delete;

    const std::filesystem::path& root() const { return m_root; }

    void add(const FakeProcess& process)
    {
        const auto folder = m_root / std::to_string(process.pid);
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder / "ns");
        std::string stat = std::to_string(process.pid) + " (" + process.comm + ") S " + std::to_string(process.parent);
        for (int field = 5; field < 22; ++field)
            stat += field == 9 ? ' ' + std::to_string(process.flags) : " 0";
        write(folder / "stat", stat + ' ' + std::to_string(process.startTicks) + " 0\n");
        write(folder / "cmdline", zeroSeparated(process.arguments));
        write(folder / "environ", zeroSeparated(process.environment));
        write(folder / "cgroup", process.cgroup);
        std::filesystem::create_symlink("net:[" + std::to_string(process.netns) + "]", folder / "ns/net");
        std::filesystem::create_symlink("mnt:[" + std::to_string(process.mountNamespace) + "]", folder / "ns/mnt");
        if (!process.mountInfo.empty())
            write(folder / "mountinfo", process.mountInfo);
        if (!process.executable.empty())
            std::filesystem::create_symlink(process.executable, folder / "exe");
    }
    void remove(std::uint32_t pid) { std::filesystem::remove_all(m_root / std::to_string(pid)); }

    static std::string zeroSeparated(const std::vector<std::string>& words)
    {
        std::string text;
        for (const std::string& word : words)
            text += word + '\0';
        return text;
    }

private:
    static void write(const std::filesystem::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

    std::filesystem::path m_root;
};

} // namespace binnacle::agent::test
