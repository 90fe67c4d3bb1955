//! What stands between an edge and control and says some of what control says in other words, as a control of
//! another version would.

use super::ostia::Ostia;
use futures_util::{StreamExt as _, stream::BoxStream};
use ostia_proto::{
    client::MAX_MESSAGE_BYTES,
    v1::{
        self,
        sync_service_client::SyncServiceClient,
        sync_service_server::{SyncService, SyncServiceServer},
        watch_response::Event,
    },
};
use std::{net::Ipv4Addr, sync::Arc};
use tonic::{
    Request, Response, Status,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};

/// What becomes of a snapshot, and of what a change puts into one.
type InOtherWords = dyn Fn(&mut v1::Snapshot) + Send + Sync;

struct Interpreter {
    control: SyncServiceClient<Channel>,
    in_other_words: Arc<InOtherWords>,
}

/// Where an edge reaches this control in these words.
#[allow(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
pub(crate) fn of(
    control: &Ostia,
    in_other_words: impl Fn(&mut v1::Snapshot) + Send + Sync + 'static,
) -> String {
    let endpoint = Endpoint::from_shared(control.control_url.clone()).expect("a URL");
    let control = SyncServiceClient::new(endpoint.connect_lazy());
    let interpreter = Interpreter {
        control: control.max_decoding_message_size(MAX_MESSAGE_BYTES),
        in_other_words: Arc::new(in_other_words),
    };
    let incoming = TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a port");
    let address = incoming.local_addr().expect("an address");
    let services = SyncServiceServer::new(interpreter).max_decoding_message_size(MAX_MESSAGE_BYTES);
    let server = Server::builder().add_service(services);
    tokio::spawn(async move {
        let end = server.serve_with_incoming(incoming).await;
        end.expect("it serves");
    });
    format!("http://{address}")
}

fn interpreted(event: &mut v1::WatchResponse, in_other_words: &InOtherWords) {
    match &mut event.event {
        Some(Event::Snapshot(snapshot)) => in_other_words(snapshot),
        Some(Event::SnapshotChange(change)) => in_other_words(change.put.as_mut().expect("put")),
        _ => {}
    }
}

/// All but the watch is passed on as it is, with its headers.
macro_rules! passed_on {
    ($($method:ident: $request:ident -> $response:ident,)*) => {
        #[tonic::async_trait]
        impl SyncService for Interpreter {
            type WatchStream = BoxStream<'static, Result<v1::WatchResponse, Status>>;

            async fn watch(
                &self,
                request: Request<v1::WatchRequest>,
            ) -> Result<Response<Self::WatchStream>, Status> {
                let answer = self.control.clone().watch(request).await?;
                let in_other_words = Arc::clone(&self.in_other_words);
                Ok(answer.map(|events| {
                    let events = events.map(move |event| {
                        let mut event = event?;
                        interpreted(&mut event, &*in_other_words);
                        Ok(event)
                    });
                    events.boxed()
                }))
            }

            $(async fn $method(
                &self,
                request: Request<v1::$request>,
            ) -> Result<Response<v1::$response>, Status> {
                self.control.clone().$method(request).await
            })*
        }
    };
}

passed_on! {
    authenticate: AuthenticateRequest -> AuthenticateResponse,
    lease_quota: LeaseQuotaRequest -> LeaseQuotaResponse,
    return_quota: ReturnQuotaRequest -> ReturnQuotaResponse,
    record: RecordRequest -> RecordResponse,
    report_catalogue: ReportCatalogueRequest -> ReportCatalogueResponse,
    report_pools: ReportPoolsRequest -> ReportPoolsResponse,
    answer: AnswerRequest -> AnswerResponse,
    report_refusal: ReportRefusalRequest -> ReportRefusalResponse,
}
