// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/process_memory.h"

#include "core/base/platform/files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <optional>
#include <unistd.h>
#include <vector>

namespace binnacle::agent {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxVariables = 1'024;
constexpr std::uint64_t kMaxArguments = 4'096;

/// A file read at offsets: a process's memory or an ELF file.
class RandomAccess {
public:
    explicit RandomAccess(const fs::path& file) : m_file(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~RandomAccess()
    {
        if (m_file >= 0)
            ::close(m_file);
    }
    RandomAccess(const RandomAccess&) = delete;
    RandomAccess& operator=(const RandomAccess&) = delete;

    bool isOpen() const { return m_file >= 0; }
    /// What can be read of `size` bytes; shorter at the end of a mapping.
    std::string read(std::uint64_t offset, std::size_t size) const
    {
        std::string bytes(size, '\0');
        const ssize_t got = ::pread(m_file, bytes.data(), size, static_cast<off_t>(offset));
        bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return bytes;
    }
    template <class T>
    std::optional<T> value(std::uint64_t offset) const
    {
        const std::string bytes = read(offset, sizeof(T));
        if (bytes.size() != sizeof(T))
            return std::nullopt;
        T out;
        std::memcpy(&out, bytes.data(), sizeof out);
        return out;
    }

private:
    int m_file;
};

bool namesService(std::string_view entry) { return entry.starts_with("OTEL_SERVICE_NAME=") || entry.starts_with("SERVICE_NAME="); }

/// Of an array of string pointers that ends with zero.
std::string serviceEntries(const RandomAccess& memory, std::uint64_t array)
{
    std::string found;
    for (std::uint64_t i = 0; i < kMaxVariables; ++i) {
        const auto pointer = memory.value<std::uint64_t>(array + 8 * i);
        if (!pointer || *pointer == 0)
            break;
        constexpr std::size_t kEntry = 256;
        std::string entry = memory.read(*pointer, kEntry);
        if (entry.empty()) // the page after the string may be missing
            entry = memory.read(*pointer, 4'096 - *pointer % 4'096);
        entry.resize(std::min(entry.find('\0'), entry.size()));
        if (namesService(entry))
            found += entry + '\0';
    }
    return found;
}

/// argc, argv[argc], 0, envp[…], 0: as the kernel laid them down at exec.
std::string fromFirstStack(const RandomAccess& memory, std::uint64_t startStack)
{
    const auto count = memory.value<std::uint64_t>(startStack);
    if (!count || *count > kMaxArguments)
        return {};
    return serviceEntries(memory, startStack + 8 * (*count + 2));
}

/// Where `environ` is in an ELF file's own addresses; nothing when it does not define it.
std::optional<std::uint64_t> environSymbol(const RandomAccess& file)
{
    const auto header = file.value<Elf64_Ehdr>(0);
    if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shnum > 256)
        return std::nullopt;
    for (std::uint16_t i = 0; i < header->e_shnum; ++i) {
        const auto section = file.value<Elf64_Shdr>(header->e_shoff + i * sizeof(Elf64_Shdr));
        if (!section || section->sh_type != SHT_DYNSYM || section->sh_size > 4'000'000)
            continue;
        const auto names = file.value<Elf64_Shdr>(header->e_shoff + section->sh_link * sizeof(Elf64_Shdr));
        if (!names || names->sh_size > 4'000'000)
            continue;
        const std::string symbols = file.read(section->sh_offset, section->sh_size), text = file.read(names->sh_offset, names->sh_size);
        for (std::size_t at = 0; at + sizeof(Elf64_Sym) <= symbols.size(); at += sizeof(Elf64_Sym)) {
            Elf64_Sym symbol;
            std::memcpy(&symbol, symbols.data() + at, sizeof symbol);
            if (symbol.st_shndx != SHN_UNDEF && symbol.st_name < text.size() &&
                (std::strcmp(text.c_str() + symbol.st_name, "environ") == 0 || std::strcmp(text.c_str() + symbol.st_name, "__environ") == 0))
                return symbol.st_value;
        }
    }
    return std::nullopt;
}

bool isPositionIndependent(const RandomAccess& file)
{
    const auto header = file.value<Elf64_Ehdr>(0);
    return header && header->e_type == ET_DYN;
}

struct Mapping {
    std::uint64_t start = 0;
    std::string path;
};

/// The beginnings of the mapped executable and C library: those may define `environ`, the executable first.
std::vector<Mapping> candidates(const std::string& maps)
{
    std::vector<Mapping> found;
    for (std::size_t at = 0; at < maps.size();) {
        const std::size_t end = std::min(maps.find('\n', at), maps.size());
        const std::string_view line(maps.data() + at, end - at);
        at = end + 1;
        const std::size_t path = line.find('/');
        // start-end perms offset dev inode path
        if (path == std::string_view::npos || line.find(" 00000000 ") == std::string_view::npos)
            continue;
        Mapping mapping{0, std::string(line.substr(path))};
        std::from_chars(line.data(), line.data() + line.size(), mapping.start, 16);
        const std::string name = mapping.path.substr(mapping.path.rfind('/') + 1);
        if (found.empty() || name.starts_with("libc.so") || name.starts_with("libc-") || name.starts_with("ld-musl"))
            found.push_back(std::move(mapping));
    }
    return found;
}

std::string fromLibraryEnviron(const fs::path& process, const RandomAccess& memory)
{
    for (const Mapping& mapping : candidates(platform::readFile(process / "maps", 1u << 20).value_or(std::string()))) {
        const RandomAccess file(process / "root" / mapping.path.substr(1));
        const auto symbol = file.isOpen() ? environSymbol(file) : std::nullopt;
        if (!symbol)
            continue;
        const auto array = memory.value<std::uint64_t>(*symbol + (isPositionIndependent(file) ? mapping.start : 0));
        if (array && *array != 0)
            return serviceEntries(memory, *array);
    }
    return {};
}

} // namespace

bool isOverwrittenEnvironment(std::string_view environment)
{
    if (environment.empty())
        return false;
    const std::string_view first = environment.substr(0, environment.find('\0'));
    const std::size_t equals = first.find('=');
    return equals == std::string_view::npos || first.substr(0, equals).find(' ') != std::string_view::npos;
}

std::string serviceEntriesFromMemory(const fs::path& process, std::uint64_t startStack)
{
    const RandomAccess memory(process / "mem");
    if (!memory.isOpen())
        return {};
    std::string found = startStack != 0 ? fromFirstStack(memory, startStack) : std::string();
    return !found.empty() ? found : fromLibraryEnviron(process, memory);
}

} // namespace binnacle::agent
