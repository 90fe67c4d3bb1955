//! `PoliciesService`.

use super::{op, status};
use crate::{
    app::{
        App,
        access::{AccessibleUpstream, Definitions, TestAccess},
        policies::{self, Source, VersionView},
    },
    store::policies::StoredPolicy,
};
use ostia_domain::policy::{Preset, Rules};
use ostia_proto::{
    convert::timestamp,
    v1::{self, check_policy_request, create_policy_request},
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

pub(super) struct Policies(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::policies_service_server::PoliciesService for Policies {
    async fn create_policy(
        &self,
        request: Request<v1::CreatePolicyRequest>,
    ) -> Result<Response<v1::Policy>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let source = source(request.source)?;
        let policy = self.0.create_policy(&op, request.name, source).await?;
        Ok(Response::new(policy.into()))
    }

    async fn check_policy(
        &self,
        request: Request<v1::CheckPolicyRequest>,
    ) -> Result<Response<v1::CheckPolicyResponse>, Status> {
        let op = op(&request);
        let change = request.into_inner().change;
        match change.ok_or_else(|| status::missing("change"))? {
            check_policy_request::Change::Create(create) => {
                let source = source(create.source)?;
                self.0.check_new_policy(&op, create.name, source).await?;
            }
            check_policy_request::Change::Update(update) => {
                replacing(update.rules)?;
                self.0.policy(&update.policy).await?;
            }
        }
        Ok(Response::new(v1::CheckPolicyResponse {}))
    }

    async fn list_policies(
        &self,
        _request: Request<v1::ListPoliciesRequest>,
    ) -> Result<Response<v1::ListPoliciesResponse>, Status> {
        let policies = self.0.list_policies().await?;
        Ok(Response::new(v1::ListPoliciesResponse {
            policies: policies.into_iter().map(Into::into).collect(),
        }))
    }

    async fn get_policy(
        &self,
        request: Request<v1::GetPolicyRequest>,
    ) -> Result<Response<v1::Policy>, Status> {
        let policy = self.0.policy(&request.get_ref().policy).await?;
        Ok(Response::new(policy.into()))
    }

    async fn update_policy(
        &self,
        request: Request<v1::UpdatePolicyRequest>,
    ) -> Result<Response<v1::Policy>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let rules = replacing(request.rules)?;
        let policy = self.0.update_policy(&op, &request.policy, rules).await?;
        Ok(Response::new(policy.into()))
    }

    async fn delete_policy(
        &self,
        request: Request<v1::DeletePolicyRequest>,
    ) -> Result<Response<v1::DeletePolicyResponse>, Status> {
        let op = op(&request);
        self.0.delete_policy(&op, &request.get_ref().policy).await?;
        Ok(Response::new(v1::DeletePolicyResponse {}))
    }

    async fn list_presets(
        &self,
        _request: Request<v1::ListPresetsRequest>,
    ) -> Result<Response<v1::ListPresetsResponse>, Status> {
        let presets = Preset::ALL.iter().map(|preset| v1::Preset {
            name: preset.name.to_owned(),
            summary: preset.summary.to_owned(),
            rules: Some(preset.rules().into()),
        });
        Ok(Response::new(v1::ListPresetsResponse {
            presets: presets.collect(),
        }))
    }

    async fn list_policy_versions(
        &self,
        request: Request<v1::ListPolicyVersionsRequest>,
    ) -> Result<Response<v1::ListPolicyVersionsResponse>, Status> {
        let versions = self.0.policy_versions(&request.get_ref().policy).await?;
        Ok(Response::new(v1::ListPolicyVersionsResponse {
            versions: versions.into_iter().map(Into::into).collect(),
        }))
    }

    async fn get_policy_version(
        &self,
        request: Request<v1::GetPolicyVersionRequest>,
    ) -> Result<Response<v1::PolicyVersion>, Status> {
        let v1::GetPolicyVersionRequest { policy, version } = request.get_ref();
        let version = self.0.policy_version(policy, *version).await?;
        Ok(Response::new(version.into()))
    }

    async fn get_policy_difference(
        &self,
        request: Request<v1::GetPolicyDifferenceRequest>,
    ) -> Result<Response<v1::PolicyDifference>, Status> {
        let v1::GetPolicyDifferenceRequest { policy, from, to } = request.get_ref();
        let found = self.0.policy_difference(policy, *from, *to).await?;
        Ok(Response::new(v1::PolicyDifference {
            from: found.from,
            to: found.to,
            difference: Some(found.difference.into()),
        }))
    }

    async fn restore_policy(
        &self,
        request: Request<v1::RestorePolicyRequest>,
    ) -> Result<Response<v1::Policy>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let restored = self
            .0
            .restore_policy(&op, &request.policy, request.version)
            .await?;
        Ok(Response::new(restored.into()))
    }

    async fn test_access(
        &self,
        request: Request<v1::TestAccessRequest>,
    ) -> Result<Response<v1::TestAccessResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let ask = TestAccess {
            key: &request.key,
            tool: &request.tool,
            arguments: request.arguments.as_deref(),
            address: request.address.as_deref(),
        };
        let access = self.0.test_access(&op, ask).await?;
        Ok(Response::new(v1::TestAccessResponse {
            allowed: access.allowed,
            rule: access.rule,
            tool: access.tool,
            limits: Some(access.limits.into()),
            networks: access.networks.into_iter().map(String::from).collect(),
        }))
    }

    async fn list_access(
        &self,
        request: Request<v1::ListAccessRequest>,
    ) -> Result<Response<v1::ListAccessResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let upstream = request.upstream.as_deref();
        let definitions = if request.without_definitions {
            Definitions::Without
        } else {
            Definitions::With
        };
        let listed = self
            .0
            .list_access(&op, &request.user, upstream, definitions)
            .await?;
        Ok(Response::new(v1::ListAccessResponse {
            upstreams: listed.upstreams.into_iter().map(Into::into).collect(),
            policies: listed.policies,
            unlimited: listed.unlimited,
        }))
    }
}

impl From<AccessibleUpstream> for v1::AccessibleUpstream {
    fn from(accessible: AccessibleUpstream) -> Self {
        let name = accessible.name;
        let tools = accessible.tools.into_iter().map(|(tool, limits)| {
            let tool = Some(v1::Tool::of(&name, tool));
            let limits = Some(limits.into());
            v1::AccessibleTool { tool, limits }
        });
        Self {
            tools: tools.collect(),
            name: name.as_str().to_owned(),
            demo: accessible.demo,
            failing: accessible.failing,
            discovered_at: accessible.discovered_at.map(timestamp),
        }
    }
}

fn source(source: Option<create_policy_request::Source>) -> Result<Source, Status> {
    Ok(match source.ok_or_else(|| status::missing("source"))? {
        create_policy_request::Source::Rules(rules) => Source::Rules(read(rules)?),
        create_policy_request::Source::Preset(name) => Source::Preset(name),
    })
}

/// Unset rules are not "no rules": who means that sends them empty.
fn replacing(rules: Option<v1::Rules>) -> Result<Rules, Status> {
    read(rules.ok_or_else(|| status::missing("rules"))?)
}

fn read(rules: v1::Rules) -> Result<Rules, Status> {
    rules.try_into().map_err(status::field)
}

impl From<StoredPolicy> for v1::Policy {
    fn from(stored: StoredPolicy) -> Self {
        Self {
            etag: policies::etag(&stored),
            created_at: Some(timestamp(stored.created_at)),
            updated_at: Some(timestamp(stored.updated_at)),
            version: stored.version,
            rules: (!stored.unreadable).then(|| stored.policy.rules.clone().into()),
            ..stored.policy.into()
        }
    }
}

impl From<VersionView> for v1::PolicyVersion {
    fn from(view: VersionView) -> Self {
        let stored = view.version;
        Self {
            version: stored.version,
            rules: stored.rules.map(Into::into),
            created_at: Some(timestamp(stored.created_at)),
            actor: stored.actor,
            changed: view.changed.map(Into::into),
            restoring: view.restoring.map(Into::into),
        }
    }
}
