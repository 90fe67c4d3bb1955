//! `IdentityService`.

use super::op;
use crate::app::{App, identity::UserView};
use ostia_domain::user::Role;
use ostia_proto::{convert::timestamp, v1};
use std::sync::Arc;
use tonic::{Request, Response, Status};

pub(super) struct Identity(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::identity_service_server::IdentityService for Identity {
    async fn create_user(
        &self,
        request: Request<v1::CreateUserRequest>,
    ) -> Result<Response<v1::User>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let role = match request.role() {
            v1::Role::Administrator => Role::Administrator,
            v1::Role::Member | v1::Role::Unspecified => Role::Member,
        };
        let user = self
            .0
            .create_user(&op, request.name, role, &request.policies)
            .await?;
        Ok(Response::new(user.into()))
    }

    async fn list_users(
        &self,
        _request: Request<v1::ListUsersRequest>,
    ) -> Result<Response<v1::ListUsersResponse>, Status> {
        let users = self.0.list_users().await?;
        Ok(Response::new(v1::ListUsersResponse {
            users: users.into_iter().map(Into::into).collect(),
        }))
    }

    async fn create_login_link(
        &self,
        request: Request<v1::CreateLoginLinkRequest>,
    ) -> Result<Response<v1::CreateLoginLinkResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let link = self
            .0
            .create_login_link(&op, &request.user, request.valid_seconds)
            .await?;
        Ok(Response::new(v1::CreateLoginLinkResponse {
            token: link.token.expose().to_owned(),
            expires_at: Some(timestamp(link.expires_at)),
        }))
    }

    async fn inspect_login_link(
        &self,
        request: Request<v1::InspectLoginLinkRequest>,
    ) -> Result<Response<v1::User>, Status> {
        let op = op(&request);
        let token = &request.get_ref().token;
        let user = self.0.inspect_login_link(&op, token).await?;
        Ok(Response::new(user.into()))
    }

    async fn redeem_login_link(
        &self,
        request: Request<v1::RedeemLoginLinkRequest>,
    ) -> Result<Response<v1::User>, Status> {
        let op = op(&request);
        let token = &request.get_ref().token;
        let user = self.0.redeem_login_link(&op, token).await?;
        Ok(Response::new(user.into()))
    }
}

impl From<UserView> for v1::User {
    fn from(view: UserView) -> Self {
        let user = view.stored.user;
        let role = match user.role {
            Role::Member => v1::Role::Member,
            Role::Administrator => v1::Role::Administrator,
        };
        Self {
            id: user.id.to_string(),
            name: user.name,
            role: role.into(),
            enabled: user.enabled,
            policies: view.policies,
            created_at: Some(timestamp(view.stored.created_at)),
        }
    }
}
