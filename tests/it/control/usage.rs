//! Usage records, as they are listed.

use super::{
    criteria::of,
    fixture::{Fixture, assert_refused, start},
    records::call,
};
use ostia_domain::code::Code;
use ostia_proto::v1;
use tonic::Code as Grpc;

async fn outcomes(control: &Fixture, request: v1::ListUsageRequest) -> Vec<String> {
    let page = control.client.usage().list_usage(request).await;
    let records = page.expect("records").into_inner().records;
    records.into_iter().map(|record| record.outcome).collect()
}

#[tokio::test]
async fn records_are_listed_newest_first_and_by_key_and_upstream() {
    let control = start().await;
    let key = control.key("build").await.key.expect("a key");
    let records = vec![
        v1::CallRecord {
            outcome: "busy".to_owned(),
            ..call("github", "a")
        },
        v1::CallRecord {
            outcome: "timeout".to_owned(),
            ..of(&key, call("github", "b"))
        },
        call("other", "c"),
    ];
    let request = v1::RecordRequest { records };
    control
        .client
        .sync()
        .record(request)
        .await
        .expect("recorded");

    let all = v1::ListUsageRequest::default();
    assert_eq!(
        outcomes(&control, all.clone()).await,
        ["ok", "timeout", "busy"]
    );
    let of_upstream = v1::ListUsageRequest {
        upstream: Some("github".to_owned()),
        ..all.clone()
    };
    assert_eq!(outcomes(&control, of_upstream).await, ["timeout", "busy"]);
    for key in [&key.id, &key.public_id] {
        let of_key = v1::ListUsageRequest {
            key: Some(key.clone()),
            ..all.clone()
        };
        assert_eq!(outcomes(&control, of_key).await, ["timeout"]);
    }
    // The records of a key outlive it, under its id.
    control.delete(&key.id).await;
    let of_key = v1::ListUsageRequest {
        key: Some(key.id),
        ..all.clone()
    };
    assert_eq!(outcomes(&control, of_key).await, ["timeout"]);
    let of_nobody = v1::ListUsageRequest {
        key: Some(key.public_id),
        ..all
    };
    let answer = control.client.usage().list_usage(of_nobody).await;
    assert_refused(answer, Grpc::NotFound, Code::NoSuchObject);
}

#[tokio::test]
async fn the_top_are_those_with_the_most_calls() {
    let control = start().await;
    let calls = [("github", "a", 1), ("github", "b", 3), ("other", "c", 2)];
    let records = calls.into_iter().flat_map(|(upstream, tool, times)| {
        std::iter::repeat_with(move || call(upstream, tool)).take(times)
    });
    let request = v1::RecordRequest {
        records: records.collect(),
    };
    let recorded = control.client.sync().record(request).await;
    recorded.expect("recorded");
    for (top, expected) in [
        (None, &[("b", 3), ("c", 2), ("a", 1)][..]),
        (Some(2), &[("b", 3), ("c", 2)]),
        (Some(0), &[]),
    ] {
        let request = v1::SummarizeUsageRequest {
            group_by: vec![v1::Dimension::Tool.into()],
            top,
            ..v1::SummarizeUsageRequest::default()
        };
        let rows = control.client.usage().summarize_usage(request).await;
        let rows = rows.expect("sums").into_inner().rows;
        let rows = rows.iter().map(|row| (row.tool.as_str(), row.calls));
        assert_eq!(rows.collect::<Vec<_>>(), expected);
    }
}
