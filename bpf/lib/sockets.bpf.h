/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading a kernel socket through plain pointers, so that tracepoints and iterators share it.  Not for the hot path. */
#ifndef BN_SOCKETS_BPF_H
#define BN_SOCKETS_BPF_H
#include "bpf/lib/core_compat.bpf.h"
#include "bpf/abi/socket_event.h"

static __always_inline bool is_tcp(const struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	return (family == AF_INET || family == AF_INET6) && BPF_CORE_READ(sk, sk_type) == SOCK_STREAM &&
	       BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP;
}

/* Behind a descriptor; NULL when that is something else. */
static __always_inline struct sock *tcp_socket_of(struct task_struct *task, __u32 fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **slots = BPF_CORE_READ(table, fd);
	struct file *file = NULL;
	struct socket *socket;
	struct sock *sk;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	return sk && is_tcp(sk) ? sk : NULL;
}

/* Made by the kernel, or accepted from one that was.  Below a Multipath TCP listener that is an ordinary connection of a program. */
static __always_inline bool is_made_by_kernel(const struct sock *sk)
{
	return BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock);
}

/* Sockets of the kernel itself (NFS, iSCSI): their transfers run inside system calls that mean something else.  No descriptor of a
 * program leads to them, while the TCP socket below a Multipath TCP one is given its program's (mptcp_sock_graft, accept()). */
static __always_inline bool is_kernel_socket(const struct sock *sk)
{
	return is_made_by_kernel(sk) && !BPF_CORE_READ(sk, sk_socket, file);
}

/* A program that listens by Multipath TCP (Go 1.24 and newer does) holds the outer socket; TCP connections arrive at the first one
 * below it, and what it accepts of them is plain TCP. */
static __always_inline struct sock *below_multipath_listener(struct sock *sk)
{
	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_MPTCP || BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN ||
	    !bpf_core_field_exists(((struct mptcp_sock *)0)->first))
		return sk;
	return BPF_CORE_READ((struct mptcp_sock *)sk, first);
}

/* The kernel's own number of the socket.  The helper, which gives one to a socket that has none yet, wants a pointer whose
 * type the verifier knows: programs that have one define BN_TYPED_SOCKETS. */
static __always_inline __u64 cookie_of(const struct sock *sk)
{
#ifdef BN_TYPED_SOCKETS
	if (has_socket_cookie)
		return bpf_get_socket_cookie((void *)sk);
#endif
	return BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
}

/* Received and not yet read by the program; the FIN takes a number too and is not a byte. */
static __always_inline __u32 unread_bytes(const struct sock *sk)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)sk;
	__u32 unread = BPF_CORE_READ(tcp, rcv_nxt) - BPF_CORE_READ(tcp, copied_seq);

	return unread && peer_finished(sk) ? unread - 1 : unread;
}

/* States in which our FIN has taken a sequence number. */
static __always_inline bool sent_fin(__u32 state)
{
	return 1 << state & (1 << TCP_FIN_WAIT1 | 1 << TCP_FIN_WAIT2 | 1 << TCP_CLOSING | 1 << TCP_LAST_ACK | 1 << TCP_TIME_WAIT);
}

static __always_inline void map_v4(__u8 *address, __be32 v4)
{
	address[10] = 0xff;
	address[11] = 0xff;
	__builtin_memcpy(address + 12, &v4, 4);
}

static __always_inline void read_tuple(struct bn_tuple *tuple, const struct sock *sk)
{
	*tuple = (struct bn_tuple){
		.local_port = BPF_CORE_READ(sk, __sk_common.skc_num),
		.remote_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport)),
		.netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum),
	};
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET) {
		map_v4(tuple->local_address, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		map_v4(tuple->remote_address, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	} else if (bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		bpf_core_read(tuple->local_address, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(tuple->remote_address, 16, &sk->__sk_common.skc_v6_daddr);
	}
}

/* A listener has no peer: an unspecified IPv4 remote would otherwise read ::ffff:0.0.0.0. */
static __always_inline void read_listener_tuple(struct bn_tuple *tuple, const struct sock *sk)
{
	read_tuple(tuple, sk);
	__builtin_memset(tuple->remote_address, 0, 16);
	tuple->remote_port = 0;
}

/* TCP_CHRONO_RWND_LIMITED and _SNDBUF_LIMITED count jiffies; the interval that runs now is not in chrono_stat yet. */
static __always_inline __u64 chrono_us(const struct tcp_sock *tcp, __u32 which)
{
	__u32 ticks;

	bpf_core_read(&ticks, sizeof(ticks), &tcp->chrono_stat[which - 1]);
	if (BPF_CORE_READ_BITFIELD_PROBED(tcp, chrono_type) == which)
		ticks += (__u32)bpf_jiffies64() - BPF_CORE_READ(tcp, chrono_start);
	return (__u64)ticks * jiffy_us;
}

/* When the connect() of a socket in SYN_SENT began: tcp_connect() notes the time of the first SYN as the start of retransmitting. */
static __always_inline __u64 first_syn_ns(const struct sock *sk)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)sk;
	__u64 now = bpf_ktime_get_ns(), tick = time_stamp_tick_ns(tcp);
	__u32 stamp = BPF_CORE_READ(tcp, retrans_stamp);

	return stamp ? now - (__u32)(now / tick - stamp) * tick : now;
}

/* Member by member into zeroed memory: a literal is built on the stack first, and a whole chain of calls has 512 bytes of it. */
static __always_inline void read_tcp_counters(struct bn_tcp_counters *c, const struct sock *sk)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)sk;
	__u32 fin = peer_finished(sk) ? 1 : 0;
	__u64 received = BPF_CORE_READ(tcp, bytes_received);

	c->bytes_sent = BPF_CORE_READ(tcp, bytes_sent) - BPF_CORE_READ(tcp, bytes_retrans);
	c->bytes_received = received - (received ? fin : 0);
	c->segments_out = BPF_CORE_READ(tcp, segs_out);
	c->segments_in = BPF_CORE_READ(tcp, segs_in);
	c->retransmits_out = BPF_CORE_READ(tcp, total_retrans);
	c->srtt_us = BPF_CORE_READ(tcp, srtt_us) >> 3;
	c->rttvar_us = BPF_CORE_READ(tcp, mdev_us) >> 2;
	c->min_rtt_us = BPF_CORE_READ(tcp, rtt_min.s[0].v);
	c->out_of_order = BPF_CORE_READ(tcp, rcv_ooopack);
	c->unread_bytes = unread_bytes(sk);
	c->unsent_bytes = BPF_CORE_READ(tcp, write_seq) - BPF_CORE_READ(tcp, snd_una);
	c->send_window = BPF_CORE_READ(tcp, snd_wnd);
	c->receive_window = BPF_CORE_READ(tcp, rcv_wnd);
	c->rwnd_limited_us = chrono_us(tcp, 2);
	c->sndbuf_limited_us = chrono_us(tcp, 3);
}

#endif
