// SPDX-License-Identifier: Apache-2.0
#include "agent/metadata/mount_info.h"
#include "agent/metadata/process_facts.h"
#include "tests/agent/support/fake_proc.h"

#include <gtest/gtest.h>

namespace binnacle::agent::test {
namespace {

const std::string kUid = "5b2e1a7c-9d3f-4e80-8c11-2f6f0f6d1a77";
const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// As containerd writes it (overlay root, kubelet's folder on the host's root file system).
std::string containerd(const std::string& uid = kUid, const std::string& name = "api")
{
    return "1547 1433 0:291 / / rw,relatime master:512 - overlay overlay rw,lowerdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/71/fs,upperdir=x,workdir=y\n"
           "1548 1547 0:293 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw\n"
           "1553 1547 0:294 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755\n"
           "1556 1547 259:1 /var/lib/kubelet/pods/" + uid + "/etc-hosts /etc/hosts rw,relatime - ext4 /dev/nvme0n1p1 rw,discard\n"
           "1557 1553 259:1 /var/lib/kubelet/pods/" + uid + "/containers/" + name + "/8f3c2b1a /dev/termination-log rw,relatime - ext4 /dev/nvme0n1p1 rw,discard\n"
           "1558 1547 259:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/9c/hostname /etc/hostname rw,relatime - ext4 /dev/nvme0n1p1 rw,discard\n"
           "1561 1547 0:276 / /run/secrets/kubernetes.io/serviceaccount ro,relatime - tmpfs tmpfs rw,size=1048576k\n";
}

/// As CRI-O writes it on a host whose /var is a file system of its own: the root begins below it.
const std::string kCrio =
    "2210 2110 0:512 / / rw,relatime - overlay overlay rw,context=\"system_u:object_r:container_file_t:s0:c12,c34\",lowerdir=/var/lib/containers/storage/overlay/l/A\n"
    "2216 2210 0:24 /containers/storage/overlay-containers/7be/userdata/resolv.conf /etc/resolv.conf rw,nosuid,nodev,noexec - tmpfs tmpfs rw\n"
    "2221 2215 8:4 /lib/kubelet/pods/" + kUid + "/containers/sidecar-proxy/0a1b2c3d /dev/termination-log rw,relatime shared:77 - xfs /dev/sda4 rw,seclabel\n"
    "2222 2210 8:4 /lib/kubelet/pods/" + kUid + "/etc-hosts /etc/hosts rw,relatime shared:77 - xfs /dev/sda4 rw,seclabel\n";

TEST(MountInfoTest, readsContainerdAndCrio)
{
    EXPECT_EQ(podContainerFromMounts(containerd()), (PodContainer{kUid, "api"}));
    EXPECT_EQ(podContainerFromMounts(kCrio), (PodContainer{kUid, "sidecar-proxy"}));
}

TEST(MountInfoTest, readsOtherFoldersAndPlaces)
{
    const auto line = [](const std::string& root, const std::string& place) { return "1 2 8:1 " + root + ' ' + place + " rw - ext4 /dev/x rw\n"; };
    const std::string tail = "/pods/" + kUid + "/containers/api/1a2b3c4d";
    EXPECT_EQ(podContainerFromMounts(line(tail, "/dev/termination-log")), (PodContainer{kUid, "api"})) << "kubelet's folder is a mount";
    EXPECT_EQ(podContainerFromMounts(line("/@/var/lib/kubelet" + tail, "/dev/termination-log")), (PodContainer{kUid, "api"})) << "btrfs";
    EXPECT_EQ(podContainerFromMounts(line("/var/lib/docker/volumes/6f/_data/lib/kubelet" + tail, "/dev/termination-log")), (PodContainer{kUid, "api"})) << "kind";
    EXPECT_EQ(podContainerFromMounts(line("/var/lib/kubelet" + tail, "/tmp/last-words")), (PodContainer{kUid, "api"})) << "terminationMessagePath";
    EXPECT_EQ(podContainerFromMounts(line("/x/pods/0123456789abcdef0123456789abcdef/containers/etcd/1", "/dev/termination-log")),
              (PodContainer{"0123456789abcdef0123456789abcdef", "etcd"})) << "static pod";
    EXPECT_EQ(podContainerFromMounts(line("/k/pods/u/containers/other/1", "/mnt/seen") + line("/k/pods/u/containers/own/2", "/dev/termination-log")),
              (PodContainer{"u", "own"}));
}

TEST(MountInfoTest, findsNothingElsewhere)
{
    EXPECT_EQ(podContainerFromMounts(""), PodContainer{});
    EXPECT_EQ(podContainerFromMounts("22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"), PodContainer{});
    EXPECT_EQ(podContainerFromMounts("1 2 8:1 /var/lib/kubelet/pods/u/volumes/kubernetes.io~projected/t /x rw - tmpfs t rw\n"), PodContainer{});
    EXPECT_EQ(podContainerFromMounts("1 2 8:1 /pods/u/containers/na/me/1 /dev/termination-log rw - ext4 x rw\n"), PodContainer{});
    EXPECT_EQ(podContainerFromMounts("1 2 8:1 /pods/u/containers/UP/1 /dev/termination-log rw - ext4 x rw\n"), PodContainer{});
    const std::string whole = containerd();
    for (std::size_t size = 0; size < whole.size(); ++size)
        podContainerFromMounts(std::string_view(whole).substr(0, size)); // no access past the end (address sanitizer)
}

class PodProcessTest : public ::testing::Test {
protected:
    void SetUp() override { m_proc.add({.pid = 1, .comm = "init", .executable = "/sbin/init"}); }
    ProcessFacts read(FakeProcess process)
    {
        process.comm = "api";
        process.executable = "/app/api";
        process.mountNamespace = process.mountInfo.empty() ? 1 : 7;
        m_proc.add(process);
        return m_source.read(ProcessId{process.pid}).value_or(ProcessFacts{});
    }

    FakeProc m_proc;
    ProcfsSource m_source{m_proc.root()};
};

TEST_F(PodProcessTest, namesTheContainerWithoutAnApiServer)
{
    const ProcessFacts facts = read({.pid = 7, .cgroup = "0::/kubepods/burstable/pod" + kUid + "/" + kId + "\n", .mountInfo = containerd()});
    EXPECT_EQ(facts.containerName, "api");
    EXPECT_EQ(facts.cgroup.podUid, kUid);
}

TEST_F(PodProcessTest, mountsThatComeLaterAreSeen)
{
    const std::string cgroup = "0::/kubepods/burstable/pod" + kUid + "/" + kId + "\n";
    EXPECT_EQ(read({.pid = 7, .cgroup = cgroup}).containerName, "") << "the runtime has not mounted yet";
    EXPECT_EQ(read({.pid = 7, .cgroup = cgroup, .mountInfo = containerd()}).containerName, "api");
    EXPECT_EQ(read({.pid = 8, .cgroup = cgroup}).containerName, "api") << "known by the container's id";
}

TEST_F(PodProcessTest, pathOfAnotherCgroupNamespaceStillFindsThePod)
{
    const ProcessFacts root = read({.pid = 7, .cgroup = "0::/\n", .mountInfo = containerd()});
    EXPECT_EQ(root.cgroup.podUid, kUid);
    EXPECT_EQ(root.containerName, "api");
    const ProcessFacts outside = read({.pid = 8, .cgroup = "0::/../cri-containerd-" + kId + ".scope\n", .mountInfo = containerd()});
    EXPECT_EQ(outside.cgroup.podUid, kUid);
    EXPECT_EQ(outside.cgroup.containerId, kId);
    EXPECT_EQ(outside.containerName, "api");
}

TEST_F(PodProcessTest, hostProcessesStayHostProcesses)
{
    const ProcessFacts facts = read({.pid = 7, .cgroup = "0::/\n"});
    EXPECT_EQ(facts.containerName, "");
    EXPECT_EQ(facts.cgroup.podUid, "");
}

} // namespace
} // namespace binnacle::agent::test
