//! `SyncService`.

mod answer;
mod events;
mod refusal;

use super::{op, status};
use crate::{
    app::{
        App, Report, Verdict,
        edges::{self, Answer, Follower},
        quotas::QuotaOf,
    },
    snapshot::{Has, Hub},
    store::{keys::UsedBy, upstreams::StoredProblem},
};
use answer::said_by;
use events::{Watch, events};
use futures_util::stream::{BoxStream, StreamExt as _};
use ostia_domain::audit::CallRecord;
use ostia_proto::{
    convert::{from_optional_timestamp, period, timestamp, uuid},
    v1::{self, authenticate_response},
};
use refusal::refusal;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// In the extensions of a request from a socket: ends when its listener is to stop.
#[derive(Clone)]
pub(crate) struct Listener(pub(crate) CancellationToken);

pub(super) struct Sync {
    app: Arc<App>,
    hub: Hub,
}

impl Sync {
    pub(super) fn new(app: Arc<App>, hub: Hub) -> Self {
        Self { app, hub }
    }
}

#[tonic::async_trait]
impl v1::sync_service_server::SyncService for Sync {
    type WatchStream = BoxStream<'static, Result<v1::WatchResponse, Status>>;

    async fn watch(
        &self,
        request: Request<v1::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let listener = request.extensions().get::<Listener>();
        let listener = listener.map_or_else(CancellationToken::new, |l| l.0.clone());
        let v1::WatchRequest {
            edge,
            known,
            answers,
            process,
            edge_id,
        } = request.into_inner();
        let subscription = self.hub.subscribe(known.as_ref().and_then(has), listener);
        tracing::info!(edge, "an edge watches");
        let watch = Watch {
            subscription,
            questions: self.app.edges.follow(Follower {
                answers,
                known: process.and_then(|process| known_as(&edge_id, process)),
            }),
            begun: false,
        };
        Ok(Response::new(events(watch).boxed()))
    }

    async fn authenticate(
        &self,
        request: Request<v1::AuthenticateRequest>,
    ) -> Result<Response<v1::AuthenticateResponse>, Status> {
        let op = op(&request);
        let v1::AuthenticateRequest {
            key,
            address,
            client,
        } = request.into_inner();
        let by = UsedBy { address, client };
        let (decision, snapshot_revision) = match self.app.authenticate(&op, &key, by).await? {
            Verdict::Accepted {
                principal,
                revision,
            } => (
                authenticate_response::Decision::Principal(Box::new((*principal).into())),
                revision,
            ),
            Verdict::Refused(code) => (
                authenticate_response::Decision::Refused(code.as_str().to_owned()),
                0,
            ),
        };
        Ok(Response::new(v1::AuthenticateResponse {
            decision: Some(decision),
            snapshot_revision,
        }))
    }

    async fn lease_quota(
        &self,
        request: Request<v1::LeaseQuotaRequest>,
    ) -> Result<Response<v1::LeaseQuotaResponse>, Status> {
        let op = op(&request);
        let quota = quota_of(request.into_inner().of)?;
        let of = v1::Period::from(quota.period).into();
        Ok(Response::new(
            match self.app.lease_quota(&op, quota).await? {
                None => v1::LeaseQuotaResponse {
                    of,
                    ..v1::LeaseQuotaResponse::default()
                },
                Some(block) => v1::LeaseQuotaResponse {
                    granted: Some(block.granted),
                    remaining: block.remaining,
                    period: block.period.number,
                    resets_at: Some(timestamp(block.period.ends_at)),
                    // Rounded up: it has not ended yet.
                    resets_in_ms: u64::try_from(block.period_lasts.as_millis() + 1).ok(),
                    of,
                },
            },
        ))
    }

    async fn return_quota(
        &self,
        request: Request<v1::ReturnQuotaRequest>,
    ) -> Result<Response<v1::ReturnQuotaResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let of = quota_of(request.of)?;
        self.app
            .return_quota(&op, of, request.period, request.calls)
            .await?;
        Ok(Response::new(v1::ReturnQuotaResponse {}))
    }

    async fn record(
        &self,
        request: Request<v1::RecordRequest>,
    ) -> Result<Response<v1::RecordResponse>, Status> {
        let op = op(&request);
        let records = readable(request.into_inner().records);
        self.app.record(&op, &records).await?;
        Ok(Response::new(v1::RecordResponse {}))
    }

    async fn report_catalogue(
        &self,
        request: Request<v1::ReportCatalogueRequest>,
    ) -> Result<Response<v1::ReportCatalogueResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let stage = request.stage().known();
        let since = from_optional_timestamp("failing_since", request.failing_since);
        let since = since.map_err(status::field)?;
        let catalogue = request.catalogue.map(TryInto::try_into).transpose();
        let report = Report {
            upstream_id: uuid("upstream_id", &request.upstream_id).map_err(status::field)?,
            upstream_version: request.upstream_version,
            catalogue: catalogue.map_err(status::field)?,
            problem: request
                .problem
                .map(|text| StoredProblem { text, stage, since }),
            listing: request.listing,
        };
        self.app.report_catalogue(&op, report).await?;
        Ok(Response::new(v1::ReportCatalogueResponse {}))
    }

    async fn report_pools(
        &self,
        request: Request<v1::ReportPoolsRequest>,
    ) -> Result<Response<v1::ReportPoolsResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let edge_id = uuid("edge_id", &request.edge_id).map_err(status::field)?;
        let pools = request.pools.into_iter().map(TryInto::try_into);
        let pools = pools.collect::<Result<_, _>>().map_err(status::field)?;
        self.app.report_pools(&op, request.edge, edge_id, pools)?;
        Ok(Response::new(v1::ReportPoolsResponse {}))
    }

    async fn report_refusal(
        &self,
        request: Request<v1::ReportRefusalRequest>,
    ) -> Result<Response<v1::ReportRefusalResponse>, Status> {
        let op = op(&request);
        let refusal = refusal(op, request.into_inner()).map_err(status::field)?;
        self.app.refusals.note(refusal);
        Ok(Response::new(v1::ReportRefusalResponse {}))
    }

    async fn answer(
        &self,
        request: Request<v1::AnswerRequest>,
    ) -> Result<Response<v1::AnswerResponse>, Status> {
        let request = request.into_inner();
        let question = uuid("question_id", &request.question_id).map_err(status::field)?;
        let said = request.said.ok_or_else(|| status::missing("said"))?;
        let answer = Answer {
            edge: request.edge,
            said: said_by(said).map_err(status::field)?,
        };
        self.app.edges.answer(question, answer);
        Ok(Response::new(v1::AnswerResponse {}))
    }
}

/// One of a source that cannot be read is of none that is known here.
fn has(known: &v1::SnapshotOf) -> Option<Has> {
    Some(Has {
        source: uuid("known.source", &known.source).ok()?,
        revision: known.revision,
    })
}

/// An edge of another version may say what cannot be read here, and is served all the same.
fn known_as(edge_id: &str, process: v1::Process) -> Option<edges::Known> {
    let edge_id = uuid("edge_id", edge_id).ok()?;
    Some(edges::Known::new(edge_id, process.try_into().ok()?))
}

fn quota_of(of: Option<v1::QuotaOf>) -> Result<QuotaOf, Status> {
    let of = of.ok_or_else(|| status::missing("of"))?;
    let plan = of.plan_id.map(|id| uuid("of.plan_id", &id)).transpose();
    Ok(QuotaOf {
        subject: uuid("of.subject_id", &of.subject_id).map_err(status::field)?,
        plan: plan.map_err(status::field)?,
        period: period("of.period", of.period).map_err(status::field)?,
    })
}

/// Leaves out what nobody could write down. Refusing the batch for it would make the edge send it for
/// ever, and everything behind it would be lost instead of one record.
fn readable(records: Vec<v1::CallRecord>) -> Vec<CallRecord> {
    records
        .into_iter()
        .filter_map(|record| {
            CallRecord::try_from(record)
                .inspect_err(|error| tracing::error!(%error, "a record of a call cannot be read and is lost"))
                .ok()
        })
        .collect()
}
