#include "confine.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>

// A sanitizer reads /proc and starts threads when it reports something.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HVSOCK_SANITIZED 1
#endif

#if defined(__x86_64__)
#define HVSOCK_AUDIT_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define HVSOCK_AUDIT_ARCH AUDIT_ARCH_AARCH64
#endif

namespace hvsock {

#if defined(HVSOCK_AUDIT_ARCH) && !defined(HVSOCK_SANITIZED)
namespace {

// A system call that is allowed, if these bits of an argument are so; with no bits, always.
struct Rule {
  std::uint32_t call;
  unsigned argument = 0;
  std::uint32_t bits = 0;
  std::uint32_t value = 0;
};

// What the relay's loop (src/relay, src/stream) calls, and what libc does for memory, time and the end.
constexpr Rule rules[] = {
    {SYS_read},
    {SYS_write},
    {SYS_pwritev2},
    {SYS_splice},
    {SYS_recvfrom},
    {SYS_sendto, 5, UINT32_MAX, 0},  // no address: to where the socket is connected
#if defined(SYS_poll)
    {SYS_poll},
#endif
    {SYS_ppoll},
    {SYS_ioctl, 1, UINT32_MAX, FIONREAD},  // not TIOCSTI, which types into a terminal
    {SYS_shutdown},
    {SYS_close},
    {SYS_getsockopt},
    {SYS_fstat},
    {SYS_brk},
    {SYS_mmap, 2, PROT_EXEC, 0},
    {SYS_mprotect, 2, PROT_EXEC, 0},
    {SYS_munmap},
    {SYS_mremap},
    {SYS_madvise},
    {SYS_futex},
    {SYS_clock_gettime},
    {SYS_exit},
    {SYS_exit_group},
    {SYS_rt_sigprocmask},
    {SYS_rt_sigreturn},
    {SYS_restart_syscall},
};

// A program of the kernel's BPF (https://docs.kernel.org/userspace-api/seccomp_filter.html). It halves the rules at each step, as the
// kernel runs it for each of its calls when it is installed.
class Filter {
 public:
  Filter() {
    std::copy(std::begin(rules), std::end(rules), sorted_);
    std::sort(std::begin(sorted_), std::end(sorted_), [](const Rule& a, const Rule& b) { return a.call < b.call; });
    load(offsetof(seccomp_data, arch));
    add(BPF_JMP | BPF_JEQ | BPF_K, HVSOCK_AUDIT_ARCH, 1, 0);
    give(SECCOMP_RET_KILL_PROCESS);  // the numbers of another processor are other calls
    load(offsetof(seccomp_data, nr));
    choose(0, std::size(sorted_));
  }

  void install() {
    const sock_fprog program{length_, steps_};
    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
  }

 private:
  void choose(std::size_t from, std::size_t to) {
    if (to - from == 1) return apply(sorted_[from]);
    const std::size_t middle = from + (to - from) / 2;
    const std::uint16_t step = length_;
    add(BPF_JMP | BPF_JGE | BPF_K, sorted_[middle].call);
    choose(from, middle);
    steps_[step].jt = static_cast<std::uint8_t>(length_ - step - 1);
    choose(middle, to);
  }

  void apply(const Rule& rule) {
    constexpr std::uint32_t denied = SECCOMP_RET_ERRNO | ENOSYS;
    add(BPF_JMP | BPF_JEQ | BPF_K, rule.call, 1, 0);
    give(denied);
    if (rule.bits != 0) {
      // The lower half, which comes first on these processors.
      load(offsetof(seccomp_data, args) + rule.argument * sizeof(std::uint64_t));
      add(BPF_ALU | BPF_AND | BPF_K, rule.bits);
      add(BPF_JMP | BPF_JEQ | BPF_K, rule.value, 1, 0);
      give(denied);
    }
    give(SECCOMP_RET_ALLOW);
  }

  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
  void give(std::uint32_t result) { add(BPF_RET | BPF_K, result); }
  void add(std::uint16_t code, std::uint32_t value, std::uint8_t then = 0, std::uint8_t otherwise = 0) {
    steps_[length_++] = {code, then, otherwise, value};
  }

  Rule sorted_[std::size(rules)];
  std::uint16_t length_ = 0;
  sock_filter steps_[4 + 8 * std::size(rules)];
};

}  // namespace

void confine() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return;
  Filter().install();
}

#else

void confine() {}

#endif

}  // namespace hvsock
