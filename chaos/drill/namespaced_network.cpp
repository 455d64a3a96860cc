#include "chaos/drill/namespaced_network.hpp"

#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "chaos/command.hpp"

namespace quorate::chaos {
namespace {

constexpr std::chrono::seconds tool_bound(10);
constexpr std::size_t nodes_max = 200;
constexpr std::size_t name_length_max = 12;  // an interface's name has 15 characters, three of them are "to-"
/// A queue holds what its class sends in a fifth of a second, but never less than some packets.
constexpr std::uint64_t queue_bytes_min = 16'384;
constexpr unsigned packet_bytes = 1'514;

result<std::string> run_batch(const std::string& tool, const std::string& lines, int network_namespace = -1) {
  command what;
  what.arguments = {tool, "-batch"};
  what.package = "iproute2";
  what.input = lines;
  what.network_namespace = network_namespace;
  return output_of(what, tool_bound);
}

std::string net_of(unsigned number) { return "10.77." + std::to_string(number); }

std::string cable_to(const std::string& node) { return "to-" + node; }

/// tc reads them as hexadecimal.
std::string class_of(unsigned number) {
  char text[16];
  std::snprintf(text, sizeof text, "1:%x", number);
  return text;
}

/// A descriptor of a new network namespace, or -1 and errno. The thread is what enters it; it is gone on return.
int new_network_namespace() {
  int fd = -1;
  int error = 0;
  std::thread([&] {
    if (unshare(CLONE_NEWNET) == 0) fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    error = errno;
  }).join();
  errno = error;
  return fd;
}

/// Empty, or an interface that carries packets already. A namespace just entered has none but its loopback, so one
/// tells that we are where rules of others could be hit.
std::string interface_in_use() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return "unknown";
  std::string found;
  for (const auto* one = all; one; one = one->ifa_next) {
    if ((one->ifa_flags & IFF_UP) != 0 && (one->ifa_flags & IFF_LOOPBACK) == 0) found = one->ifa_name;
  }
  freeifaddrs(all);
  return found;
}

/// Sum of the numbers behind `word` in tc's statistics.
std::uint64_t sum_after(const std::string& text, const std::string& word) {
  std::uint64_t sum = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + word.size()))
    sum += std::strtoull(text.c_str() + at + word.size(), nullptr, 10);
  return sum;
}

}  // namespace

result<std::unique_ptr<namespaced_network>> namespaced_network::make(const private_namespaces& entered,
                                                                     const std::vector<std::string>& nodes) {
  if (!entered.network) return status(errc::not_permitted, "no private network: " + entered.why_no_network);
  if (const auto used = interface_in_use(); !used.empty())
    return status(errc::in_use, "this network is not ours alone: interface " + used + " is up");
  if (nodes.size() > nodes_max) return status(errc::invalid_argument, "too many nodes for one network");
  std::unique_ptr<namespaced_network> made(new namespaced_network);
  for (const auto& name : nodes) {
    if (name.empty() || name.size() > name_length_max)
      return status(errc::invalid_argument, "'" + name + "' makes no name of an interface");
    const int place = new_network_namespace();
    if (place < 0) return status(errc::not_permitted, std::string("no network namespace: ") + std::strerror(errno));
    made->members_.push_back({name, place});
  }
  if (auto laid = made->lay_cables(); !laid) return laid;
  // Asked once now, so that a missing tool is told before the first fault.
  if (auto rules = made->dropped(); !rules) return rules.error();
  return made;
}

status namespaced_network::lay_cables() {
  std::ofstream forward("/proc/sys/net/ipv4/ip_forward");
  if (!(forward << "1\n" << std::flush)) return status(errc::not_permitted, "cannot switch on net.ipv4.ip_forward");

  std::string here;
  for (const auto& [name, place] : members_) {
    const auto cable = cable_to(name);
    here += "link add " + cable + " type veth peer name hub netns /proc/" + std::to_string(getpid()) + "/fd/"
            + std::to_string(place) + "\n";
    here += "address add " + net_of(number_of(name)) + ".1/30 dev " + cable + "\n";
    here += "link set " + cable + " up\n";
  }
  if (auto laid = run_batch("ip", here); !laid) return laid.error();
  for (const auto& [name, place] : members_) {
    const auto net = net_of(number_of(name));
    // One segment a packet: else the kernel hands over 64 KiB at once, and a loss of one packet is one of forty.
    std::string there = "link set lo up\naddress add ";
    there.append(net).append(".2/30 dev hub\nlink set hub gso_max_segs 1 up\n");
    there.append("route add default via ").append(net).append(".1\n");
    if (auto laid = run_batch("ip", there, place); !laid) return laid.error();
  }
  return {};
}

namespaced_network::~namespaced_network() {
  static_cast<void>(namespaced_network::heal());
  std::string links;
  for (const auto& [name, place] : members_) {
    links += "link delete " + cable_to(name) + "\n";
    close(place);
  }
  // What cannot be deleted now goes with this process's namespace.
  if (!links.empty())
    static_cast<void>(run_to_end({{"ip", "-force", "-batch"}, "iproute2", links, {}, -1}, tool_bound));
}

unsigned namespaced_network::number_of(const std::string& node) const {
  const auto found = std::find_if(members_.begin(), members_.end(), [&](const auto& one) { return one.name == node; });
  return found == members_.end() ? 0 : static_cast<unsigned>(found - members_.begin()) + 1;
}

std::string namespaced_network::ip_of(const std::string& node) const { return net_of(number_of(node)) + ".2"; }

std::string namespaced_network::listen_address(const std::string& node) const {
  return ip_of(node) + ":" + std::to_string(node_port);
}

std::string namespaced_network::peer_address(const std::string&, const std::string& to) const {
  return listen_address(to);
}

int namespaced_network::namespace_of(const std::string& node) const {
  const auto number = number_of(node);
  return number == 0 ? -1 : members_[number - 1].place;
}

status namespaced_network::check_pair(const std::string& one, const std::string& other) const {
  if (one == other || number_of(one) == 0 || number_of(other) == 0)
    return status(errc::invalid_argument, "'" + one + "' and '" + other + "' are no two nodes of this network");
  return {};
}

status namespaced_network::run_iptables(const std::string& arguments) const {
  command what;
  what.arguments = {"iptables"};
  what.package = "iptables";
  // The older kind of iptables takes a lock of the whole machine, and would create it. These rules are ours alone.
  what.environment = {"XTABLES_LOCKFILE=/dev/null"};
  std::istringstream words(arguments);
  for (std::string word; words >> word;) what.arguments.push_back(word);
  if (auto done = output_of(what, tool_bound); !done) return done.error();
  return {};
}

status namespaced_network::cut(const std::string& from, const std::string& to) {
  if (auto pair = check_pair(from, to); !pair) return pair;
  const std::pair direction(number_of(from), number_of(to));
  if (cut_.contains(direction)) return {};
  auto done = run_iptables("-A FORWARD -s " + ip_of(from) + " -d " + ip_of(to) + " -j DROP");
  if (done) cut_.insert(direction);
  return done;
}

status namespaced_network::lose(double share) {
  if (!(share >= 0 && share <= 1)) return status(errc::invalid_argument, "a share of packets is 0 to 1");
  if (!loss_rule_.empty()) {
    const auto before = dropped();
    if (!before) return before.error();
    if (auto deleted = run_iptables("-D FORWARD " + loss_rule_); !deleted) return deleted;
    loss_rule_.clear();
    const auto without = dropped();
    if (!without) return without.error();
    dropped_by_former_rules_ += *before - std::min(*before, *without);
  }
  if (share == 0) return {};
  const auto rule = "-m statistic --mode random --probability " + std::to_string(share) + " -j DROP";
  auto done = run_iptables("-A FORWARD " + rule);
  if (done) loss_rule_ = rule;
  return done;
}

status namespaced_network::limit(const std::string& one, const std::string& other, std::uint64_t bits_per_second) {
  if (auto pair = check_pair(one, other); !pair) return pair;
  if (bits_per_second == 0) return status(errc::invalid_argument, "a limit of nothing is a cut");
  std::string batch;
  limit_direction(number_of(one), number_of(other), bits_per_second, &batch);
  limit_direction(number_of(other), number_of(one), bits_per_second, &batch);
  if (auto done = run_batch("tc", batch); !done) return done.error();
  return {};
}

void namespaced_network::limit_direction(unsigned from, unsigned to, std::uint64_t bits_per_second,
                                         std::string* batch) {
  const auto device = " dev " + cable_to(members_[to - 1].name);
  const auto own = class_of(from);
  const bool queue_there =
      std::any_of(limited_.begin(), limited_.end(), [&](const auto& pair) { return pair.second == to; });
  const bool class_there = !limited_.emplace(from, to).second;
  // What no class is for passes at once: clients, and the other node.
  if (!queue_there) *batch += "qdisc add" + device + " root handle 1: htb default 0\n";
  *batch += std::string("class ") + (class_there ? "change" : "add") + device + " parent 1: classid " + own
            + " htb rate " + std::to_string(bits_per_second) + "bit quantum " + std::to_string(packet_bytes) + "\n";
  *batch += std::string("qdisc ") + (class_there ? "change" : "add") + device + " parent " + own + " bfifo limit "
            + std::to_string(std::max(bits_per_second / 8 / 5, queue_bytes_min)) + "\n";
  if (!class_there)
    *batch += "filter add" + device + " parent 1: protocol ip prio " + std::to_string(from) + " u32 match ip src "
              + net_of(from) + ".2/32 flowid " + own + "\n";
}

status namespaced_network::heal() {
  status outcome;
  if (!cut_.empty() || !loss_rule_.empty()) outcome = run_iptables("-F FORWARD");
  std::set<unsigned> ends;
  for (const auto& [from, to] : limited_) ends.insert(to);
  command queues{{"tc", "-force", "-batch"}, "iproute2", "", {}, -1};
  for (const auto to : ends) queues.input += "qdisc delete dev " + cable_to(members_[to - 1].name) + " root\n";
  if (!ends.empty()) {
    // Forced and its exit code ignored, because a limit that failed half-way has less to delete; so look.
    const auto forced = run_to_end(queues, tool_bound);
    const auto left = output_of({{"tc", "qdisc", "show"}, "iproute2", "", {}, -1}, tool_bound);
    if (!forced || !left) {
      if (outcome) outcome = forced ? left.error() : forced.error();
    } else if (left->find("htb") != std::string::npos) {
      outcome = status(errc::unavailable, "a queue is left: " + forced->output);
    }
  }
  if (!outcome) return outcome;
  cut_.clear();
  limited_.clear();
  loss_rule_.clear();
  dropped_by_former_rules_ = 0;
  return {};
}

result<std::uint64_t> namespaced_network::dropped() const {
  const auto listed =
      output_of({{"iptables", "-L", "FORWARD", "-v", "-n", "-x"}, "iptables", "", {"XTABLES_LOCKFILE=/dev/null"}, -1},
                tool_bound);
  if (!listed) return listed.error();
  std::uint64_t sum = 0;
  std::istringstream lines(*listed);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::uint64_t packets = 0;
    std::string bytes;
    std::string target;
    if (words >> packets >> bytes >> target && target == "DROP") sum += packets;
  }
  return sum;
}

result<std::uint64_t> namespaced_network::bitten() {
  auto sum = dropped();
  if (!sum) return sum;
  *sum += dropped_by_former_rules_;
  std::set<unsigned> ends;
  for (const auto& [from, to] : limited_) ends.insert(to);
  for (const auto to : ends) {
    const auto shown = output_of(
        {{"tc", "-s", "class", "show", "dev", cable_to(members_[to - 1].name)}, "iproute2", "", {}, -1}, tool_bound);
    if (!shown) return shown.error();
    *sum += sum_after(*shown, "(dropped ") + sum_after(*shown, "overlimits ");
  }
  return sum;
}

}  // namespace quorate::chaos
