#include "chaos/drill/private_namespaces.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>

namespace quorate::chaos {
namespace {

std::string failure(const std::string& what) { return what + ": " + std::strerror(errno); }

bool write_file(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  close(fd);
  errno = error;
  return written;
}

/// Empty, or why not.
std::string become_root_of_user_namespace() {
  const auto user = std::to_string(geteuid());
  const auto group = std::to_string(getegid());
  if (unshare(CLONE_NEWUSER) != 0) return failure("no user namespace");
  // Whoever may drop groups could get at files that are denied to a group; so that goes before the groups are mapped.
  if (!write_file("/proc/self/setgroups", "deny") && errno != ENOENT) return failure("/proc/self/setgroups");
  if (!write_file("/proc/self/uid_map", "0 " + user + " 1")) return failure("/proc/self/uid_map");
  if (!write_file("/proc/self/gid_map", "0 " + group + " 1")) return failure("/proc/self/gid_map");
  return "";
}

std::string bring_up_loopback() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure("socket");
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  std::string why;
  if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
    request.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0) why = failure("the loopback interface stays down");
  } else {
    why = failure("no loopback interface");
  }
  close(fd);
  return why;
}

/// In another one an ordinary user may be root; a drill that started this one may have made it.
bool in_first_user_namespace() {
  std::ifstream map("/proc/self/uid_map");
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  return map >> inside >> outside >> count && outside == 0 && count == UINT32_MAX;
}

}  // namespace

private_namespaces enter_private_namespaces() {
  private_namespaces made;
  made.user = !in_first_user_namespace();
  made.mounts = unshare(CLONE_NEWNS) == 0;
  if (!made.mounts && errno == EPERM) {
    const auto why = become_root_of_user_namespace();
    if (!why.empty()) {
      made.why_no_network = made.why_no_mounts = "not root, and " + why;
      return made;
    }
    made.user = true;
    made.mounts = unshare(CLONE_NEWNS) == 0;
  }
  if (!made.mounts) {
    made.why_no_mounts = failure("no mount namespace");
  } else if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    // Ours would appear outside.
    made.mounts = false;
    made.why_no_mounts = failure("mounts cannot be made private");
  }
  if (unshare(CLONE_NEWNET) != 0) {
    made.why_no_network = failure("no network namespace");
    return made;
  }
  made.why_no_network = bring_up_loopback();
  made.network = made.why_no_network.empty();
  return made;
}

}  // namespace quorate::chaos
