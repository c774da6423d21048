/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The few kernel types that our programs read, by hand: only the members that we use, in any order.  The loader moves
 * every access to where the running kernel keeps the member (CO-RE), so that no dumped header of one kernel is needed. */
#ifndef BN_KERNEL_TYPES_H
#define BN_KERNEL_TYPES_H
#include <linux/bpf.h>
#include <stdbool.h>

#ifndef NULL
#define NULL ((void *)0)
#endif

/* Stable numbers of the kernel's user interface. */
enum {
	AF_INET = 2,
	AF_INET6 = 10,
	SOCK_STREAM = 1,
	IPPROTO_TCP = 6,
	IPPROTO_MPTCP = 262,
	MSG_OOB = 0x1,
	MSG_PEEK = 0x2,
	MSG_TRUNC = 0x20,
	MSG_ERRQUEUE = 0x2000,
	MSG_ZEROCOPY = 0x4000000,
	MSG_FASTOPEN = 0x20000000,
	S_IFMT = 0170000,
	S_IFSOCK = 0140000,
};

/* include/net/tcp_states.h; fixed by BPF's own interface (BPF_TCP_*). */
enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT,
	TCP_SYN_RECV,
	TCP_FIN_WAIT1,
	TCP_FIN_WAIT2,
	TCP_TIME_WAIT,
	TCP_CLOSE,
	TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
	TCP_LISTEN,
	TCP_CLOSING,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long long counter;
} atomic64_t;

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct list_head {
	struct list_head *next;
};

struct kmem_cache_order_objects {
	unsigned int x; /* objects of a slab, and above 16 bits the order of its pages */
};

struct kmem_cache_node {
	struct list_head partial;
};

struct kmem_cache {
	struct kmem_cache_order_objects oo;
	struct list_head list; /* of all caches */
	struct kmem_cache_node *node[1];
};

struct slab { /* a struct page by another name */
	struct kmem_cache *slab_cache;
	struct list_head slab_list;
	void *freelist;
	unsigned int objects : 15;
};

struct proto {
	struct kmem_cache *slab;
};

struct sock_common {
	struct proto *skc_prot;
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
	unsigned long skc_flags;
};

struct sock {
	struct sock_common __sk_common;
	int sk_err;
	void *sk_user_data;
	bool sk_use_task_frag; /* 6.2 (98123866fcf3) */
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	__u16 sk_protocol;
	__u16 sk_type;
	__u8 sk_kern_sock : 1;
	atomic_t sk_drops;
	struct socket *sk_socket;
};

/* net/mptcp/protocol.h; `first` since 5.8. */
struct mptcp_sock {
	struct sock *first;
};

enum sock_flags {
	SOCK_DEAD,
	SOCK_DONE,
};

struct tcp_ulp_ops;

struct inet_connection_sock {
	const struct tcp_ulp_ops *icsk_ulp_ops;
};

struct minmax_sample {
	__u32 t;
	__u32 v;
};

struct minmax {
	struct minmax_sample s[3];
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 write_seq;
	__u32 copied_seq;
	__u32 rcv_nxt;
	__u32 snd_una;
	__u32 snd_wnd;
	__u32 rcv_wnd;
	__u32 segs_in;
	__u32 segs_out;
	__u32 srtt_us;
	__u32 mdev_us;
	__u32 total_retrans;
	__u32 retrans_stamp;
	__u32 rcv_ooopack;
	__u32 chrono_start;
	__u32 chrono_stat[3];
	__u8 chrono_type : 2;
	__u8 tcp_usec_ts : 1;
	__u8 syn_fastopen : 1;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u64 bytes_received;
	struct minmax rtt_min;
};

struct inode {
	unsigned short i_mode;
};

struct file {
	void *private_data;
	struct inode *f_inode;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct socket {
	struct file *file;
	struct sock *sk;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct nsproxy {
	struct net *net_ns;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
};

struct signal_struct {
	atomic_t live;
	int group_exit_code;
};

struct thread_info {
	__u32 status;
};

struct page {};

struct page_frag {
	struct page *page;
	__u32 offset;
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int flags;
	int pid;
	int tgid;
	int exit_code;
	char comm[16];
	__u64 start_boottime;
	struct mm_struct *mm;
	struct pid *thread_pid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
	struct page_frag task_frag;
};

struct linux_binprm {
	const char *filename;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long orig_ax;
	unsigned long ax;
	unsigned long di;
	unsigned long si;
	unsigned long dx;
	unsigned long r10;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31];
};

struct pt_regs {
	struct user_pt_regs user_regs;
	__u64 orig_x0;
	__s32 syscallno;
};
#endif

struct sk_buff;
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

#pragma clang attribute pop

/* What user memory holds: layouts of the system-call interface, never relocated. */
struct user_iovec {
	__u64 base;
	__u64 length;
};

struct user_message {
	__u64 name;
	__u32 name_size;
	__u32 pad0;
	__u64 iovecs;
	__u64 iovec_count;
	__u64 control;
	__u64 control_size;
	__u32 flags;
	__u32 pad1;
};

struct user_multi_message {
	struct user_message message;
	__u32 length;
	__u32 pad;
};

#endif
