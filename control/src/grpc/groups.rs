//! `GroupsService`.

use super::op;
use crate::app::{
    App,
    groups::{self, GroupChange, GroupView},
};
use ostia_proto::{convert::timestamp, v1};
use std::sync::Arc;
use tonic::{Request, Response, Status};

pub(super) struct Groups(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::groups_service_server::GroupsService for Groups {
    async fn create_group(
        &self,
        request: Request<v1::CreateGroupRequest>,
    ) -> Result<Response<v1::Group>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let new = GroupChange {
            name: Some(request.name),
            policies: Some(request.policies),
            plan: request.plan,
            members: Some(request.members),
        };
        Ok(Response::new(self.0.create_group(&op, new).await?.into()))
    }

    async fn list_groups(
        &self,
        _request: Request<v1::ListGroupsRequest>,
    ) -> Result<Response<v1::ListGroupsResponse>, Status> {
        let groups = self.0.list_groups().await?;
        Ok(Response::new(v1::ListGroupsResponse {
            groups: groups.into_iter().map(Into::into).collect(),
        }))
    }

    async fn get_group(
        &self,
        request: Request<v1::GetGroupRequest>,
    ) -> Result<Response<v1::Group>, Status> {
        let group = self.0.group(&request.get_ref().group).await?;
        Ok(Response::new(group.into()))
    }

    async fn update_group(
        &self,
        request: Request<v1::UpdateGroupRequest>,
    ) -> Result<Response<v1::Group>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let to = GroupChange {
            name: request.name,
            policies: request.policies.map(|policies| policies.names),
            plan: request.plan,
            members: request.members.map(|members| members.names),
        };
        let group = self.0.update_group(&op, &request.group, to).await?;
        Ok(Response::new(group.into()))
    }

    async fn delete_group(
        &self,
        request: Request<v1::DeleteGroupRequest>,
    ) -> Result<Response<v1::DeleteGroupResponse>, Status> {
        let op = op(&request);
        self.0.delete_group(&op, &request.get_ref().group).await?;
        Ok(Response::new(v1::DeleteGroupResponse {}))
    }
}

impl From<GroupView> for v1::Group {
    fn from(view: GroupView) -> Self {
        let etag = groups::etag(&view);
        let group = view.stored.group;
        Self {
            etag,
            id: group.id.to_string(),
            name: group.name,
            policies: view.policies,
            plan: view.plan,
            members: view.members,
            created_at: Some(timestamp(view.stored.created_at)),
        }
    }
}
