//! Requests that are done once however often they are sent.

use super::fixture::{Fixture, assert_refused, start};
use ostia_domain::code::Code;
use ostia_proto::v1::{self, RequestState, claim_request_response::Outcome};
use tonic::Code as Grpc;

const LONG_AGO: &str = "'2026-01-01T00:00:00+00:00'";

async fn claim(control: &Fixture, request: u8, only_changes: bool) -> Outcome {
    let asked = v1::ClaimRequestRequest {
        key_hash: vec![1; 32],
        request_hash: vec![request; 32],
        only_changes,
    };
    let claimed = control.client.idempotency().claim_request(asked).await;
    let outcome = claimed.expect("an outcome").into_inner().outcome;
    outcome.expect("an outcome")
}

async fn claimed(control: &Fixture) -> String {
    match claim(control, 1, true).await {
        Outcome::Claim(claim) => claim,
        other => panic!("somebody else has it: {other:?}"),
    }
}

async fn state(control: &Fixture, request: u8, only_changes: bool) -> RequestState {
    match claim(control, request, only_changes).await {
        Outcome::State(state) => state.try_into().expect("a state"),
        other => panic!("{other:?}"),
    }
}

async fn create_user(
    control: &Fixture,
    claim: &str,
    name: &str,
) -> Result<v1::User, tonic::Status> {
    let client = control.client.under(claim.parse().expect("a header"));
    let request = v1::CreateUserRequest {
        name: name.to_owned(),
        ..v1::CreateUserRequest::default()
    };
    Ok(client.identity().create_user(request).await?.into_inner())
}

async fn abandon(control: &Fixture, claim: &str) {
    let claim = claim.to_owned();
    let abandon = v1::AbandonRequestRequest { claim };
    let abandoned = control.client.idempotency().abandon_request(abandon).await;
    abandoned.expect("abandoned");
}

#[tokio::test]
async fn what_was_answered_is_answered_again() {
    let control = start().await;
    let first = claimed(&control).await;
    assert_eq!(state(&control, 1, true).await, RequestState::UnderWay);
    let told = v1::RequestAnswer {
        status: 201,
        sealed: vec![7; 99],
    };
    let answer = v1::AnswerRequestRequest {
        claim: first,
        answer: Some(told.clone()),
    };
    let kept = control.client.idempotency().answer_request(answer).await;
    kept.expect("kept");
    let Outcome::Answer(again) = claim(&control, 1, true).await else {
        panic!("there is an answer");
    };
    assert_eq!(again, told);
    assert_eq!(state(&control, 2, true).await, RequestState::OtherRequest);
    // A day later it is a new one.
    control
        .sql(&format!(
            "UPDATE idempotency_keys SET expires_at = {LONG_AGO}"
        ))
        .await;
    claimed(&control).await;
}

#[tokio::test]
async fn what_was_refused_may_be_tried_again_and_what_was_done_may_not() {
    let control = start().await;
    let first = claimed(&control).await;
    abandon(&control, &first).await;
    let second = claimed(&control).await;
    create_user(&control, &second, "bob").await.expect("bob");
    // As when the answer got lost on its way: whoever gives up cannot know.
    abandon(&control, &second).await;
    assert_eq!(state(&control, 1, true).await, RequestState::UnderWay);
    let left = format!("UPDATE idempotency_keys SET claimed_at = {LONG_AGO}");
    control.sql(&left).await;
    assert_eq!(state(&control, 1, true).await, RequestState::InDoubt);
}

/// Whoever had it may be slow, and not gone.
#[tokio::test]
async fn a_request_that_was_left_is_taken_over_and_done_once() {
    let control = start().await;
    let slow = claimed(&control).await;
    let left = format!("UPDATE idempotency_keys SET claimed_at = {LONG_AGO}");
    control.sql(&left).await;
    // What goes beyond control may have been done.
    assert_eq!(state(&control, 1, false).await, RequestState::InDoubt);
    let taken = claimed(&control).await;
    assert_ne!(taken, slow);
    let late = create_user(&control, &slow, "bob").await;
    assert_refused(late, Grpc::FailedPrecondition, Code::Conflict);
    create_user(&control, &taken, "bob").await.expect("bob");
}

#[tokio::test]
async fn what_is_no_claim_is_none() {
    let control = start().await;
    for claim in ["nonsense", "00000000-0000-0000-0000-000000000001", ""] {
        let made = create_user(&control, claim, "bob").await;
        assert_refused(made, Grpc::FailedPrecondition, Code::Conflict);
    }
    let short = v1::ClaimRequestRequest {
        key_hash: vec![1; 31],
        request_hash: vec![1; 32],
        only_changes: true,
    };
    let refused = control.client.idempotency().claim_request(short).await;
    assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
    let large = v1::AnswerRequestRequest {
        claim: claimed(&control).await,
        answer: Some(v1::RequestAnswer {
            status: 200,
            sealed: vec![0; 262_145],
        }),
    };
    let refused = control.client.idempotency().answer_request(large).await;
    assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
}
