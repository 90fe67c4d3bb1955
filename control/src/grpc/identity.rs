//! `IdentityService`.

use super::op;
use crate::{
    app::{
        App,
        identity::{self, NewUser, UserChange, UserView, sign_in::SignIn},
    },
    op::Op,
};
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
        let new = NewUser {
            role: request.role().named().unwrap_or(Role::Member),
            kind: request.kind().into(),
            name: request.name,
            policies: request.policies,
            plan: request.plan,
            email: request.email,
        };
        let user = self.0.create_user(&op, new).await?;
        Ok(Response::new(told(user, &op)))
    }

    async fn get_user(
        &self,
        request: Request<v1::GetUserRequest>,
    ) -> Result<Response<v1::User>, Status> {
        let op = op(&request);
        let user = self.0.user(&op, &request.get_ref().user).await?;
        Ok(Response::new(told(user, &op)))
    }

    async fn update_user(
        &self,
        request: Request<v1::UpdateUserRequest>,
    ) -> Result<Response<v1::User>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let to = UserChange {
            role: request.role().named(),
            name: request.name,
            enabled: request.enabled,
            policies: request.policies.map(|policies| policies.names),
            plan: request.plan,
            email: request.email,
        };
        let user = self.0.update_user(&op, &request.user, to).await?;
        Ok(Response::new(told(user, &op)))
    }

    async fn sign_out_user(
        &self,
        request: Request<v1::SignOutUserRequest>,
    ) -> Result<Response<v1::SignOutUserResponse>, Status> {
        let op = op(&request);
        let user = &request.get_ref().user;
        let ended = self.0.end_browser_sessions_of_user(&op, user).await?;
        Ok(Response::new(v1::SignOutUserResponse { ended }))
    }

    async fn delete_user(
        &self,
        request: Request<v1::DeleteUserRequest>,
    ) -> Result<Response<v1::DeleteUserResponse>, Status> {
        let op = op(&request);
        self.0.delete_user(&op, &request.get_ref().user).await?;
        Ok(Response::new(v1::DeleteUserResponse {}))
    }

    async fn list_users(
        &self,
        request: Request<v1::ListUsersRequest>,
    ) -> Result<Response<v1::ListUsersResponse>, Status> {
        let op = op(&request);
        let users = self.0.list_users().await?;
        Ok(Response::new(v1::ListUsersResponse {
            users: users.into_iter().map(|user| told(user, &op)).collect(),
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
        Ok(Response::new(told(user, &op)))
    }

    async fn redeem_login_link(
        &self,
        request: Request<v1::RedeemLoginLinkRequest>,
    ) -> Result<Response<v1::User>, Status> {
        let op = op(&request);
        let token = &request.get_ref().token;
        let user = self.0.redeem_login_link(&op, token).await?;
        Ok(Response::new(told(user, &op)))
    }

    async fn sign_in(
        &self,
        request: Request<v1::SignInRequest>,
    ) -> Result<Response<v1::User>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let said = SignIn {
            role: request.role().named(),
            issuer: request.issuer,
            subject: request.subject,
            provider: request.provider,
            name: request.name,
            groups: request.groups.map(|groups| groups.names),
            email: request.email,
            renewed: request.renewed,
        };
        let user = self.0.sign_in(&op, said).await?;
        Ok(Response::new(told(user, &op)))
    }
}

/// An address is for administrators, and for the user themselves.
fn told(view: UserView, op: &Op) -> v1::User {
    let etag = identity::etag(&view);
    let user = view.stored.user;
    let shown = matches!(op.role, None | Some(Role::Administrator)) || op.user == Some(user.id);
    v1::User {
        etag,
        id: user.id.to_string(),
        name: user.name,
        role: v1::Role::from(user.role).into(),
        kind: v1::UserKind::from(user.kind).into(),
        enabled: user.enabled,
        policies: view.policies,
        plan: view.plan,
        groups: view.groups,
        created_at: Some(timestamp(view.stored.created_at)),
        email: view.stored.email.filter(|_| shown),
    }
}
