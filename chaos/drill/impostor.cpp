#include "chaos/drill/impostor.hpp"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include <array>
#include <atomic>
#include <mutex>
#include <random>
#include <set>
#include <utility>

#include "chaos/drill/listening_socket.hpp"
#include "chaos/drill/member_words.hpp"
#include "chaos/wait.hpp"
#include "proto/hash.hpp"
#include "quorate/v1/replication.grpc.pb.h"

namespace quorate::chaos {
namespace {

constexpr auto largest = ~std::uint64_t{0};
constexpr std::uint64_t nobody = 0x6E6F626F6479;
constexpr std::size_t heard_max = 256;
constexpr std::size_t entries_wanted = 8;  ///< frames with entries, of a stream that is listened to
constexpr milliseconds listening(600);
/// What was under way when the lie was told may still come; nothing does later than that.
constexpr milliseconds patience(2'000);

/// What a caller has said of itself.
struct caller {
  std::string name;
  std::uint64_t epoch = 0;
  log_id live() const { return {node_id_of(name), epoch}; }
};

struct welcome_lie {
  const char* what;
  void (*put)(const caller&, v1::Welcome*);
};

constexpr std::array welcome_lies{
    welcome_lie{"a welcome that knows it by a disk of 2^64-1",
                [](const caller&, v1::Welcome* welcome) { welcome->set_knows_you_by(largest); }},
    welcome_lie{"a welcome of the disk 2^64-1",
                [](const caller&, v1::Welcome* welcome) { welcome->set_disk(largest); }},
    welcome_lie{
        "a welcome with position 2^64-1 of its own log",
        [](const caller& to, v1::Welcome* welcome) { *welcome->add_vector() = position_of(to.live(), largest); }},
    welcome_lie{"a welcome with position 2^62 of its own log",
                [](const caller& to, v1::Welcome* welcome) {
                  *welcome->add_vector() = position_of(to.live(), std::uint64_t{1} << 62);
                }},
    welcome_lie{"a welcome with a log of nobody",
                [](const caller&, v1::Welcome* welcome) {
                  *welcome->add_vector() = position_of({node_id{nobody}, 1}, 1);
                }},
};

struct answer_lie {
  const char* what;
  void (*put)(const caller&, v1::PeerAnswer*);
};

constexpr std::array answer_lies{
    answer_lie{"an acknowledgement up to 2^64-1",
               [](const caller& to, v1::PeerAnswer* answer) {
                 auto& ack = *answer->add_acks();
                 ack.set_origin(to_number(to.live().origin));
                 ack.set_epoch(to.epoch);
                 ack.set_first(1);
                 ack.set_upto(largest);
               }},
    answer_lie{"a refusal behind entry 2^64-1",
               [](const caller& to, v1::PeerAnswer* answer) {
                 auto& refusal = *answer->add_refusals();
                 refusal.set_origin(to_number(to.live().origin));
                 refusal.set_epoch(to.epoch);
                 refusal.set_have(largest);
                 refusal.set_reason(v1::LogRefusal::GAP);
               }},
    answer_lie{"an echo of heartbeat 2^64-1",
               [](const caller&, v1::PeerAnswer* answer) { answer->mutable_echo()->set_number(largest); }},
    answer_lie{"an echo with position 2^64-1 of its own log",
               [](const caller& to, v1::PeerAnswer* answer) {
                 *answer->mutable_echo()->add_vector() = position_of(to.live(), largest);
               }},
    answer_lie{"a second challenge",
               [](const caller&, v1::PeerAnswer* answer) {
                 answer->mutable_challenge()->set_nonce(std::string(peer_nonce_bytes, 'n'));
               }},
};

enum class false_proof : std::uint8_t { none, reflected, made_up, not_wanted };
constexpr std::array false_proofs{std::pair(false_proof::none, "a welcome without a proof"),
                                  std::pair(false_proof::reflected, "its own proof"),
                                  std::pair(false_proof::made_up, "a proof that was made up"),
                                  std::pair(false_proof::not_wanted, "a challenge that wants no proof")};

class service final : public v1::Replication::Service {
 public:
  explicit service(const impostor_options& options) : options_(options), random_(options.seed) {}

  grpc::Status Link(grpc::ServerContext*, grpc::ServerReaderWriter<v1::PeerAnswer, v1::PeerFrame>* stream) override {
    v1::PeerFrame frame;
    if (!hear(*stream, &frame) || !frame.has_knock()) return grpc::Status::OK;
    caller from{frame.knock().from(), 0};
    const auto turn = turns_++;
    const auto proof = false_proofs[turn % false_proofs.size()];
    v1::PeerAnswer challenge;
    challenge.mutable_challenge()->set_nonce(nonce());
    challenge.mutable_challenge()->set_keyed(options_.keyed && proof.first != false_proof::not_wanted);
    if (!stream->Write(challenge)) return grpc::Status::OK;
    if (options_.keyed && proof.first == false_proof::not_wanted) {
      judge(*stream, proof.second);
      return grpc::Status::OK;
    }
    if (!hear(*stream, &frame) || !frame.has_hello()) return grpc::Status::OK;
    v1::Hello hello;
    if (hello.ParseFromString(frame.hello().content())) from.epoch = hello.epoch();
    if (options_.keyed)
      welcome_falsely(*stream, from, frame.hello().proof(), proof);
    else
      lie(*stream, from, turn);
    return grpc::Status::OK;
  }

  std::vector<std::string> heard() {
    const std::lock_guard lock(mutex_);
    return std::exchange(heard_, {});
  }
  std::uint64_t lies_told() const {
    const std::lock_guard lock(mutex_);
    return lies_told_;
  }
  bool all_told() const {
    const std::lock_guard lock(mutex_);
    return told_.size() >= (options_.keyed ? false_proofs.size() : welcome_lies.size() + answer_lies.size());
  }
  std::vector<std::string> believed() const {
    const std::lock_guard lock(mutex_);
    return believed_;
  }

 private:
  using stream_of = grpc::ServerReaderWriter<v1::PeerAnswer, v1::PeerFrame>;

  bool hear(stream_of& stream, v1::PeerFrame* frame) {
    if (!stream.Read(frame)) return false;
    const std::lock_guard lock(mutex_);
    if (heard_.size() < heard_max) heard_.push_back(frame->SerializeAsString());
    return true;
  }

  /// Whether the caller still sends after what it must not believe.
  bool goes_on(stream_of& stream) {
    const auto since = steady_clock::now();
    v1::PeerFrame frame;
    while (hear(stream, &frame))
      if (steady_clock::now() - since > patience) return true;
    return false;
  }

  /// False: the caller is gone.
  bool send(stream_of& stream, const v1::Welcome& welcome, const std::string& proof) {
    v1::PeerAnswer answer;
    answer.mutable_welcome()->set_content(welcome.SerializeAsString());
    answer.mutable_welcome()->set_proof(proof);
    answer.set_uncounted(true);
    return stream.Write(answer);
  }

  v1::Welcome welcome(const caller& to) const {
    return welcome_of(options_.name, to.name, options_.members, options_.seed);
  }

  void welcome_falsely(stream_of& stream, const caller& to, const std::string& its_proof,
                       const std::pair<false_proof, const char*>& proof) {
    auto said = welcome(to);
    for (const auto& one : welcome_lies) one.put(to, &said);
    if (send(stream, said,
             proof.first == false_proof::none        ? std::string()
             : proof.first == false_proof::reflected ? its_proof
                                                     : nonce() + nonce()))
      judge(stream, proof.second);
  }

  /// In turn: listen, a lie in the welcome, a lie in an answer. An echo between lets a link come back at once.
  void lie(stream_of& stream, const caller& to, std::uint64_t turn) {
    auto said = welcome(to);
    // Once all is told, the time belongs to the frames that are made from what he hears.
    const auto step = all_told() ? 0 : turn % 3;
    const auto round = turn / 3;
    const auto& in_welcome = welcome_lies[round % welcome_lies.size()];
    if (step == 1) in_welcome.put(to, &said);
    if (!send(stream, said, "")) return;
    if (step == 1) return judge(stream, in_welcome.what);
    // Who was heard believes the welcome, and hears the lie.
    if (!listen(stream, step == 0) || step == 0) return;
    const auto& in_answer = answer_lies[round % answer_lies.size()];
    v1::PeerAnswer answer;
    answer.set_uncounted(true);
    in_answer.put(to, &answer);
    if (stream.Write(answer)) judge(stream, in_answer.what);
  }

  /// Echoes what asks for it. For a while, or up to the first echo. Whether there was one.
  bool listen(stream_of& stream, bool a_while) {
    const auto since = steady_clock::now();
    std::size_t entries = 0;
    bool echoed = false;
    v1::PeerFrame frame;
    while (
        !(echoed && (!a_while || (entries >= entries_wanted && !all_told()) || steady_clock::now() - since > listening))
        && hear(stream, &frame)) {
      entries += frame.entries_size() > 0 ? 1 : 0;
      if (!frame.has_heartbeat()) continue;
      v1::PeerAnswer answer;
      answer.set_uncounted(true);
      answer.mutable_echo()->set_number(frame.heartbeat().number());
      answer.mutable_echo()->set_wall_ms(static_cast<std::int64_t>(milliseconds_of(now_as_version())));
      echoed = stream.Write(answer) || echoed;
    }
    return echoed;
  }

  std::string nonce() {
    const std::lock_guard lock(mutex_);
    std::string bytes(peer_nonce_bytes, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random_());
    return bytes;
  }

  /// Told, and seen what came of it.
  void judge(stream_of& stream, const char* what) {
    const bool went_on = goes_on(stream);
    const std::lock_guard lock(mutex_);
    ++lies_told_;
    told_.insert(what);
    if (went_on) believed_.push_back(what);
  }

  const impostor_options options_;
  std::atomic<std::uint64_t> turns_{0};
  mutable std::mutex mutex_;  ///< over all that follows
  std::mt19937_64 random_;
  std::vector<std::string> heard_;
  std::set<std::string> told_;
  std::uint64_t lies_told_ = 0;
  std::vector<std::string> believed_;
};

class listening_impostor final : public impostor {
 public:
  explicit listening_impostor(const impostor_options& options) : service_(options) {}
  ~listening_impostor() override {
    socket_.reset();
    // At once: a stream is not over by itself.
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
  }

  status open(const impostor_options& options) {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    if (!server_) return {errc::internal, "gRPC starts no server"};
    auto opened = listening_socket::open(options.address, options.network_namespace, [this](int connection) {
      grpc::AddInsecureChannelFromFd(server_.get(), connection);
    });
    if (!opened) return opened.error();
    socket_ = std::move(*opened);
    return {};
  }

  std::vector<std::string> heard() override { return service_.heard(); }
  std::uint64_t lies_told() const override { return service_.lies_told(); }
  bool all_told() const override { return service_.all_told(); }
  std::vector<std::string> believed() const override { return service_.believed(); }

 private:
  service service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<listening_socket> socket_;
};

}  // namespace

result<std::unique_ptr<impostor>> impostor::listen(const impostor_options& options) {
  auto made = std::make_unique<listening_impostor>(options);
  if (auto opened = made->open(options); !opened) return opened;
  return std::unique_ptr<impostor>(std::move(made));
}

}  // namespace quorate::chaos
