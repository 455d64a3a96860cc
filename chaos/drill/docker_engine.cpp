#include "chaos/drill/docker_engine.hpp"

#include <cctype>
#include <cstdlib>
#include <utility>

#include "chaos/command.hpp"

namespace quorate::chaos {
namespace {

constexpr std::chrono::milliseconds probe_bound(10'000);
constexpr const char* remedy = "; `./dev containers` installs and starts what is missing";
constexpr const char* docker_package = "docker.io";
constexpr const char* compose_package = "docker-compose";

command made_of(std::vector<std::string> arguments, const char* package) {
  command what;
  what.arguments = std::move(arguments);
  what.package = package;
  return what;
}

bool succeeds(std::vector<std::string> arguments, const char* package) {
  const auto end = run_to_end(made_of(std::move(arguments), package), probe_bound);
  return end && end->exit_code == 0;
}

/// Without the line ends around it. An error here says nothing of any node, and must not read as if one were down.
result<std::string> tidy(result<std::string> output) {
  if (!output) return status(errc::internal, output.error().context());
  while (!output->empty() && std::isspace(static_cast<unsigned char>(output->back()))) output->pop_back();
  return output;
}

}  // namespace

result<docker_engine> docker_engine::find() {
  const auto version =
      run_to_end(made_of({"docker", "version", "--format", "{{.Server.Version}}"}, docker_package), probe_bound);
  if (!version) return status(errc::unavailable, version.error().context() + remedy);
  if (version->exit_code != 0) {
    const char* host = std::getenv("DOCKER_HOST");
    return status(errc::unavailable,
                  "no docker engine answers at " + std::string(host ? host : "unix:///var/run/docker.sock") + remedy);
  }
  docker_engine engine;
  if (succeeds({"docker", "compose", "version"}, docker_package))
    engine.compose_program_ = {"docker", "compose"};
  else if (succeeds({"docker-compose", "version"}, compose_package))
    engine.compose_program_ = {"docker-compose"};
  else
    return status(errc::unavailable, std::string("neither `docker compose` nor docker-compose runs here") + remedy);
  return engine;
}

result<std::string> docker_engine::docker(std::vector<std::string> arguments, std::chrono::milliseconds bound) const {
  arguments.insert(arguments.begin(), "docker");
  return tidy(output_of(made_of(std::move(arguments), docker_package), bound));
}

result<std::string> docker_engine::compose(std::vector<std::string> arguments, std::vector<std::string> environment,
                                           std::chrono::milliseconds bound) const {
  arguments.insert(arguments.begin(), compose_program_.begin(), compose_program_.end());
  auto what = made_of(std::move(arguments), compose_package);
  what.environment = std::move(environment);
  return tidy(output_of(what, bound));
}

}  // namespace quorate::chaos
