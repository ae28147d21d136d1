#include "agent/enrolment/enrol.h"

#include <algorithm>
#include <system_error>

#include <sys/utsname.h>

#include "agent/enrolment/enrolment_call.h"
#include "agent/enrolment/token_text.h"
#include "agent/spool/agent_key.h"
#include "agent/spool/machine.h"
#include "shared/base/clock.h"
#include "shared/base/version.h"
#include "shared/bus/curve.h"
#include "shared/rest/client.h"

namespace postern::enrolment {
namespace {

Status MakeDirectory(const std::filesystem::path& directory) {
  std::error_code error;
  if (!std::filesystem::create_directories(directory, error) && !error) return Ok{};
  if (!error)
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all,
                                 std::filesystem::perm_options::replace, error);
  if (!error) return Ok{};
  return Error{ErrorCode::kUnavailable, directory.string() + " can't be made: " + error.message()};
}

Status RefuseTwice(const Options& options) {
  if (options.again == Again::kReplace) return Ok{};
  ASSIGN_OR_RETURN(const auto present, membership::LoadEnrolment(options.state_directory));
  if (!present) return Ok{};
  return Error{ErrorCode::kDenied, "this host is enrolled already, as agent " + present->agent + " of " +
                                       present->url + "; --again makes it a new agent"};
}

std::string HostName() {
  utsname system{};
  return ::uname(&system) == 0 ? system.nodename : "";
}

Result<Admission> Apply(const Options& options, const rest::Url& url, const std::string& fingerprint,
                        const Application& application) {
  ASSIGN_OR_RETURN(
      const auto client,
      rest::Client::Make({.url = options.url, .fingerprint = fingerprint, .authority = {}, .token = {}}));
  std::string body = Body(application);
  const crypto::WipeAtEnd wipe(body);
  const rest::Call call{.method = "POST", .path = "/v1/enrol", .query = {}, .body = body};
  auto reply = client->Send(call);
  if (!reply && reply.error().code == ErrorCode::kDenied) {
    return Error{ErrorCode::kDenied, "the collector at " + url.ToString() +
                                         " is not the one that made this token: its certificate has another "
                                         "key, and nothing was sent to it"};
  }
  if (!reply) return reply.error();
  if (reply->status != 200) return rest::ErrorOf(reply->status, reply->body);
  auto admission = ReadAnswer(reply->body, url.host);
  if (admission) return admission;
  return Error{ErrorCode::kInvalid,
               "the collector's answer is not one that this agent knows: " + admission.error().message};
}

}  // namespace

Result<membership::Enrolment> Enrol(const Options& options, std::string_view token_text) {
  ASSIGN_OR_RETURN(TokenText token, ParseTokenText(token_text));
  const crypto::WipeAtEnd wipe(token.token);
  ASSIGN_OR_RETURN(const rest::Url url, rest::Url::Parse(options.url));
  RETURN_IF_ERROR(RefuseTwice(options));
  RETURN_IF_ERROR(MakeDirectory(options.state_directory));
  ASSIGN_OR_RETURN(const crypto::SigningKey seal_key, spool::LoadOrMakeKey(options.state_directory.string()));
  const bus::CurveKeys curve = bus::CurveKeys::Generate();
  crypto::AgreementKey sealing = crypto::AgreementKey::Generate();
  Application application{.token = token.token,
                          .host = HostName(),
                          .machine = spool::HashMachine(options.machine_id_file),
                          .curve_key = std::string(bus::AsBytes(curve.public_key)),
                          .seal_key = std::string(seal_key.public_key().raw()),
                          .sealing_key = std::string(sealing.public_key()),
                          .version = std::string(kVersion)};
  const crypto::WipeAtEnd wipe_application(application.token);
  ASSIGN_OR_RETURN(Admission admission, Apply(options, url, token.fingerprint, application));
  membership::Enrolment enrolment{.agent = std::move(admission.agent),
                                  .collector = std::move(admission.collector),
                                  .url = url.ToString(),
                                  .fingerprint = token.fingerprint,
                                  .bus = std::move(admission.bus),
                                  .server_key = admission.curve_key,
                                  .log_key = std::move(admission.log_key),
                                  .enrolled = FormatRfc3339(WallNow()),
                                  .conversation_key = {},
                                  .sealing_key = std::move(sealing)};
  std::copy(curve.secret_key.begin(), curve.secret_key.end(), enrolment.conversation_key.bytes().begin());
  RETURN_IF_ERROR(membership::SaveEnrolment(options.state_directory, enrolment));
  return enrolment;
}

}  // namespace postern::enrolment
