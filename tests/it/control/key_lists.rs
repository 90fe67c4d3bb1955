//! Lists of keys.

use super::fixture::{Fixture, assert_refused, new_key, owned, start};
use chrono::TimeDelta;
use ostia_domain::{clock, code::Code};
use ostia_proto::{convert::timestamp, v1};
use tonic::Code as Grpc;

/// Names on each page.
async fn pages(control: &Fixture, mut request: v1::ListKeysRequest) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    loop {
        let page = control.client.keys().list_keys(request.clone()).await;
        let page = page.expect("a page").into_inner();
        pages.push(page.keys.into_iter().map(|key| key.name).collect());
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return pages;
        }
    }
}

async fn names(control: &Fixture, request: v1::ListKeysRequest) -> Vec<String> {
    pages(control, request).await.concat()
}

#[tokio::test]
async fn keys_are_listed_newest_first_in_pages_that_do_not_overlap() {
    let control = start().await;
    control.user("bob", v1::Role::Member, &[]).await;
    for n in 0..5 {
        control.key(&format!("k{n}")).await;
    }
    let request = v1::CreateKeyRequest {
        owner: Some("bob".to_owned()),
        ..new_key("his")
    };
    control.create_key(request).await.expect("a key");
    let request = v1::ListKeysRequest {
        owner: Some("ada".to_owned()),
        page_size: 2,
        ..v1::ListKeysRequest::default()
    };
    let pages = pages(&control, request).await;
    assert_eq!(pages, [vec!["k4", "k3"], vec!["k2", "k1"], vec!["k0"]]);
    for (page_size, page_token) in [(501, ""), (1, "no token")] {
        let request = v1::ListKeysRequest {
            page_size,
            page_token: page_token.to_owned(),
            ..v1::ListKeysRequest::default()
        };
        let answer = control.client.keys().list_keys(request).await;
        assert_refused(answer, Grpc::InvalidArgument, Code::InvalidArgument);
    }
}

#[tokio::test]
async fn keys_are_found_by_a_policy_that_they_name() {
    let control = start().await;
    control.policy("some").await;
    let of_some = |name: &str, policies: &[&str]| v1::CreateKeyRequest {
        policies: owned(policies),
        ..new_key(name)
    };
    for (name, policies) in [
        ("k0", &["some"][..]),
        ("k1", &["all"]),
        ("k2", &["all", "some"]),
        ("k3", &["some"]),
    ] {
        let key = of_some(name, policies);
        control.create_key(key).await.expect("a key");
    }
    let naming = |policy: &str| v1::ListKeysRequest {
        policy: Some(policy.to_owned()),
        page_size: 2,
        ..v1::ListKeysRequest::default()
    };
    let some = pages(&control, naming("some")).await;
    assert_eq!(some, [vec!["k3", "k2"], vec!["k0"]]);
    let none: [&str; 0] = [];
    assert_eq!(names(&control, naming("nobody knows")).await, none);
    let of_somebody_else = v1::ListKeysRequest {
        owner: Some("bob".to_owned()),
        ..naming("some")
    };
    control.user("bob", v1::Role::Member, &["some"]).await;
    assert_eq!(names(&control, of_somebody_else).await, none);
    let of_ada = v1::ListKeysRequest {
        owner: Some("ada".to_owned()),
        ..naming("some")
    };
    assert_eq!(names(&control, of_ada).await, ["k3", "k2", "k0"]);
}

#[tokio::test]
async fn keys_worth_a_look_are_those_that_have_not_ended() {
    let control = start().await;
    control.key("usual").await;
    let endless = v1::CreateKeyRequest {
        never_expires: true,
        ..new_key("endless")
    };
    control.create_key(endless.clone()).await.expect("a key");
    let revoked = v1::CreateKeyRequest {
        name: "revoked".to_owned(),
        ..endless
    };
    let revoked = control.create_key(revoked).await.expect("a key");
    control.revoke(&revoked.key.expect("a key").id).await;
    let at = |hours| Some(timestamp(clock::now() + TimeDelta::hours(hours)));
    let all = v1::ListKeysRequest::default;
    let endless = v1::ListKeysRequest {
        endless: true,
        ..all()
    };
    assert_eq!(names(&control, endless).await, ["endless"]);
    for (hours, found) in [(1, &["endless", "usual"][..]), (-1, &[])] {
        let unused = v1::ListKeysRequest {
            unused_since: at(hours),
            ..all()
        };
        assert_eq!(names(&control, unused).await, found, "{hours}");
        let old = v1::ListKeysRequest {
            not_rotated_since: at(hours),
            ..all()
        };
        assert_eq!(names(&control, old).await, found, "{hours}");
    }
    let both = v1::ListKeysRequest {
        unused_since: at(1),
        policy: Some("all".to_owned()),
        endless: true,
        ..all()
    };
    assert_eq!(names(&control, both).await, ["endless"]);
}
