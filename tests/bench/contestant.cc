#include "tests/bench/contestant.h"

#include <fstream>

#include <unistd.h>

#include "tests/bench/metrics.h"
#include "tests/support/held_port.h"

namespace postern::bench {
namespace {

using namespace std::chrono_literals;
using std::filesystem::path;

// Under valgrind both take long.
constexpr auto kStartLimit = 120s;
constexpr auto kRulesLimit = 600s;

// Several instances of one contestant may run at once, so each has a directory of its own.
path MakeHome(const Site& site, std::string_view name, uint16_t port) {
  path home = site.directory / (std::string(name) + "-" + std::to_string(port));
  std::filesystem::create_directories(home);
  return home;
}

void WriteFile(const path& file, std::string_view text) { std::ofstream(file, std::ios::trunc) << text; }

Result<ChildProcess> StartServer(const Wrapper& wrapper, std::vector<std::string> command, const path& log,
                                 uint16_t port) {
  command.insert(command.begin(), wrapper.begin(), wrapper.end());
  const std::string name = command[wrapper.size()];
  auto process = ChildProcess::Start(command, log);
  if (!process) return process.error();
  if (const Status listening = process->AwaitListening(port, kStartLimit); !listening) {
    return Error{listening.error().code, name + ": " + listening.error().message};
  }
  return process;
}

// A line as long as the one with the agent's virtual key, so that all carry the same load.
constexpr const char* kIdleCredential =
    "Authorization: Bearer pst_0123456789ab_0123456789abcdefghijklmnopqrstuvwxyz0123456789\r\n";

std::string Loopback(uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

Result<Contestant> StartNginx(const Site& site, const Upstream& upstream, const Wrapper& wrapper) {
  const support::HeldPort held;
  const uint16_t port = held.number();
  const path home = MakeHome(site, "nginx", port);
  const bool is_tls = upstream.transport == Transport::kTls;
  std::string text = "daemon off;\nworker_processes 1;\npid nginx.pid;\nerror_log error.log error;\n";
  if (::geteuid() == 0) text += "user root;\n";  // so that a worker under valgrind may write what it counted
  text +=
      "events { worker_connections 4096; }\n"
      "http {\n"
      "  access_log off;\n"
      "  client_body_temp_path body;\n  proxy_temp_path proxy;\n  fastcgi_temp_path fastcgi;\n"
      "  uwsgi_temp_path uwsgi;\n  scgi_temp_path scgi;\n"
      "  keepalive_timeout 600s;\n  keepalive_requests 100000000;\n"
      // The whole body in memory: the default of 16 KB would write each larger one to a file.
      "  client_max_body_size 32m;\n  client_body_buffer_size 1m;\n"
      "  upstream provider {\n"
      "    server " +
      Loopback(upstream.port) +
      ";\n"
      "    keepalive 512;\n    keepalive_requests 100000000;\n    keepalive_timeout 600s;\n"
      "  }\n"
      "  server {\n"
      "    listen " +
      Loopback(port) +
      " backlog=4096;\n"
      "    location / {\n"
      "      proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n      proxy_set_header Host "
      "localhost;\n"
      // Answers are passed on as they come: buffered, a stream's events would wait for a full buffer.
      "      proxy_request_buffering on;\n      proxy_buffering off;\n      proxy_read_timeout 600s;\n";
  if (is_tls) {
    text +=
        "      proxy_ssl_verify on;\n      proxy_ssl_name localhost;\n      proxy_ssl_server_name on;\n"
        "      proxy_ssl_session_reuse on;\n      proxy_ssl_protocols TLSv1.2 TLSv1.3;\n"
        "      proxy_ssl_trusted_certificate " +
        site.certificate.string() + ";\n";
  }
  text += std::string("      proxy_pass ") + (is_tls ? "https" : "http") + "://provider;\n    }\n  }\n}\n";
  WriteFile(home / "nginx.conf", text);
  ASSIGN_OR_RETURN(
      auto process,
      StartServer(wrapper, {"nginx", "-p", home.string() + "/", "-e", "error.log", "-c", "nginx.conf"},
                  home / "log", port));
  return Contestant{
      .name = "nginx", .target = {.port = port, .headers = kIdleCredential}, .process = std::move(process)};
}

Result<Contestant> StartHaproxy(const Site& site, const Upstream& upstream, const Wrapper& wrapper) {
  const support::HeldPort held;
  const uint16_t port = held.number();
  const path home = MakeHome(site, "haproxy", port);
  std::string text =
      "global\n  nbthread 1\n  maxconn 8192\n"
      "defaults\n  mode http\n  option http-keep-alive\n"
      "  option http-no-delay\n"  // without it a paced event waits 44 ms
      "  option abortonclose\n"
      "  timeout connect 5s\n  timeout client 600s\n  timeout server 600s\n  timeout http-keep-alive 600s\n"
      "frontend agents\n  bind " +
      Loopback(port) +
      "\n  default_backend provider\n"
      "backend provider\n  http-reuse always\n  http-request set-header Host localhost\n"
      "  server provider " +
      Loopback(upstream.port) + " pool-max-conn 512";
  if (upstream.transport == Transport::kTls) {
    text +=
        " ssl verify required verifyhost localhost sni str(localhost) ca-file " + site.certificate.string();
  }
  text += "\n";
  WriteFile(home / "haproxy.cfg", text);
  ASSIGN_OR_RETURN(
      auto process,
      StartServer(wrapper, {"haproxy", "-db", "-f", (home / "haproxy.cfg").string()}, home / "log", port));
  return Contestant{
      .name = "haproxy", .target = {.port = port, .headers = kIdleCredential}, .process = std::move(process)};
}

// Everything on, as installed: keys, prices, metering, and the record synced before each answer.
std::string AgentConfiguration(const Site& site, const Upstream& upstream, uint16_t port,
                               uint16_t operations_port) {
  const bool is_tls = upstream.transport == Transport::kTls;
  return "listen: " + Loopback(port) + "\noperations: " + Loopback(operations_port) +
         "\nstate: state\nkeys: keys.yaml\nmodels: " + site.models.string() +
         "\nupstream:\n  url: " + (is_tls ? "https://localhost:" : "http://127.0.0.1:") +
         std::to_string(upstream.port) + "\n  ca_files: [" + (is_tls ? site.certificate.string() : "") +
         "]\n  proxy: none\n  max_idle_connections: 512\n  idle_connection: 600s\n"
         "credential:\n  file: provider.key\nsecrets:\n  cache: " +
         (site.directory / "secrets.rules").string() + "\nlog:\n  level: warning\n";
}

// The virtual key that `postern-agent key create` shows once.
Result<std::string> CreateKey(const Site& site, const path& configuration) {
  ASSIGN_OR_RETURN(const std::string output,
                   ChildProcess::Output({site.agent_program.string(), "key", "create", "--user", "bench",
                                         "--json", "--config", configuration.string()},
                                        configuration.parent_path() / "log"));
  const size_t begin = output.find("pst_");
  if (begin == std::string::npos)
    return Error{ErrorCode::kUnavailable, "postern-agent key create showed no key"};
  return output.substr(begin, output.find_first_of("\"\n ", begin) - begin);
}

Result<Contestant> StartAgent(const Site& site, const Upstream& upstream, const Wrapper& wrapper) {
  const support::HeldPort held;
  const uint16_t port = held.number();
  const support::HeldPort held_for_operations;
  const uint16_t operations_port = held_for_operations.number();
  const path home = MakeHome(site, "agent", port);
  const path configuration = home / "agent.yaml";
  WriteFile(configuration, AgentConfiguration(site, upstream, port, operations_port));
  WriteFile(home / "provider.key", "sk-ant-bench");
  std::filesystem::permissions(home / "provider.key",
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  ASSIGN_OR_RETURN(const std::string key, CreateKey(site, configuration));
  const auto start = [&](const Wrapper& around) {
    return StartServer(around, {site.agent_program.string(), "run", "--config", configuration.string()},
                       home / "log", port);
  };
  if (!wrapper.empty()) {
    // What compiling the rules for valgrind's processor takes isn't to be counted: the next start finds them.
    ASSIGN_OR_RETURN(ChildProcess compiles, start({"valgrind", "--quiet", "--tool=none"}));
    RETURN_IF_ERROR(AwaitSecretRules(operations_port, kRulesLimit));
    compiles.Stop();
  }
  ASSIGN_OR_RETURN(auto process, start(wrapper));
  // One that is counted isn't asked, since each question would be counted, too, and how often one asks
  // depends on what else runs: its first requests wait for the rules.
  if (wrapper.empty()) RETURN_IF_ERROR(AwaitSecretRules(operations_port, kRulesLimit));
  return Contestant{.name = "agent",
                    .target = {.port = port, .headers = "Authorization: Bearer " + key + "\r\n"},
                    .process = std::move(process),
                    .operations_port = operations_port};
}

}  // namespace

Status MakeCertificate(Site& site) {
  site.certificate = site.directory / "certificate.pem";
  site.certificate_key = site.directory / "certificate-key.pem";
  const auto made = ChildProcess::Output(
      {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
       "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
       site.certificate_key.string(), "-out", site.certificate.string()},
      site.directory / "openssl.log");
  if (!made) return made.error();
  return Ok{};
}

Result<Upstream> StartUpstream(const Site& site, Transport transport) {
  const support::HeldPort held;
  const uint16_t port = held.number();
  std::vector<std::string> command = {site.upstream_program.string(), "--port", std::to_string(port)};
  if (transport == Transport::kTls) {
    for (const std::string& word : {std::string("--tls-certificate"), site.certificate.string(),
                                    std::string("--tls-key"), site.certificate_key.string()}) {
      command.push_back(word);
    }
  }
  const path log = MakeHome(site, "upstream", port) / "log";
  ASSIGN_OR_RETURN(auto process, StartServer({}, std::move(command), log, port));
  return Upstream{.process = std::move(process), .port = port, .transport = transport};
}

Result<Contestant> StartContestant(std::string_view name, const Site& site, const Upstream& upstream,
                                   const Wrapper& wrapper) {
  if (name == "nginx") return StartNginx(site, upstream, wrapper);
  if (name == "haproxy") return StartHaproxy(site, upstream, wrapper);
  if (name == "direct")
    return Contestant{
        .name = "direct", .target = {.port = upstream.port, .headers = kIdleCredential}, .process = {}};
  if (name == "agent") return StartAgent(site, upstream, wrapper);
  return Error{ErrorCode::kInvalid, "no contestant is called " + std::string(name)};
}

}  // namespace postern::bench
