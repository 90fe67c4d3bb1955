//! A control as it is, with something between it and an edge of this process.

use futures_util::{
    StreamExt as _,
    stream::{BoxStream, unfold},
};
use ostia_proto::{
    ControlClient,
    v1::{
        self,
        sync_service_server::{SyncService, SyncServiceServer},
        watch_response::Event,
    },
};
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::{Notify, watch};
use tonic::{Request, Response, Status, Streaming, service::Routes};

/// A control as it is, but that snapshots can be held back on their way to the edge.
pub(crate) struct Between {
    pub(crate) control: ControlClient,
    pub(crate) held_back: watch::Receiver<bool>,
    /// Control said whose key it is.
    pub(crate) authenticated: Arc<Notify>,
    /// Keys that the edge was told of, as often as it was.
    pub(crate) told: Arc<watch::Sender<Vec<String>>>,
}

type Events = BoxStream<'static, Result<v1::WatchResponse, Status>>;

impl Between {
    /// What the edge takes for control.
    pub(crate) fn client(self) -> ControlClient {
        ControlClient::in_process(Routes::new(SyncServiceServer::new(self)).prepare())
    }

    /// Everything in its order, but for snapshots that are held back.
    fn events(&self, events: Streaming<v1::WatchResponse>) -> Events {
        let start = (
            events,
            self.held_back.clone(),
            VecDeque::new(),
            Arc::clone(&self.told),
        );
        let passing = unfold(start, |(mut events, mut hold, mut held, told)| async move {
            loop {
                let holds = *hold.borrow();
                if let Some(event) = held.pop_front_if(|_| !holds) {
                    return Some((Ok(event), (events, hold, held, told)));
                }
                tokio::select! {
                    event = events.message() => {
                        let event = event.transpose()?;
                        let kind = event.as_ref().ok().and_then(|event| event.event.as_ref());
                        if let Some(Event::KeysChanged(changed)) = kind {
                            told.send_modify(|told| told.extend_from_slice(&changed.key_ids));
                        }
                        let snapshot = matches!(
                            kind,
                            Some(Event::Snapshot(_) | Event::SnapshotChange(_))
                        );
                        match event {
                            Ok(event) if snapshot => held.push_back(event),
                            event => return Some((event, (events, hold, held, told))),
                        }
                    }
                    Ok(()) = hold.changed() => {}
                }
            }
        });
        passing.boxed()
    }
}

#[tonic::async_trait]
impl SyncService for Between {
    type WatchStream = Events;

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Result<Response<Events>, Status> {
        let events = self.control.sync().watch(request.into_inner()).await?;
        Ok(Response::new(self.events(events.into_inner())))
    }

    async fn authenticate(
        &self,
        request: Request<v1::AuthenticateRequest>,
    ) -> Result<Response<v1::AuthenticateResponse>, Status> {
        let answer = self.control.sync().authenticate(request.into_inner()).await;
        self.authenticated.notify_one();
        answer
    }

    async fn lease_quota(
        &self,
        request: Request<v1::LeaseQuotaRequest>,
    ) -> Result<Response<v1::LeaseQuotaResponse>, Status> {
        self.control.sync().lease_quota(request.into_inner()).await
    }

    async fn return_quota(
        &self,
        request: Request<v1::ReturnQuotaRequest>,
    ) -> Result<Response<v1::ReturnQuotaResponse>, Status> {
        self.control.sync().return_quota(request.into_inner()).await
    }

    async fn record(
        &self,
        request: Request<v1::RecordRequest>,
    ) -> Result<Response<v1::RecordResponse>, Status> {
        self.control.sync().record(request.into_inner()).await
    }

    async fn report_catalogue(
        &self,
        request: Request<v1::ReportCatalogueRequest>,
    ) -> Result<Response<v1::ReportCatalogueResponse>, Status> {
        let report = request.into_inner();
        self.control.sync().report_catalogue(report).await
    }

    async fn report_pools(
        &self,
        request: Request<v1::ReportPoolsRequest>,
    ) -> Result<Response<v1::ReportPoolsResponse>, Status> {
        self.control.sync().report_pools(request.into_inner()).await
    }

    async fn report_refusal(
        &self,
        request: Request<v1::ReportRefusalRequest>,
    ) -> Result<Response<v1::ReportRefusalResponse>, Status> {
        let refusal = request.into_inner();
        self.control.sync().report_refusal(refusal).await
    }

    async fn answer(
        &self,
        request: Request<v1::AnswerRequest>,
    ) -> Result<Response<v1::AnswerResponse>, Status> {
        self.control.sync().answer(request.into_inner()).await
    }
}
