//! `KeysService`.

use super::{op, status};
use crate::{
    app::{
        App,
        access_tokens::AccessToken,
        keys::{self, Expiry, KeyChange, KeyEvents, KeyUse, KeyView, KeysWanted, NewKey, State},
    },
    store::{keys::WorthALook, secrets::StoredSecret},
};
use ostia_domain::{clock::Timestamp, key::Mode};
use ostia_proto::{
    FieldError,
    convert::{from_optional_timestamp, timestamp},
    v1,
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

pub(super) struct Keys(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::keys_service_server::KeysService for Keys {
    async fn create_key(
        &self,
        request: Request<v1::CreateKeyRequest>,
    ) -> Result<Response<v1::CreateKeyResponse>, Status> {
        let op = op(&request);
        let new = request.into_inner().try_into().map_err(status::field)?;
        let (key, secret) = self.0.create_key(&op, new).await?;
        Ok(Response::new(v1::CreateKeyResponse {
            key: Some(key.into()),
            secret: secret.expose().to_owned(),
        }))
    }

    async fn list_keys(
        &self,
        request: Request<v1::ListKeysRequest>,
    ) -> Result<Response<v1::ListKeysResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let wanted = KeysWanted {
            owner: request.owner.as_deref(),
            policy: request.policy.as_deref(),
            worth: worth_a_look(&request, op.now).map_err(status::field)?,
        };
        let place = (request.page_size, &*request.page_token);
        let page = self.0.list_keys(&op, wanted, place).await?;
        Ok(Response::new(v1::ListKeysResponse {
            keys: page.rows.into_iter().map(Into::into).collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn get_key(
        &self,
        request: Request<v1::GetKeyRequest>,
    ) -> Result<Response<v1::Key>, Status> {
        let op = op(&request);
        let v1::GetKeyRequest { key, owner } = request.get_ref();
        let key = self.0.key(&op, key, owner.as_deref()).await?;
        Ok(Response::new(key.into()))
    }

    async fn list_key_events(
        &self,
        request: Request<v1::ListKeyEventsRequest>,
    ) -> Result<Response<v1::ListKeyEventsResponse>, Status> {
        let op = op(&request);
        let v1::ListKeyEventsRequest {
            key,
            page_size,
            page_token,
        } = request.into_inner();
        let KeyEvents { changes, uses } =
            self.0.key_events(&op, &key, page_size, &page_token).await?;
        Ok(Response::new(v1::ListKeyEventsResponse {
            changes: changes.rows.into_iter().map(Into::into).collect(),
            next_page_token: changes.next_page_token,
            uses: uses.into_iter().map(Into::into).collect(),
        }))
    }

    async fn update_key(
        &self,
        request: Request<v1::UpdateKeyRequest>,
    ) -> Result<Response<v1::Key>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let restrictions = request.restrictions.map(TryInto::try_into).transpose();
        let to = KeyChange {
            name: request.name,
            policies: request.policies.map(|policies| policies.names),
            plan: request.plan,
            restrictions: restrictions.map_err(status::field)?,
            expiry: match (request.never_expires, request.expires_in_seconds) {
                (true, _) => Some(Expiry::Never),
                (false, Some(seconds)) => Some(Expiry::InSeconds(seconds)),
                (false, None) => None,
            },
        };
        let key = self.0.update_key(&op, &request.key, to).await?;
        Ok(Response::new(key.into()))
    }

    async fn exchange_key(
        &self,
        request: Request<v1::ExchangeKeyRequest>,
    ) -> Result<Response<v1::ExchangeKeyResponse>, Status> {
        let op = op(&request);
        match self.0.exchange_key(&op, &request.get_ref().key).await? {
            Ok(token) => Ok(Response::new(token.into())),
            Err(code) => Err(status::key_refused(code)),
        }
    }

    async fn issue_access_token(
        &self,
        request: Request<v1::IssueAccessTokenRequest>,
    ) -> Result<Response<v1::ExchangeKeyResponse>, Status> {
        let op = op(&request);
        let key = &request.get_ref().key;
        let token = self.0.issue_access_token(&op, key).await?;
        Ok(Response::new(token.into()))
    }

    async fn report_leaked_key(
        &self,
        request: Request<v1::ReportLeakedKeyRequest>,
    ) -> Result<Response<v1::ReportLeakedKeyResponse>, Status> {
        let op = op(&request);
        let key = self
            .0
            .report_leaked_key(&op, &request.get_ref().key)
            .await?;
        Ok(Response::new(v1::ReportLeakedKeyResponse { key }))
    }

    async fn rotate_key(
        &self,
        request: Request<v1::RotateKeyRequest>,
    ) -> Result<Response<v1::RotateKeyResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let (key, secret) = self
            .0
            .rotate_key(&op, &request.key, request.overlap_seconds)
            .await?;
        Ok(Response::new(v1::RotateKeyResponse {
            key: Some(key.into()),
            secret: secret.expose().to_owned(),
        }))
    }

    async fn inactivate_key(
        &self,
        request: Request<v1::InactivateKeyRequest>,
    ) -> Result<Response<v1::Key>, Status> {
        let op = op(&request);
        let key = &request.get_ref().key;
        let key = self.0.set_key_active(&op, key, false).await?;
        Ok(Response::new(key.into()))
    }

    async fn activate_key(
        &self,
        request: Request<v1::ActivateKeyRequest>,
    ) -> Result<Response<v1::Key>, Status> {
        let op = op(&request);
        let key = &request.get_ref().key;
        let key = self.0.set_key_active(&op, key, true).await?;
        Ok(Response::new(key.into()))
    }

    async fn revoke_key(
        &self,
        request: Request<v1::RevokeKeyRequest>,
    ) -> Result<Response<v1::Key>, Status> {
        let op = op(&request);
        let key = self.0.revoke_key(&op, &request.get_ref().key).await?;
        Ok(Response::new(key.into()))
    }

    async fn delete_key(
        &self,
        request: Request<v1::DeleteKeyRequest>,
    ) -> Result<Response<v1::DeleteKeyResponse>, Status> {
        let op = op(&request);
        self.0.delete_key(&op, &request.get_ref().key).await?;
        Ok(Response::new(v1::DeleteKeyResponse {}))
    }
}

fn worth_a_look(
    asked: &v1::ListKeysRequest,
    now: Timestamp,
) -> Result<Option<WorthALook>, FieldError> {
    let worth = WorthALook {
        now,
        unused_since: from_optional_timestamp("unused_since", asked.unused_since)?,
        not_rotated_since: from_optional_timestamp("not_rotated_since", asked.not_rotated_since)?,
        endless: asked.endless,
    };
    let asked = worth.unused_since.is_some() || worth.not_rotated_since.is_some() || worth.endless;
    Ok(asked.then_some(worth))
}

impl TryFrom<v1::CreateKeyRequest> for NewKey {
    type Error = FieldError;
    fn try_from(request: v1::CreateKeyRequest) -> Result<Self, FieldError> {
        let mode = match request.mode() {
            v1::KeyMode::Test => Mode::Test,
            v1::KeyMode::Live | v1::KeyMode::Unspecified => Mode::Live,
        };
        let expiry = match (request.never_expires, request.expires_in_seconds) {
            (true, _) => Expiry::Never,
            (false, Some(seconds)) => Expiry::InSeconds(seconds),
            (false, None) => Expiry::Default,
        };
        Ok(Self {
            name: request.name,
            owner: request.owner,
            mode,
            policies: request.policies,
            plan: request.plan,
            expiry,
            restrictions: request.restrictions.unwrap_or_default().try_into()?,
        })
    }
}

impl From<AccessToken> for v1::ExchangeKeyResponse {
    fn from(token: AccessToken) -> Self {
        Self {
            access_token: token.text.expose().to_owned(),
            expires_at: Some(timestamp(token.expires_at)),
        }
    }
}

impl From<KeyView> for v1::Key {
    fn from(view: KeyView) -> Self {
        let etag = keys::etag(&view);
        let idle_since = view.idle_since();
        let state = match view.state {
            State::Active => v1::KeyState::Active,
            State::Inactive => v1::KeyState::Inactive,
            State::Revoked => v1::KeyState::Revoked,
            State::Expired => v1::KeyState::Expired,
        };
        let key = view.key;
        Self {
            etag,
            id: key.id.to_string(),
            public_id: key.public_id.to_string(),
            name: key.name,
            mode: v1::KeyMode::from(key.mode).into(),
            state: state.into(),
            owner_id: key.owner_id.to_string(),
            owner_name: view.owner_name,
            policies: view.policies,
            plan: view.plan,
            created_at: Some(timestamp(key.created_at)),
            expires_at: key.expires_at.map(timestamp),
            last_used_at: key.last_used.at.map(timestamp),
            last_used_address: key.last_used.by.address.unwrap_or_default(),
            last_used_client: key.last_used.by.client.unwrap_or_default(),
            idle_since: idle_since.map(timestamp),
            restrictions: Some(key.restrictions.into()),
            secrets: key.secrets.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<StoredSecret> for v1::KeySecret {
    fn from(secret: StoredSecret) -> Self {
        Self {
            id: secret.id.to_string(),
            last_four: secret.last_four,
            created_at: Some(timestamp(secret.created_at)),
            expires_at: secret.expires_at.map(timestamp),
            last_used_at: secret.last_used_at.map(timestamp),
        }
    }
}

impl From<KeyUse> for v1::KeyUse {
    fn from(used: KeyUse) -> Self {
        Self {
            address: used.address,
            client: used.client,
            last_at: super::usage::at(used.last_us).map(timestamp),
            requests: used.requests,
        }
    }
}
