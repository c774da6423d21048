// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/cgroup_path.h"

#include <gtest/gtest.h>
#include <algorithm>

namespace binnacle::agent {
namespace {

const std::string kC = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kH = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
const std::string kU = "7d53bd5b-2f4c-4c3d-8f0e-1a2b3c4d5e6f";

/// C, H, U and u in angle brackets stand for the ids above; u is U with `_`.
std::string path(std::string text)
{
    std::string underscored = kU;
    std::ranges::replace(underscored, '-', '_');
    for (const auto& [mark, value] : {std::pair<std::string, std::string>("<C>", kC), {"<H>", kH}, {"<U>", kU}, {"<u>", underscored}}) {
        for (std::size_t at; (at = text.find(mark)) != std::string::npos;)
            text.replace(at, mark.size(), value);
    }
    return text;
}

struct Vector {
    const char* path;
    const char* container;
    const char* pod;
    const char* unit;
};

class CgroupPathTest : public ::testing::TestWithParam<Vector> {};

TEST_P(CgroupPathTest, tellsContainerPodAndUnit)
{
    const CgroupFacts facts = parseCgroupPath(path(GetParam().path));
    EXPECT_EQ(facts.containerId, path(GetParam().container)) << GetParam().path;
    EXPECT_EQ(facts.podUid, path(GetParam().pod)) << GetParam().path;
    EXPECT_EQ(facts.unit, GetParam().unit) << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(Kubernetes, CgroupPathTest, ::testing::Values(
    Vector{"/kubepods/pod<U>/<C>", "<C>", "<U>", ""},
    Vector{"/kubepods/burstable/pod<U>/<C>", "<C>", "<U>", ""},
    Vector{"/kubepods/burstable/pod0123456789abcdef0123456789abcdef/<C>", "<C>", "0123456789abcdef0123456789abcdef", ""},
    Vector{"/kubepods.slice/kubepods-pod<u>.slice/cri-containerd-<C>.scope", "<C>", "<U>", ""},
    Vector{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<u>.slice/cri-containerd-<C>.scope", "<C>", "<U>", ""},
    Vector{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod<u>.slice/cri-containerd-<C>.scope", "<C>", "<U>", ""},
    Vector{"/kubepods/besteffort/pod<U>/<C>", "<C>", "<U>", ""},
    Vector{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<u>.slice/crio-<C>.scope", "<C>", "<U>", ""},
    Vector{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod<u>.slice/crio-<C>.scope/container", "<C>", "<U>", ""},
    Vector{"/kubepods.slice/kubepods-pod<u>.slice/crio-conmon-<C>.scope", "", "<U>", ""},
    Vector{"/kubepods/burstable/pod<U>/crio-<C>", "<C>", "<U>", ""},
    Vector{"/kubepods.slice/kubepods-pod<u>.slice/docker-<C>.scope", "<C>", "<U>", ""},
    Vector{"/system.slice/containerd.service/kubepods-besteffort-pod<u>.slice:cri-containerd:<C>", "<C>", "<U>", ""},
    Vector{"/system.slice/crio.service/kubepods-burstable-pod<u>.slice:crio:<C>", "<C>", "<U>", ""},
    Vector{"/kubelet/kubepods/besteffort/pod<U>/<C>", "<C>", "<U>", ""},
    Vector{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod<u>.slice/cri-containerd-<C>.scope",
           "<C>", "<U>", ""},
    Vector{"/docker/<H>/kubelet/kubepods/besteffort/pod<U>/<C>", "<C>", "<U>", ""},
    Vector{"/system.slice/docker-<H>.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod<u>.slice/cri-containerd-<C>.scope", "<C>", "<U>", ""},
    Vector{"/docker/<H>/kubelet/kubepods/besteffort/pod<U>", "", "<U>", ""},
    Vector{"/kubepods/pod<U>/<C>/init.scope", "<C>", "<U>", ""},
    Vector{"/kubepods.slice/kubepods-pod<u>.slice/cri-containerd-<C>.scope/system.slice/x.service", "<C>", "<U>", "x"},
    Vector{"/../cri-containerd-<C>.scope", "<C>", "", ""},
    Vector{"/../../besteffort/pod<U>/<C>", "<C>", "<U>", ""},          // a sibling's, seen from inside a pod
    Vector{"/../kubepods-burstable-pod<u>.slice/cri-containerd-<C>.scope", "<C>", "<U>", ""},
    Vector{"/khost-b/kubepods/besteffort/pod<U>/<C>", "<C>", "<U>", ""}, // the pods of one of two hosts that share a kernel
    Vector{"/../khost-b/kubepods/besteffort/pod<U>/<C>", "<C>", "<U>", ""}, // … seen by its neighbour
    Vector{"/system.slice/docker-<H>.scope/kubelet/kubepods/burstable/pod<U>/<C>", "<C>", "<U>", ""},
    Vector{"/custom/kubepods/pod<U>/<C>", "<C>", "<U>", ""},
    Vector{"/binnacle-lab/kubepods/besteffort/pod<U>/<C>", "<C>", "<U>", ""},
    Vector{"/kubepods/pod<U>/<C> (deleted)", "<C>", "<U>", ""}));

INSTANTIATE_TEST_SUITE_P(Others, CgroupPathTest, ::testing::Values(
    Vector{"/docker/<C>", "<C>", "", ""},
    Vector{"/system.slice/docker-<C>.scope", "<C>", "", ""},
    Vector{"/machine.slice/libpod-<C>.scope", "<C>", "", ""},
    Vector{"/machine.slice/libpod-conmon-<C>.scope", "", "", ""},
    Vector{"/system.slice/nerdctl-<C>.scope", "<C>", "", ""},
    Vector{"/lxc/name", "name", "", ""},
    Vector{"/lxc.payload.name/system.slice/ssh.service", "name", "", ""},
    Vector{"/ecs/task/<C>", "<C>", "", ""},
    Vector{"/system.slice/kubelet.service", "", "", "kubelet"},
    Vector{"/system.slice/system-postgresql.slice/postgresql@15-main.service", "", "", "postgresql@15-main"},
    Vector{"/system.slice/containerd.service", "", "", ""},
    Vector{"/system.slice/cron.service", "", "", ""},
    Vector{"/system.slice/ssh.service", "", "", ""},
    Vector{"/user.slice/user-1000.slice/session-3.scope", "", "", ""},
    Vector{"/init.scope", "", "", ""},
    Vector{"/lxc.payload.name/init.scope", "name", "", ""},
    Vector{"/docker/<C> (deleted)", "<C>", "", ""},
    Vector{"/user.slice/user-1000.slice/user@1000.service/init.scope", "", "", ""},
    Vector{"/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service", "", "", "shop"},
    Vector{"/podruntime/runtime", "", "", ""},
    Vector{"/", "", "", ""}));

TEST(PickCgroupPathTest, prefersTheLineThatNamesAContainer)
{
    EXPECT_EQ(pickCgroupPath("0::/user.slice\n"), "/user.slice");
    EXPECT_EQ(pickCgroupPath("4:memory:/process\n1:name=systemd:/system.slice/x.service\n0::/\n"), "/system.slice/x.service");
    EXPECT_EQ(pickCgroupPath(path("4:memory:/kubepods/pod<U>/<C>\n1:name=systemd:/init.scope\n0::/system.slice/y.service\n")), path("/kubepods/pod<U>/<C>"));
    EXPECT_EQ(pickCgroupPath(path("3:cpu:/docker/<H>\n0::/kubepods/pod<U>/<C>\n")), path("/kubepods/pod<U>/<C>"));
    EXPECT_EQ(pickCgroupPath(""), "/");
}

} // namespace
} // namespace binnacle::agent
