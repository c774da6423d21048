/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Written by the loader before load, so that dead branches cost nothing and calls that this kernel lacks are never seen by
 * its verifier.  Weak: every program declares them and the linker keeps one. */
#ifndef BN_SETTINGS_BPF_H
#define BN_SETTINGS_BPF_H
#include "bpf/lib/kernel_types.h"

#define BN_SETTING __attribute__((weak)) const volatile

BN_SETTING __u32 own_pid = 0;            /* the agent, as its own PID namespace numbers it */
BN_SETTING __u32 own_pidns_inode = 0;    /* of the agent's PID namespace; 0 = the first one: no walk */
BN_SETTING __u32 data_ring_mark = 1 << 22; /* bytes in one data ring that wake the reader */
BN_SETTING __u32 data_ring_mask = 0;     /* which of the data rings a CPU writes: its number & this */
BN_SETTING __u32 lifecycle_ring_mark = 1 << 18;
BN_SETTING __u32 jiffy_us = 4000;        /* one tick of the kernel's coarse clock */
BN_SETTING __u32 has_socket_cookie = 0;  /* bpf_get_socket_cookie in tracing: 5.12 (c5dbb89fc2ac) */
BN_SETTING __u32 processors = 1;         /* possible ones */
BN_SETTING __u32 has_sock_from_file = 0; /* bpf_sock_from_file: 5.11 (4f19cab76136) */
BN_SETTING __u32 has_sent_copy = 0;      /* bpf/lib/sent_copy.bpf.h */
BN_SETTING __u32 close_is_destroy = 0;   /* tcp_destroy_sock cannot be attached: forget at TCP_CLOSE */

/* Written at run time: how many rows ignored_processes has.  0 spares the look-up. */
__attribute__((weak)) volatile __u32 ignored_process_count = 0;

/* Written at run time: how many of the sample_slots are asked for. */
__attribute__((weak)) volatile __u32 sample_count = 0;

/* Found at the start: bpf/lib/sent_copy.bpf.h.  0 = not found. */
__attribute__((weak)) volatile __u64 page_address_bias = 0;

/* Found at run time: how deep the agent's PID namespace is nested.  User space cannot ask beyond its own namespace. */
__attribute__((weak)) volatile __u32 own_pidns_level = 0;

#endif
