#include "tests/collector/api/keep.h"

#include "shared/base/hex.h"

namespace postern::api {
namespace {

const directory::Actor kActor = directory::Actor::Local("test");

std::string MakeToken(directory::Directory& directory, const std::string& name, wire::Role role,
                      const std::string& user, std::string& id) {
  const auto issued =
      directory.administrators().Create(kActor, {.name = name, .role = role, .user = user, .expires = 0});
  CHECK(issued.has_value());
  id = issued->record.id();
  return issued->text;
}

}  // namespace

json::Object Reply::object() const {
  const auto value = json::Parse(body);
  CHECK(value.has_value());
  return *value->AsOpenObject();
}

std::string Reply::Text(std::string_view name) const { return object().Text(name).value_or("(none)"); }

std::string Reply::error() const {
  if (status < 400) return "";
  const Error error = rest::ErrorOf(status, body);
  return std::to_string(status) + " " + Name(error.code) + ": " + error.message;
}

Keep::Keep(const Limits& limits) {
  chronicle_ = *chronicle::Chronicle::Open(*store_, log_key_, chronicle::Options());
  directory_ = std::make_unique<directory::Directory>(*store_, *chronicle_, master_key_,
                                                      directory::Options{.organisation = "acme"});
  policies_ =
      *policies::Policies::Open(*directory_, policy_key_, {.collector = "c0ffee", .organisation = "acme"});
  CHECK(directory_->people()
            .CreateUser(kActor, {.id = "ada@example.com", .team = "", .name = "Ada", .os_names = {}})
            .has_value());
  admin = MakeToken(*directory_, "root", wire::ROLE_ADMIN, "", admin_id);
  viewer = MakeToken(*directory_, "eye", wire::ROLE_VIEWER, "", viewer_id);
  developer = MakeToken(*directory_, "ada", wire::ROLE_DEVELOPER, "ada@example.com", developer_id);
  treasury_ = *treasury::Treasury::Open(*store_, 1, *intake::NoTerms(), {});
  clerk_ = std::make_unique<treasury::Clerk>(*treasury_, *store_);
  accounts_ = std::make_unique<Accounts>(*policies_);
  Options options;
  options.server.certificate = certificate_.certificate;
  options.server.key = certificate_.key;
  options.organisation = "acme";
  options.collector = "c0ffee";
  options.curve_key = std::string(32, '\x11');
  options.agents_address = ":4791";
  options.limits = limits;
  auto api =
      Api::Start(std::move(options),
                 {.store = *store_,
                  .directory = *directory_,
                  .policies = *policies_,
                  .log_key = log_key_.public_key(),
                  .presence = presence_,
                  .intake = [] { return intake::Stats(); },
                  .reach = [](const intake::Concern& concern, uint64_t revision,
                              auto) { return Reached(concern, revision); },
                  .treasury = treasury_.get(),
                  .statements = [this](const std::string& account) { return accounts_->Statements(account); },
                  .reset = [this](const std::string& account) { return accounts_->Reset(account); }});
  CHECK(api.has_value());
  api_ = *std::move(api);
}

rest::ClientOptions Keep::ClientOptions(const std::string& token) const {
  rest::ClientOptions options;
  options.url = "https://127.0.0.1:" + std::to_string(api_->port());
  options.fingerprint = api_->fingerprint();
  options.token = token;
  return options;
}

Reply Keep::Call(const std::string& token, const rest::Call& call) const {
  const auto reply = (*rest::Client::Make(ClientOptions(token)))->Send(call);
  CHECK(reply.has_value());
  return {reply->status, reply->body, reply->headers};
}

Reply Keep::Call(const std::string& token, const std::string& method, const std::string& path,
                 const std::string& body) const {
  return Call(token, {.method = method, .path = path, .body = body});
}

wire::Administration Keep::LastAdministration() const {
  const auto page = store_->Find({.kind = "administration"}, {}, 1);
  CHECK(page.has_value() && !page->events.empty());
  wire::Event event;
  CHECK(event.ParseFromString(page->events[0].bytes));
  return event.administration();
}

size_t Keep::Administrations() const {
  return store_->Find({.kind = "administration"}, {}, store::Store::kMaxPage)->events.size();
}

std::string HexKey(uint8_t number) {
  return std::string(62, '0') + ToHex(std::string(1, static_cast<char>(number)));
}

std::string Keep::Enrol(const std::string& host) {
  const Reply token = Admin("POST", "/v1/enrolment-tokens");
  const std::string text = token.Text("text");
  const uint8_t first = static_cast<uint8_t>(1 + 4 * hosts_++);
  const std::string seal_key = ToHex(crypto::SigningKey::Generate().public_key().raw());
  const Reply enrolled =
      Call("", "POST", "/v1/enrol",
           R"({"token":")" + text.substr(0, text.find('@')) + R"(","host":")" + host + R"(","machine":")" +
               HexKey(first) + R"(","curve_key":")" + HexKey(first + 1) + R"(","seal_key":")" + seal_key +
               R"(","sealing_key":")" + HexKey(first + 3) + R"(","version":"1.0"})");
  CHECK(enrolled.status == 200);
  return enrolled.Text("agent");
}

Result<intake::Reach> Keep::Reached(const intake::Concern& concern, uint64_t revision) {
  using intake::Mode;
  using Why = intake::Straggler::Why;
  if (concern.id == "nobody-knows") return Error{ErrorCode::kUnavailable, "the collector is stopping"};
  intake::Reach reach{.revision = revision, .holders = 2, .acknowledged = 1, .others = {}};
  reach.others.push_back({"agent0000001", "laptop-1", Why::kWaiting, Mode::kBestEffort, 1'790'000'000, {}});
  reach.others.push_back(
      {"agent0000002", "laptop-2", Why::kAway, Mode::kStrict, 1'790'000'000, 1'790'000'030});
  reach.others.push_back(
      {"agent0000003", "laptop-3", Why::kAway, Mode::kBestEffort, 1'790'000'000, 1'790'043'200});
  reach.others.push_back({"agent0000004", "laptop-4", Why::kAway, Mode::kUnknown, {}, {}});
  if (concern.kind == intake::Concern::Kind::kPolicy)
    reach.others.push_back({"agent0000005", "laptop-5", Why::kRefuses, Mode::kStrict, 1'790'000'000, {}});
  return reach;
}

}  // namespace postern::api
