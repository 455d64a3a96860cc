#include "chaos/page/render.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "chaos/page/index_page.hpp"
#include "chaos/page/run_page.hpp"

namespace quorate::page {
namespace {

namespace fs = std::filesystem;

/// Owns the file until it has its real name.
class temporary_file {
 public:
  explicit temporary_file(std::string path)
      : path_(std::move(path)), descriptor_(open(path_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666)) {}
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    if (descriptor_ >= 0) close(descriptor_);
    if (descriptor_ >= 0 && !kept_) unlink(path_.c_str());
  }

  bool write_all(const std::string& bytes) {
    std::size_t done = 0;
    while (descriptor_ >= 0 && done < bytes.size()) {
      const auto written = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      done += static_cast<std::size_t>(written);
    }
    return descriptor_ >= 0 && fsync(descriptor_) == 0;
  }

  bool become(const std::string& path) {
    kept_ = std::rename(path_.c_str(), path.c_str()) == 0;
    return kept_;
  }

 private:
  std::string path_;
  int descriptor_ = -1;
  bool kept_ = false;
};

}  // namespace

status write_atomically(const std::string& path, const std::string& bytes) {
  const fs::path target(path);
  const auto hidden = "." + target.filename().string() + "." + std::to_string(getpid());
  temporary_file file((target.parent_path() / hidden).string());
  if (!file.write_all(bytes) || !file.become(path))
    return status(errc::internal, "cannot write " + path + ": " + std::strerror(errno));
  return {};
}

result<std::size_t> render(const std::string& runs_directory) {
  const auto found = read_runs(runs_directory);
  if (!found) return found.error();
  for (const auto& one : found->all) {
    const auto path = fs::path(runs_directory) / one.id / page_file;
    if (auto written = write_atomically(path.string(), run_page(one, found->insights)); !written) return written;
  }
  const auto index = (fs::path(runs_directory) / page_file).string();
  if (auto written = write_atomically(index, index_page(*found)); !written) return written;
  return found->all.size();
}

int run_render(const std::string& runs_directory) {
  const auto rendered = render(runs_directory);
  if (!rendered) {
    std::cerr << "quorate-chaos render: " << rendered.error().context() << "\n";
    return rendered.error().code() == errc::invalid_argument ? 2 : 1;
  }
  std::cout << *rendered << (*rendered == 1 ? " run" : " runs") << " written to "
            << (fs::path(runs_directory) / page_file).string() << "\n";
  return 0;
}

}  // namespace quorate::page
