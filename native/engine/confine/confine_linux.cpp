#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "profiles_linux.h"

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

// A program of the kernel's BPF (https://docs.kernel.org/userspace-api/seccomp_filter.html). It halves the rules at each step, as the
// kernel runs it for each of its calls when it is installed.
class Filter {
 public:
  explicit Filter(Profile profile) {
    const auto end = std::copy_if(std::begin(rules), std::end(rules), allowed_,
                                  [profile](const Rule& rule) { return isIn(rule.from, profile); });
    std::sort(allowed_, end, [](const Rule& a, const Rule& b) { return a.call < b.call; });
    load(offsetof(seccomp_data, arch));
    add(BPF_JMP | BPF_JEQ | BPF_K, HVSOCK_AUDIT_ARCH, 1, 0);
    give(SECCOMP_RET_KILL_PROCESS);  // the numbers of another processor are other calls
    load(offsetof(seccomp_data, nr));
    choose(allowed_, end);
  }

  bool install() {
    const sock_fprog program{length_, steps_};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
  }

 private:
  static bool isIn(Profile part, Profile profile) {
    while (profile != part && profile != Profile::relay) profile = baseOf(profile);
    return profile == part;
  }

  // All rules of one call stay together.
  void choose(const Rule* from, const Rule* to) {
    const Rule* middle = from + (to - from) / 2;
    while (middle != from && middle[-1].call == middle->call) --middle;
    if (middle == from) {
      while (middle != to && middle->call == from->call) ++middle;
    }
    if (middle == to) return apply(from, to);
    add(BPF_JMP | BPF_JGE | BPF_K, middle->call, 0, 1);
    const std::uint16_t jump = length_;
    add(BPF_JMP | BPF_JA, 0);
    choose(from, middle);
    steps_[jump].k = static_cast<std::uint32_t>(length_ - jump - 1);
    choose(middle, to);
  }

  void apply(const Rule* from, const Rule* to) {
    constexpr std::uint32_t denied = SECCOMP_RET_ERRNO | ENOSYS;
    add(BPF_JMP | BPF_JEQ | BPF_K, from->call, 1, 0);
    give(denied);
    bool isConditional = true;
    for (const Rule* rule = from; rule != to && isConditional; ++rule) {
      constexpr int most = 2;
      std::uint16_t jumps[most];
      int count = 0;
      for (const Condition& condition : {rule->condition, rule->another}) {
        if (condition.bits == 0) continue;
        // The lower half, which comes first on these processors.
        load(offsetof(seccomp_data, args) + condition.argument * sizeof(std::uint64_t));
        add(BPF_ALU | BPF_AND | BPF_K, condition.bits);
        jumps[count++] = length_;
        add(BPF_JMP | BPF_JEQ | BPF_K, condition.value);
      }
      give(SECCOMP_RET_ALLOW);
      for (int i = 0; i < count; ++i) steps_[jumps[i]].jf = static_cast<std::uint8_t>(length_ - jumps[i] - 1);
      isConditional = count > 0;
    }
    if (isConditional) give(denied);
  }

  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
  void give(std::uint32_t result) { add(BPF_RET | BPF_K, result); }
  void add(std::uint16_t code, std::uint32_t value, std::uint8_t then = 0, std::uint8_t otherwise = 0) {
    steps_[length_++] = {code, then, otherwise, value};
  }

  // Of one rule: two steps to choose it, two for its number, seven for its conditions, and one to deny it.
  static constexpr std::size_t longestRule = 12;

  Rule allowed_[std::size(rules)];
  std::uint16_t length_ = 0;
  sock_filter steps_[4 + longestRule * std::size(rules)];
};

}  // namespace

bool confine(Profile profile) {
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && Filter(profile).install();
}

#else

bool confine(Profile) { return false; }

#endif

}  // namespace hvsock
