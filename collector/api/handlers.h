// What answers each route, by what it is about. The table in route.cc names them; nothing else calls them.
#pragma once

#include "collector/api/call.h"
#include "shared/base/result.h"
#include "shared/rest/message.h"

namespace postern::api {

using Answer = Result<rest::Response>;

Answer ListKeys(const Context& context, const Call& call);
Answer CreateKey(const Context& context, const Call& call);
Answer ShowKey(const Context& context, const Call& call);
Answer UpdateKey(const Context& context, const Call& call);
Answer DisableKey(const Context& context, const Call& call);
Answer EnableKey(const Context& context, const Call& call);
Answer RotateKey(const Context& context, const Call& call);
Answer RevokeKey(const Context& context, const Call& call);

Answer ListUsers(const Context& context, const Call& call);
Answer CreateUser(const Context& context, const Call& call);
Answer ShowUser(const Context& context, const Call& call);
Answer UpdateUser(const Context& context, const Call& call);
Answer RemoveUser(const Context& context, const Call& call);

Answer ListTeams(const Context& context, const Call& call);
Answer CreateTeam(const Context& context, const Call& call);
Answer ShowTeam(const Context& context, const Call& call);
Answer UpdateTeam(const Context& context, const Call& call);
Answer RemoveTeam(const Context& context, const Call& call);

Answer ListCredentials(const Context& context, const Call& call);
Answer AddCredential(const Context& context, const Call& call);
Answer ShowCredential(const Context& context, const Call& call);
Answer RotateCredential(const Context& context, const Call& call);
Answer RemoveCredential(const Context& context, const Call& call);

Answer Enrol(const Context& context, const Call& call);
Answer ListAgents(const Context& context, const Call& call);
Answer ShowAgent(const Context& context, const Call& call);
Answer RevokeAgent(const Context& context, const Call& call);
Answer ForfeitAgent(const Context& context, const Call& call);
Answer ListEnrolmentTokens(const Context& context, const Call& call);
Answer CreateEnrolmentToken(const Context& context, const Call& call);
Answer RemoveEnrolmentToken(const Context& context, const Call& call);

Answer ListAdministrators(const Context& context, const Call& call);
Answer CreateAdministrator(const Context& context, const Call& call);
Answer ShowAdministrator(const Context& context, const Call& call);
Answer RotateAdministrator(const Context& context, const Call& call);
Answer RemoveAdministrator(const Context& context, const Call& call);

Answer QueryEvents(const Context& context, const Call& call);
Answer ShowEvents(const Context& context, const Call& call);
Answer ShowUsage(const Context& context, const Call& call);

Answer ShowReach(const Context& context, const Call& call);

Answer ShowPolicy(const Context& context, const Call& call);
Answer ApplyPolicy(const Context& context, const Call& call);
Answer CheckPolicy(const Context& context, const Call& call);
Answer ComparePolicy(const Context& context, const Call& call);
Answer ExplainPolicy(const Context& context, const Call& call);
Answer ListPolicyVersions(const Context& context, const Call& call);
Answer ShowPolicyVersion(const Context& context, const Call& call);
Answer RollbackPolicy(const Context& context, const Call& call);

Answer ListLimits(const Context& context, const Call& call);
Answer ShowLimit(const Context& context, const Call& call);
Answer SetLimit(const Context& context, const Call& call);
Answer RemoveLimit(const Context& context, const Call& call);
Answer RaiseLimit(const Context& context, const Call& call);
Answer ResetLimit(const Context& context, const Call& call);

Answer ListAllowedSecrets(const Context& context, const Call& call);
Answer AllowSecret(const Context& context, const Call& call);
Answer RemoveAllowedSecret(const Context& context, const Call& call);

Answer ShowFreeze(const Context& context, const Call& call);
Answer FreezeAll(const Context& context, const Call& call);
Answer ThawAll(const Context& context, const Call& call);

Answer Health(const Context& context, const Call& call);
Answer ShowMetrics(const Context& context, const Call& call);
Answer ShowContract(const Context& context, const Call& call);
Answer Whoami(const Context& context, const Call& call);

}  // namespace postern::api
