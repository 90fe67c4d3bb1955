//! `SettingsService`.

use crate::app::App;
use ostia_proto::{convert::timestamp, v1};
use std::sync::Arc;
use tonic::{Request, Response, Status};

pub(super) struct Settings(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::settings_service_server::SettingsService for Settings {
    async fn list_processes(
        &self,
        _request: Request<v1::ListProcessesRequest>,
    ) -> Result<Response<v1::ListProcessesResponse>, Status> {
        let known = self.0.list_processes().into_iter();
        let processes = known.map(|known| v1::KnownProcess {
            process: Some((*known.process).clone().into()),
            heard_at: known.heard_at.map(timestamp),
        });
        Ok(Response::new(v1::ListProcessesResponse {
            processes: processes.collect(),
        }))
    }
}
