//! `VaultService`.

use super::op;
use crate::app::{
    App,
    vault::{MasterKeyView, Use},
};
use ostia_proto::v1;
use std::sync::Arc;
use tonic::{Request, Response, Status};

pub(super) struct Vault(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::vault_service_server::VaultService for Vault {
    async fn get_vault_status(
        &self,
        _request: Request<v1::GetVaultStatusRequest>,
    ) -> Result<Response<v1::VaultStatus>, Status> {
        let keys = self.0.vault_status().await?;
        Ok(Response::new(v1::VaultStatus {
            keys: keys.into_iter().map(Into::into).collect(),
        }))
    }

    async fn rotate_vault(
        &self,
        request: Request<v1::RotateVaultRequest>,
    ) -> Result<Response<v1::RotateVaultResponse>, Status> {
        let (key, rotated) = self.0.rotate_vault(&op(&request)).await?;
        Ok(Response::new(v1::RotateVaultResponse {
            key_id: key.to_string(),
            resealed: rotated.resealed,
            unopened: rotated.unopened,
        }))
    }
}

impl From<MasterKeyView> for v1::MasterKey {
    fn from(key: MasterKeyView) -> Self {
        let used = match key.used {
            Use::Seals => v1::MasterKeyUse::Seals,
            Use::Opens => v1::MasterKeyUse::Opens,
            Use::Missing => v1::MasterKeyUse::Missing,
        };
        Self {
            id: key.id.to_string(),
            r#use: used.into(),
            values: key.values,
        }
    }
}
