//! `BackupService`.

use super::op;
use crate::app::App;
use futures_util::{StreamExt as _, stream::BoxStream};
use ostia_proto::v1;
use std::sync::Arc;
use tonic::{Request, Response, Status};

pub(super) struct Backup(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::backup_service_server::BackupService for Backup {
    type CreateBackupStream = BoxStream<'static, Result<v1::BackupPart, Status>>;

    async fn create_backup(
        &self,
        request: Request<v1::CreateBackupRequest>,
    ) -> Result<Response<Self::CreateBackupStream>, Status> {
        let parts = self.0.create_backup(&op(&request)).await?;
        let parts = parts.map(|part| match part {
            Ok(text) => Ok(v1::BackupPart { text }),
            Err(error) => Err(error.into()),
        });
        Ok(Response::new(parts.boxed()))
    }
}
