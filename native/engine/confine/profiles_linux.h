#pragma once

#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cstdint>

#include "../../src/own_process.h"

namespace hvsock {

// What these bits of an argument are; without bits, whatever it is.
struct Condition {
  unsigned argument = 0;
  std::uint32_t bits = 0;
  std::uint32_t value = 0;
};

// The profile that has all but what the rules of this one add.
constexpr Profile baseOf(Profile profile) {
  switch (profile) {
    case Profile::servePath:
      return Profile::serve;
    case Profile::serve:
    case Profile::write:
      return Profile::read;
    default:
      return Profile::relay;
  }
}

// A system call that is allowed by a profile, and those that are based on it, if both are so. A call may have several rules.
struct Rule {
  Profile from;
  std::uint32_t call;
  Condition condition = {};
  Condition another = {};
};

constexpr std::uint32_t wholeArgument = UINT32_MAX;
// Opens a file only to read it.
constexpr std::uint32_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;  // musl counts O_PATH as a mode
constexpr std::uint32_t vsockFamily = 40;  // AF_VSOCK; setsockopt(2) has it as a level, too

constexpr Rule rules[] = {
    // The relay's loop (src/relay, src/stream), and what libc does for memory, time and the end.
    {Profile::relay, SYS_read},
    {Profile::relay, SYS_write},
    {Profile::relay, SYS_pwritev2},
    {Profile::relay, SYS_splice},
    {Profile::relay, SYS_recvfrom},
    {Profile::relay, SYS_sendto, {5, wholeArgument, 0}},  // no address: to where the socket is connected
#if defined(SYS_poll)
    {Profile::relay, SYS_poll},
#endif
    {Profile::relay, SYS_ppoll},
    {Profile::relay, SYS_ioctl, {1, wholeArgument, FIONREAD}},  // not TIOCSTI, which types into a terminal
    {Profile::relay, SYS_shutdown},
    {Profile::relay, SYS_close},
    {Profile::relay, SYS_getsockopt},
    {Profile::relay, SYS_fstat},
    {Profile::relay, SYS_brk},
    {Profile::relay, SYS_mmap, {2, PROT_EXEC, 0}},
    {Profile::relay, SYS_mprotect, {2, PROT_EXEC, 0}},
    {Profile::relay, SYS_munmap},
    {Profile::relay, SYS_mremap},
    {Profile::relay, SYS_madvise},
    {Profile::relay, SYS_futex},
    {Profile::relay, SYS_clock_gettime},
    {Profile::relay, SYS_exit},
    {Profile::relay, SYS_exit_group},
    {Profile::relay, SYS_rt_sigprocmask},
    {Profile::relay, SYS_rt_sigreturn},
    {Profile::relay, SYS_restart_syscall},

    // Files and folders, to read.
#if defined(SYS_open)
    {Profile::read, SYS_open, {1, writing, O_RDONLY}},
    {Profile::read, SYS_stat},
    {Profile::read, SYS_lstat},
    {Profile::read, SYS_access},
    {Profile::read, SYS_readlink},
#endif
    {Profile::read, SYS_openat, {2, writing, O_RDONLY}},
    {Profile::read, SYS_newfstatat},
    {Profile::read, SYS_statx},
    {Profile::read, SYS_faccessat},
    {Profile::read, SYS_readlinkat},
    {Profile::read, SYS_getdents64},
    {Profile::read, SYS_getcwd},
    {Profile::read, SYS_lseek},
    {Profile::read, SYS_pread64},
    {Profile::read, SYS_readv},
    {Profile::read, SYS_writev},
    {Profile::read, SYS_fcntl, {1, ~7U, 0}},  // flags and locks; not F_SETOWN, by which the kernel sends signals
    {Profile::read, SYS_ioctl, {1, wholeArgument, TIOCGWINSZ}},

    // The engine, and its threads, but no process.
    {Profile::read, SYS_clone, {0, CLONE_THREAD, CLONE_THREAD}},
    {Profile::read, SYS_set_robust_list},
#if defined(SYS_rseq)
    {Profile::read, SYS_rseq},
#endif
    {Profile::read, SYS_eventfd2},
    {Profile::read, SYS_rt_sigaction},
    {Profile::read, SYS_sched_yield},
    {Profile::read, SYS_nanosleep},
    {Profile::read, SYS_clock_nanosleep},
    {Profile::read, SYS_getrandom},
    {Profile::read, SYS_getrusage},
    {Profile::read, SYS_uname},
    {Profile::read, SYS_getpid},
    {Profile::read, SYS_getppid},
    {Profile::read, SYS_gettid},
    {Profile::read, SYS_getuid},
    {Profile::read, SYS_geteuid},
    {Profile::read, SYS_getgid},
    {Profile::read, SYS_getegid},

    // Unix sockets: a manager's, a multiplexer's, a machine's.
    {Profile::read, SYS_socket, {0, wholeArgument, AF_UNIX}},
    {Profile::read, SYS_connect},
    {Profile::read, SYS_getsockname},
    {Profile::read, SYS_getpeername},
    {Profile::read, SYS_setsockopt, {1, wholeArgument, SOL_SOCKET}},

    // Clients of the sockets that listen already, and where they are connected to.
    {Profile::serve, SYS_accept4},
    {Profile::serve, SYS_socket, {0, wholeArgument, vsockFamily}},
    {Profile::serve, SYS_socket, {0, wholeArgument, AF_INET}, {1, 0xf, SOCK_STREAM}},
    {Profile::serve, SYS_socket, {0, wholeArgument, AF_INET6}, {1, 0xf, SOCK_STREAM}},
    {Profile::serve, SYS_setsockopt, {1, wholeArgument, vsockFamily}},
    {Profile::serve, SYS_setsockopt, {1, wholeArgument, IPPROTO_TCP}},
    // sock_diag(7), whose address has this size.
    {Profile::serve, SYS_socket, {0, wholeArgument, AF_NETLINK}, {2, wholeArgument, NETLINK_SOCK_DIAG}},
    {Profile::serve, SYS_sendto, {5, wholeArgument, sizeof(sockaddr_nl)}},

    // The file of a unix socket at the end. Which file it is, a filter does not see.
#if defined(SYS_unlink)
    {Profile::servePath, SYS_unlink},
#endif
    {Profile::servePath, SYS_unlinkat, {2, wholeArgument, 0}},

    // Files that are replaced under a lock, whose holder may have ended.
#if defined(SYS_open)
    {Profile::write, SYS_open},
    {Profile::write, SYS_mkdir},
    {Profile::write, SYS_rename},
    {Profile::write, SYS_unlink},
#endif
    {Profile::write, SYS_openat},
    {Profile::write, SYS_mkdirat},
    {Profile::write, SYS_renameat},
    {Profile::write, SYS_unlinkat, {2, wholeArgument, 0}},
    {Profile::write, SYS_fchmod},
    {Profile::write, SYS_fchown},
    {Profile::write, SYS_fsync},
    {Profile::write, SYS_kill, {1, wholeArgument, 0}},
};

}  // namespace hvsock
