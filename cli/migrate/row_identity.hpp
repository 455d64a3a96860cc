// A row reduced to what identifies it, and as text for a file.
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "quorate/v1/transfer.pb.h"

namespace quorate::cli::migrate {

v1::TransferRow identity_row(const v1::TransferRow& row);

/// Hexadecimal digits, and back; nothing for a text that is none.
std::string text_of_identity(const v1::TransferRow& row);
std::optional<v1::TransferRow> identity_from_text(std::string_view text);

/// The bytes of what `hex` (cli/session.hpp) made; nothing for any other text.
std::optional<std::string> bytes_of_hex(std::string_view text);

}  // namespace quorate::cli::migrate
