# SPDX-License-Identifier: Apache-2.0
"""One bridge on the machine, which is the control plane's end, and a network namespace for each host, hung on it by a veth pair."""
import json
import os
import re

from .common import SERVICES, ClusterError, read, run


def ip(*arguments, check=True):
    return run("ip", *arguments, check=check)


def inside(host, *command):
    return run("nsenter", "--net=" + host.netns, "--", *command)


def has_link(name):
    return os.path.isdir("/sys/class/net/" + name)


def refuse_taken_addresses(cluster):
    """Two names may give the same addresses; better said than mixed up."""
    for link in json.loads(ip("-j", "address", "show").stdout):
        for address in link.get("addr_info", []):
            if address.get("local", "").startswith(f"10.230.{cluster.slot}.") and link.get("ifname") != cluster.bridge:
                raise ClusterError(f"the interface {link['ifname']} already has the address {address['local']}, which the cluster '{cluster.name}' "
                                   "would use; take it away or choose another --name")


def ensure_bridge(cluster):
    if has_link(cluster.bridge):
        return
    refuse_taken_addresses(cluster)
    ip("link", "add", cluster.bridge, "type", "bridge")
    ip("address", "add", cluster.control_address + "/24", "dev", cluster.bridge)
    ip("link", "set", cluster.bridge, "up")


def ensure_host(cluster, host):
    if not is_mounted(host.netns):
        with open(host.netns, "w", encoding="ascii"):
            pass
        run("unshare", "--net=" + host.netns, "true")
    if has_link(host.name):
        return
    ip("link", "add", host.name, "type", "veth", "peer", "name", "eth0", "netns", host.netns)
    ip("link", "set", host.name, "master", cluster.bridge, "up")
    inside(host, "ip", "link", "set", "lo", "up")
    inside(host, "ip", "address", "add", host.address + "/24", "dev", "eth0")
    inside(host, "ip", "link", "set", "eth0", "up")
    inside(host, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
    # A program of the host itself needs some route to a service before kube-proxy's rules turn it; there is none to anywhere else.
    inside(host, "ip", "route", "add", SERVICES, "dev", "eth0")


def ensure_routes(cluster):
    """Pods are reached from the machine and from the other hosts; `replace` makes it the same however often it is done."""
    for host in cluster.hosts:
        if not has_link(host.name):
            continue
        ip("route", "replace", host.pods, "via", host.address)
        for other in cluster.hosts:
            if other != host:
                inside(host, "ip", "route", "replace", other.pods, "via", other.address)


def is_mounted(path):
    return re.search(rf"^\S+ {re.escape(path)} ", read("/proc/self/mounts"), flags=re.M) is not None


def remove_host(host):
    if has_link(host.name):
        ip("link", "delete", host.name)
    if is_mounted(host.netns):
        run("umount", host.netns)


def remove(cluster):
    for host in cluster.possible_hosts:
        remove_host(host)
    if has_link(cluster.bridge):
        ip("link", "delete", cluster.bridge)
