// The OpenAPI 3.1 document of the gateway, made from the table that dispatches.
//
// Any thread.
#pragma once

#include <string>

namespace quorate::net::http {

const std::string& openapi_document();

}  // namespace quorate::net::http
