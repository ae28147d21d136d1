// openapi.yaml as it is built in.
#pragma once

#include <string_view>

namespace postern::api {

std::string_view Contract();

}  // namespace postern::api
