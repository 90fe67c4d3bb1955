//! `BrowserSessionsService`.

use super::{op, status};
use crate::{
    app::{App, browser_sessions::NewSession},
    store::browser_sessions::BrowserSession,
};
use ostia_proto::{
    convert::{timestamp, uuid},
    v1,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

pub(super) struct BrowserSessions(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::browser_sessions_service_server::BrowserSessionsService for BrowserSessions {
    async fn create_browser_session(
        &self,
        request: Request<v1::CreateBrowserSessionRequest>,
    ) -> Result<Response<v1::BrowserSession>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let user = request.user_id.map(|id| uuid("user_id", &id)).transpose();
        let new = NewSession {
            id_hash: request.id_hash,
            user: user.map_err(status::field)?,
            data: request.data,
            idle_seconds: request.idle_seconds,
            max_seconds: request.max_seconds,
        };
        let session = self.0.create_browser_session(&op, new).await?;
        Ok(Response::new(session.into()))
    }

    async fn get_browser_session(
        &self,
        request: Request<v1::GetBrowserSessionRequest>,
    ) -> Result<Response<v1::BrowserSession>, Status> {
        let op = op(&request);
        let id_hash = &request.get_ref().id_hash;
        let session = self.0.browser_session(&op, id_hash).await?;
        Ok(Response::new(session.into()))
    }

    async fn update_browser_session(
        &self,
        request: Request<v1::UpdateBrowserSessionRequest>,
    ) -> Result<Response<v1::BrowserSession>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let session = self
            .0
            .update_browser_session(&op, &request.id_hash, request.data)
            .await?;
        Ok(Response::new(session.into()))
    }

    async fn touch_browser_session(
        &self,
        request: Request<v1::TouchBrowserSessionRequest>,
    ) -> Result<Response<v1::TouchBrowserSessionResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        self.0
            .touch_browser_session(
                &op,
                &request.id_hash,
                request.idle_seconds,
                (request.address, request.agent),
            )
            .await?;
        Ok(Response::new(v1::TouchBrowserSessionResponse {}))
    }

    async fn claim_browser_session_check(
        &self,
        request: Request<v1::ClaimBrowserSessionCheckRequest>,
    ) -> Result<Response<v1::ClaimBrowserSessionCheckResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let claimed = self
            .0
            .claim_browser_session_check(&op, &request.id_hash, request.after_seconds)
            .await?;
        let answer = v1::ClaimBrowserSessionCheckResponse { claimed };
        Ok(Response::new(answer))
    }

    async fn list_browser_sessions_of_user(
        &self,
        request: Request<v1::ListBrowserSessionsOfUserRequest>,
    ) -> Result<Response<v1::ListBrowserSessionsOfUserResponse>, Status> {
        let op = op(&request);
        let user = &request.get_ref().user;
        let sessions = self.0.browser_sessions_of_user(&op, user).await?;
        let sessions = sessions.into_iter().map(|session| v1::BrowserSession {
            data: Vec::new(),
            ..session.into()
        });
        Ok(Response::new(v1::ListBrowserSessionsOfUserResponse {
            sessions: sessions.collect(),
        }))
    }

    async fn end_browser_session(
        &self,
        request: Request<v1::EndBrowserSessionRequest>,
    ) -> Result<Response<v1::EndBrowserSessionResponse>, Status> {
        let op = op(&request);
        let v1::EndBrowserSessionRequest { id_hash, user_id } = request.into_inner();
        let only_of = user_id.map(|id| uuid("user_id", &id)).transpose();
        let only_of = only_of.map_err(status::field)?;
        self.0.end_browser_session(&op, &id_hash, only_of).await?;
        Ok(Response::new(v1::EndBrowserSessionResponse {}))
    }

    async fn end_browser_sessions_of_user(
        &self,
        request: Request<v1::EndBrowserSessionsOfUserRequest>,
    ) -> Result<Response<v1::EndBrowserSessionsOfUserResponse>, Status> {
        let op = op(&request);
        let user = &request.get_ref().user;
        let ended = self.0.end_browser_sessions_of_user(&op, user).await?;
        let answer = v1::EndBrowserSessionsOfUserResponse { ended };
        Ok(Response::new(answer))
    }
}

impl From<BrowserSession> for v1::BrowserSession {
    fn from(session: BrowserSession) -> Self {
        let (used_at, address, agent) = match session.used {
            Some(used) => (Some(timestamp(used.at)), used.address, used.agent),
            None => (None, None, None),
        };
        Self {
            id_hash: session.id_hash,
            user_id: session.user_id.map(|id| id.to_string()),
            data: session.data,
            created_at: Some(timestamp(session.created_at)),
            expires_at: Some(timestamp(session.expires_at)),
            ends_at: Some(timestamp(session.ends_at)),
            used_at,
            address,
            agent,
        }
    }
}
