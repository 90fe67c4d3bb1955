//! Plans.

use super::fixture::{Fixture, assert_refused, new_key, start};
use ostia_domain::code::Code;
use ostia_proto::v1;
use tonic::{Code as Grpc, Status};

fn plan(name: &str) -> v1::Plan {
    v1::Plan {
        name: name.to_owned(),
        limits: Some(v1::Limits {
            calls_per_minute: Some(60),
            burst: Some(10),
            ..v1::Limits::default()
        }),
        ..v1::Plan::default()
    }
}

fn limited(name: &str, limits: v1::Limits) -> v1::Plan {
    v1::Plan {
        limits: Some(limits),
        ..plan(name)
    }
}

async fn create(control: &Fixture, plan: v1::Plan) -> Result<v1::Plan, Status> {
    let request = v1::CreatePlanRequest { plan: Some(plan) };
    let plan = control.client.plans().create_plan(request).await?;
    Ok(plan.into_inner())
}

async fn delete(control: &Fixture, plan: &str) -> Result<(), Status> {
    let plan = plan.to_owned();
    let request = v1::DeletePlanRequest { plan };
    control.client.plans().delete_plan(request).await?;
    Ok(())
}

#[tokio::test]
async fn a_plan_comes_back_as_it_was_written() {
    let control = start().await;
    let created = create(&control, plan("free")).await.expect("a plan");
    let expected = v1::Plan {
        id: created.id.clone(),
        etag: created.etag.clone(),
        ..plan("free")
    };
    assert_eq!(created, expected);
    let mut plans = control.client.plans();
    for plan in ["free".to_owned(), created.id.clone()] {
        let found = plans.get_plan(v1::GetPlanRequest { plan }).await;
        assert_eq!(found.expect("the plan").into_inner(), created);
    }
    let listed = plans.list_plans(v1::ListPlansRequest {}).await;
    assert_eq!(listed.expect("plans").into_inner().plans, [created]);
}

#[tokio::test]
async fn what_is_no_plan_is_refused() {
    let control = start().await;
    for bad in [
        limited(
            "zero",
            v1::Limits {
                calls_per_minute: Some(0),
                ..v1::Limits::default()
            },
        ),
        limited(
            "burst of nothing",
            v1::Limits {
                burst: Some(1),
                ..v1::Limits::default()
            },
        ),
        limited(
            "no month",
            v1::Limits {
                calls_per_month: Some(0),
                ..v1::Limits::default()
            },
        ),
        limited(
            "no day",
            v1::Limits {
                calls_per_day: Some(0),
                ..v1::Limits::default()
            },
        ),
        v1::Plan {
            id: "mine".to_owned(),
            ..plan("own id")
        },
        plan(""),
    ] {
        let answer = create(&control, bad).await;
        assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
    }
    create(&control, plan("free")).await.expect("a plan");
    let taken = create(&control, plan("free")).await;
    assert_refused(taken, Grpc::AlreadyExists, Code::AlreadyExists);
}

#[tokio::test]
async fn a_plan_in_use_stays_until_no_key_has_it() {
    let control = start().await;
    let free = create(&control, plan("free")).await.expect("a plan");
    let request = v1::CreateKeyRequest {
        plan: Some("free".to_owned()),
        ..new_key("build")
    };
    let created = control.create_key(request).await.expect("a key");
    let key = created.key.expect("a key");
    assert_eq!(key.plan.as_deref(), Some("free"));
    let principal = control.authenticate(&created.secret).await.expect("ada");
    let plan = v1::limited::By::PlanId(free.id.clone());
    let subject_id = key.id.clone();
    let by = Some(plan);
    assert_eq!(principal.limits, [v1::Limited { subject_id, by }]);
    let refused = delete(&control, "free").await;
    assert_refused(refused, Grpc::FailedPrecondition, Code::Conflict);
    control.delete(&key.id).await;
    delete(&control, &free.id).await.expect("no key has it");
    assert_refused(
        delete(&control, "free").await,
        Grpc::NotFound,
        Code::NoSuchObject,
    );
}

/// Limits change with their plan, for everybody who has it.
#[tokio::test]
async fn the_limits_of_a_plan_can_be_replaced() {
    let control = start().await;
    create(&control, plan("free")).await.expect("a plan");
    let limits = v1::Limits {
        calls_per_day: Some(100),
        calls_per_month: Some(1_000),
        ..v1::Limits::default()
    };
    let request = v1::UpdatePlanRequest {
        plan: "free".to_owned(),
        limits: Some(limits),
    };
    let updated = control.client.plans().update_plan(request).await;
    assert_eq!(updated.expect("the plan").into_inner().limits, Some(limits));
    let request = v1::UpdatePlanRequest {
        plan: "free".to_owned(),
        limits: None,
    };
    let nothing = control.client.plans().update_plan(request).await;
    assert_refused(nothing, Grpc::InvalidArgument, Code::InvalidArgument);
}
