// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace binnacle::agent {

struct ProcessFacts;

/// What program runs, in words for people.
struct ProgramIdentity {
    std::string name;            // the script for interpreters (`orders`), else the executable (`python3.11`)
    std::string type;            // nginx, redis, postgresql, python, go, java, node …; empty when unknown
    bool serverProgram = false;  // one service per listening address: nginx, postgres, redis-server and their like
};

/// `executable` is a path, `arguments` begin with argv[0], `comm` is the kernel's task name.
/// Rules: the script or module of an interpreter without its extension; a title that a program gave itself (`gunicorn: master [app]`)
/// by its first word; a name that a shared executable was called by (`redis-server` → `redis-check-rdb`, busybox applets); else the
/// executable's file name; else `comm`.
ProgramIdentity identifyProgram(std::string_view executable, const std::vector<std::string>& arguments, std::string_view comm, bool goBinary);

/// Where a service's name comes from, worst first.
enum class NameSource : std::uint8_t { Program, Container, Unit, Environment, Workload };

struct ServiceName {
    std::string name;
    NameSource source = NameSource::Program;
};

/// contracts.md "Names of services", without Kubernetes and without the listening address.
ServiceName serviceNameOf(const ProcessFacts& facts);

} // namespace binnacle::agent
