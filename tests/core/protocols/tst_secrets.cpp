// SPDX-License-Identifier: Apache-2.0
// A secret may stand anywhere in the traffic; no exchange and nothing in flight may show it.
#include "script.h"

#include <gtest/gtest.h>

namespace binnacle::protocols::test {
namespace {

constexpr const char* kSecret = "hunter2hunter2";

void expectNoSecret(const std::string& script)
{
    const Result result = run(script);
    EXPECT_FALSE(result.exchanges.empty()) << script;
    for (const Seen& seen : result.exchanges) {
        for (const std::string& text : {seen.route, seen.method, seen.status})
            EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
    }
    for (const std::string& waiting : result.inFlight)
        EXPECT_EQ(waiting.find("hunter2"), std::string::npos) << waiting;
}

TEST(Secrets, areNotKeptOfHttp)
{
    const std::string ok = "< HTTP/1.1 200 " + std::string(kSecret) + "\\r\\nSet-Cookie: " + kSecret + "\\r\\nContent-Length: 14\\r\\n\\r\\n" + kSecret + "\n";
    const std::string s = kSecret;
    expectNoSecret("> GET /a?token=" + s + " HTTP/1.1\\r\\n\\r\\n\n" + ok);
    expectNoSecret("> GET /a#" + s + " HTTP/1.1\\r\\n\\r\\n\n" + ok);
    expectNoSecret("> GET /a;" + s + "/b HTTP/1.1\\r\\n\\r\\n\n" + ok);
    expectNoSecret("> GET /reset/" + s + " HTTP/1.1\\r\\n\\r\\n\n" + ok);
    expectNoSecret("> GET http://user:" + s + "@host/a HTTP/1.1\\r\\n\\r\\n\n" + ok);
    expectNoSecret("> POST /a HTTP/1.1\\r\\nAuthorization: " + s + "\\r\\nX-Request-Id: " + s + "\\r\\nContent-Length: 14\\r\\n\\r\\n" + s + "\n" + ok);
    expectNoSecret("> GET /a HTTP/1.1\\r\\nCookie: " + s + "\\r\\n\\r\\n\n");
    expectNoSecret("> CONNECT " + s + ":443 HTTP/1.1\\r\\n\\r\\n\n< HTTP/1.1 502 no\\r\\nContent-Length: 0\\r\\n\\r\\n\n");
}

TEST(Secrets, areNotKeptOfRedis)
{
    const std::string bulk = "$14\\r\\n" + std::string(kSecret) + "\\r\\n";
    expectNoSecret("> *2\\r\\n$4\\r\\nAUTH\\r\\n" + bulk + "\n< +OK\\r\\n\n");
    expectNoSecret("> *3\\r\\n$3\\r\\nSET\\r\\n" + bulk + bulk + "\n< +OK\\r\\n\n");
    expectNoSecret("> *2\\r\\n$3\\r\\nGET\\r\\n" + bulk + "\n< " + bulk + "\n");
    expectNoSecret("> *3\\r\\n$6\\r\\nCONFIG\\r\\n" + bulk + bulk + "\n< -" + kSecret + " no\\r\\n\n");
    expectNoSecret("> *5\\r\\n$5\\r\\nHELLO\\r\\n$1\\r\\n3\\r\\n$4\\r\\nAUTH\\r\\n" + bulk + bulk + "\n< -WRONGPASS no\\r\\n\n");
    expectNoSecret("> *1\\r\\n$4\\r\\nPING\\r\\n*1\\r\\n" + bulk + "\n< +PONG\\r\\n-ERR unknown command\\r\\n\n");
    expectNoSecret("> AUTH " + std::string(kSecret) + "\\r\\n\n< +OK\\r\\n\n");
}

} // namespace
} // namespace binnacle::protocols::test
