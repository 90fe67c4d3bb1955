//! `IdempotencyService`.

use super::{op, status};
use crate::{
    app::{
        App,
        idempotency::{Asked, Claimed},
    },
    store::idempotency::Answer,
};
use ostia_proto::{
    convert::uuid,
    v1::{self, RequestState, claim_request_response::Outcome},
};
use std::sync::Arc;
use tonic::{Request, Response, Status};

pub(super) struct Idempotency(pub(super) Arc<App>);

#[tonic::async_trait]
impl v1::idempotency_service_server::IdempotencyService for Idempotency {
    async fn claim_request(
        &self,
        request: Request<v1::ClaimRequestRequest>,
    ) -> Result<Response<v1::ClaimRequestResponse>, Status> {
        let op = op(&request);
        let request = request.into_inner();
        let asked = Asked {
            key_hash: request.key_hash,
            request_hash: request.request_hash,
            only_changes: request.only_changes,
        };
        let outcome = self.0.claim_request(&op, asked).await?;
        Ok(Response::new(v1::ClaimRequestResponse {
            outcome: Some(outcome.into()),
        }))
    }

    async fn answer_request(
        &self,
        request: Request<v1::AnswerRequestRequest>,
    ) -> Result<Response<v1::AnswerRequestResponse>, Status> {
        let request = request.into_inner();
        let claim = uuid("claim", &request.claim).map_err(status::field)?;
        let answer = request.answer.ok_or_else(|| status::missing("answer"))?;
        let status = u16::try_from(answer.status);
        let answer = Answer {
            status: status.map_err(|_| out_of_range())?,
            sealed: answer.sealed,
        };
        self.0.answer_request(claim, answer).await?;
        Ok(Response::new(v1::AnswerRequestResponse {}))
    }

    async fn abandon_request(
        &self,
        request: Request<v1::AbandonRequestRequest>,
    ) -> Result<Response<v1::AbandonRequestResponse>, Status> {
        let claim = uuid("claim", &request.get_ref().claim).map_err(status::field)?;
        self.0.abandon_request(claim).await?;
        Ok(Response::new(v1::AbandonRequestResponse {}))
    }
}

fn out_of_range() -> Status {
    crate::error::Error::invalid("answer.status", "is no status of HTTP").into()
}

impl From<Claimed> for Outcome {
    fn from(claimed: Claimed) -> Self {
        let state = match claimed {
            Claimed::Now(claim) => return Self::Claim(claim.to_string()),
            Claimed::Answered(answer) => {
                return Self::Answer(v1::RequestAnswer {
                    status: answer.status.into(),
                    sealed: answer.sealed,
                });
            }
            Claimed::UnderWay => RequestState::UnderWay,
            Claimed::OtherRequest => RequestState::OtherRequest,
            Claimed::InDoubt => RequestState::InDoubt,
        };
        Self::State(state.into())
    }
}
