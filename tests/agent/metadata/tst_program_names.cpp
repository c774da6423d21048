// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/process_facts.h"

#include <gtest/gtest.h>

namespace binnacle::agent {
namespace {

struct Vector {
    const char* executable;
    std::vector<std::string> arguments;
    const char* comm;
    const char* name;
    const char* type;
};

class ProgramNameTest : public ::testing::TestWithParam<Vector> {};

TEST_P(ProgramNameTest, isTheScriptElseTheExecutable)
{
    const Vector& v = GetParam();
    const ProgramIdentity program = identifyProgram(v.executable, v.arguments, v.comm, false);
    EXPECT_EQ(program.name, v.name);
    EXPECT_EQ(program.type, v.type);
}

INSTANTIATE_TEST_SUITE_P(Programs, ProgramNameTest, ::testing::Values(
    Vector{"/usr/bin/python3.11", {"python3", "/x/orders.py"}, "python3", "orders", "python"},
    Vector{"/usr/bin/python3.11", {"python3", "-u", "-W", "ignore", "/x/orders.py", "-c"}, "python3", "orders", "python"},
    Vector{"/usr/bin/python3.11", {"python3", "-c", "import x"}, "python3", "python3.11", "python"},
    Vector{"/usr/bin/python3.11", {"python3", "-uc", "import x"}, "python3", "python3.11", "python"},
    Vector{"/usr/bin/python3.11", {"python3"}, "python3", "python3.11", "python"},
    Vector{"/usr/bin/python3.11", {"python3", "-"}, "python3", "python3.11", "python"},
    Vector{"/usr/bin/python3.11", {"python3", "-m", "http.server", "8000"}, "python3", "http.server", "python"},
    Vector{"/usr/bin/python3.11", {"/usr/bin/python3", "/usr/bin/gunicorn", "app:app"}, "gunicorn", "gunicorn", "python"},
    Vector{"/usr/bin/python3.11", {"gunicorn: master [app:app]"}, "gunicorn", "gunicorn", "python"},
    Vector{"/usr/bin/gunicorn", {"/usr/bin/python3", "/usr/bin/gunicorn", "app:app"}, "gunicorn", "gunicorn", "python"},
    Vector{"/usr/bin/node", {"node", "--max-old-space-size=100", "-r", "dotenv/config", "server.js"}, "node", "server", "node"},
    Vector{"/usr/bin/node", {"node", "-e", "1"}, "node", "node", "node"},
    Vector{"/usr/lib/jvm/bin/java", {"java", "-Xmx1g", "-jar", "/opt/shop.jar"}, "java", "shop", "java"},
    Vector{"/usr/lib/jvm/bin/java", {"java", "-cp", "a.jar:b.jar", "-Dx=y", "com.acme.Shop", "arg"}, "java", "Shop", "java"},
    Vector{"/usr/bin/ruby3.1", {"puma 5.6.5 (tcp://0.0.0.0:3000) [app]"}, "ruby", "puma", "ruby"},
    Vector{"/usr/bin/ruby3.1", {"ruby", "-Ilib", "bin/rails.rb"}, "ruby", "rails", "ruby"},
    Vector{"/usr/bin/perl", {"perl", "-e", "1"}, "perl", "perl", "perl"},
    Vector{"/usr/bin/php8.2", {"php", "-S", "0.0.0.0:80", "index.php"}, "php", "index", "php"},
    Vector{"/usr/bin/dotnet", {"dotnet", "Shop.dll"}, "dotnet", "Shop", "dotnet"},
    Vector{"/bin/bash", {"-bash"}, "bash", "bash", "shell"},
    Vector{"/bin/dash", {"sh", "-c", "while true; do :; done"}, "sh", "dash", "shell"},
    Vector{"/bin/bash", {"bash", "/opt/run.sh", "x"}, "bash", "run", "shell"},
    Vector{"/usr/sbin/nginx", {"nginx: worker process"}, "nginx", "nginx", "nginx"},
    Vector{"/usr/bin/redis-check-rdb", {"redis-server *:6379"}, "redis-server", "redis-server", "redis"},
    Vector{"/usr/bin/redis-check-rdb", {"/usr/bin/redis-server 127.0.0.1:6379"}, "redis-server", "redis-server", "redis"},
    Vector{"/usr/lib/postgresql/15/bin/postgres", {"postgres: walwriter"}, "postgres", "postgres", "postgresql"},
    Vector{"/bin/busybox", {"wget", "http://x"}, "wget", "wget", ""},
    Vector{"/usr/bin/curl", {"curl", "http://x"}, "curl", "curl", ""},
    Vector{"/usr/bin/shop (deleted)", {"shop"}, "shop", "shop", ""},
    Vector{"", {}, "kworker/0:1", "kworker/0:1", ""}));

TEST(ProgramTypeTest, goBinariesAreGo)
{
    EXPECT_EQ(identifyProgram("/usr/bin/api", {"api"}, "api", true).type, "go");
}

TEST(ServiceNameTest, firstThatIsKnown)
{
    ProcessFacts facts;
    facts.program.name = "orders";
    EXPECT_EQ(serviceNameOf(facts).name, "orders");
    facts.containerName = "shop_orders_1";
    EXPECT_EQ(serviceNameOf(facts).name, "shop_orders_1");
    facts.cgroup.unit = "orders-unit";
    EXPECT_EQ(serviceNameOf(facts).name, "orders-unit");
    facts.serviceName = "checkout";
    EXPECT_EQ(serviceNameOf(facts).name, "checkout");
}

TEST(ServiceNameTest, environmentPrefersOpenTelemetrysName)
{
    using namespace std::string_view_literals;
    EXPECT_EQ(serviceNameFromEnvironment("A=1\0SERVICE_NAME=x\0OTEL_SERVICE_NAME=y\0"sv), "y");
    EXPECT_EQ(serviceNameFromEnvironment("A=1\0SERVICE_NAME=x\0"sv), "x");
    EXPECT_EQ(serviceNameFromEnvironment("OTEL_SERVICE_NAME=\0SERVICE_NAME=x"sv), "x");
    EXPECT_EQ(serviceNameFromEnvironment("MY_SERVICE_NAME=z\0"sv), "");
    EXPECT_EQ(serviceNameFromEnvironment(""), "");
}

} // namespace
} // namespace binnacle::agent
