//! Changes of what was read before: `ostia-if-match`.

use super::fixture::{Fixture, assert_refused, start};
use ostia_domain::code::Code;
use ostia_proto::{ControlClient, v1};
use tonic::{Code as Grpc, Status};

async fn plan(client: &ControlClient, calls: u32, if_match: &str) -> Result<v1::Plan, Status> {
    let client = client.if_match(if_match.parse().expect("a header"));
    let request = v1::UpdatePlanRequest {
        plan: "p".to_owned(),
        limits: Some(v1::Limits {
            calls_per_minute: Some(calls),
            ..v1::Limits::default()
        }),
    };
    Ok(client.plans().update_plan(request).await?.into_inner())
}

async fn with_a_plan() -> (Fixture, v1::Plan) {
    let control = start().await;
    let plan = v1::Plan {
        name: "p".to_owned(),
        ..v1::Plan::default()
    };
    let request = v1::CreatePlanRequest { plan: Some(plan) };
    let made = control.client.plans().create_plan(request).await;
    (control, made.expect("a plan").into_inner())
}

/// As two replicas of control make them.
#[tokio::test]
async fn of_many_changes_of_what_all_have_read_one_is_made() {
    let (control, mut read) = with_a_plan().await;
    let replica = control.replica().await;
    let clients = [control.client.clone(), replica.client()];
    for round in 0..10 {
        let etag = read.etag.clone();
        let changes = (0..8).map(|n| {
            let client = &clients[n % 2];
            plan(
                client,
                1 + 8 * round + u32::try_from(n).expect("few"),
                &etag,
            )
        });
        let mut made = Vec::new();
        for answer in futures_util::future::join_all(changes).await {
            match answer {
                Ok(plan) => made.push(plan),
                refused => {
                    assert_refused(refused, Grpc::Aborted, Code::PreconditionFailed);
                }
            }
        }
        assert_eq!(made.len(), 1, "round {round}");
        read = made.remove(0);
        assert_ne!(read.etag, etag);
        let there = v1::GetPlanRequest {
            plan: "p".to_owned(),
        };
        let there = control.client.plans().get_plan(there).await;
        assert_eq!(there.expect("the plan").into_inner(), read);
    }
    replica.close().await;
}

/// Without that the two would leave nobody who may do anything.
#[tokio::test]
async fn two_administrators_who_end_each_other_at_once_leave_one() {
    let control = start().await;
    let replica = control.replica().await;
    for round in 0..8 {
        let other = format!("eve {round}");
        control.user(&other, v1::Role::Administrator, &[]).await;
        let demote = |client: ControlClient, user: String| async move {
            let request = v1::UpdateUserRequest {
                user,
                role: v1::Role::Member.into(),
                ..v1::UpdateUserRequest::default()
            };
            client.identity().update_user(request).await.is_ok()
        };
        let (one, two) = tokio::join!(
            demote(control.client.clone(), "ada".to_owned()),
            demote(replica.client(), other.clone())
        );
        assert_ne!(one, two, "round {round}");
        let again = v1::UpdateUserRequest {
            user: "ada".to_owned(),
            role: v1::Role::Administrator.into(),
            ..v1::UpdateUserRequest::default()
        };
        control
            .client
            .identity()
            .update_user(again)
            .await
            .expect("ada");
        let request = v1::DeleteUserRequest { user: other };
        control
            .client
            .identity()
            .delete_user(request)
            .await
            .expect("deleted");
    }
    replica.close().await;
}

#[tokio::test]
async fn a_condition_is_about_one_object_that_is_there() {
    let (control, read) = with_a_plan().await;
    for any in ["*", &format!("x, {}", read.etag)] {
        plan(&control.client, 7, any).await.expect("changed");
        plan(&control.client, 0, any)
            .await
            .expect_err("no calls at all");
        let back = v1::UpdatePlanRequest {
            plan: "p".to_owned(),
            limits: Some(v1::Limits::default()),
        };
        control
            .client
            .plans()
            .update_plan(back)
            .await
            .expect("as before");
    }
    for none in ["", "x", "\"*\""] {
        let refused = plan(&control.client, 7, none).await;
        assert_refused(refused, Grpc::Aborted, Code::PreconditionFailed);
    }
    let any = control.client.if_match("*".parse().expect("a header"));
    let price = v1::SetPriceRequest {
        tools: "demo.*".to_owned(),
        micros: 1,
        currency: "EUR".to_owned(),
    };
    let refused = any.prices().set_price(price).await;
    assert_refused(refused, Grpc::Aborted, Code::PreconditionFailed);
    let manifest = v1::Manifest {
        plans: ["q", "r"]
            .map(|name| v1::ManifestPlan {
                name: name.to_owned(),
                ..v1::ManifestPlan::default()
            })
            .into(),
        ..v1::Manifest::default()
    };
    let apply = v1::ApplyManifestRequest {
        manifest: Some(manifest),
        ..v1::ApplyManifestRequest::default()
    };
    let refused = any.manifest().apply_manifest(apply).await;
    assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
}
