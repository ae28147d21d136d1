// Where this checkout and what is built from it are. One object file knows it, so that all others of the
// tests come out the same in every checkout, and ccache can share them.
#pragma once

#include <string>
#include <string_view>

namespace postern::support {

// The whole path of a file of the checkout: "config/models.yaml".
std::string InSource(std::string_view path);
// The whole path of something built: "bin/postern-agent".
std::string InBuild(std::string_view path);

}  // namespace postern::support
