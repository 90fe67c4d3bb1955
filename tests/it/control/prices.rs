//! Prices, and what calls cost.

use super::{
    fixture::{Fixture, assert_refused, start},
    records::{call, record},
};
use ostia_domain::code::Code;
use ostia_proto::v1;
use tonic::{Code as Grpc, Status};

async fn set(
    control: &Fixture,
    tools: &str,
    micros: u64,
    currency: &str,
) -> Result<v1::Price, Status> {
    let request = v1::SetPriceRequest {
        tools: tools.to_owned(),
        micros,
        currency: currency.to_owned(),
    };
    let price = control.client.prices().set_price(request).await?;
    Ok(price.into_inner())
}

async fn prices(control: &Fixture) -> Vec<(String, u64)> {
    let prices = control
        .client
        .prices()
        .list_prices(v1::ListPricesRequest {})
        .await;
    let prices = prices.expect("prices").into_inner().prices;
    prices
        .into_iter()
        .map(|price| (price.tools, price.micros))
        .collect()
}

/// Tool, calls and costs of every row.
async fn costs(control: &Fixture, by: &[v1::Dimension]) -> Vec<(String, u64, Vec<(String, u64)>)> {
    let request = v1::SummarizeUsageRequest {
        group_by: by.iter().map(|dimension| i32::from(*dimension)).collect(),
        ..v1::SummarizeUsageRequest::default()
    };
    let answer = control.client.usage().summarize_usage(request).await;
    let rows = answer.expect("a summary").into_inner().rows;
    rows.into_iter()
        .map(|row| {
            let costs = row
                .costs
                .into_iter()
                .map(|cost| (cost.currency, cost.micros));
            (row.tool, row.calls, costs.collect())
        })
        .collect()
}

#[tokio::test]
async fn a_price_is_made_changed_and_removed() {
    let control = start().await;
    let made = set(&control, "github.*", 2_000, "EUR")
        .await
        .expect("a price");
    let changed = set(&control, "github.*", 3_000, "USD")
        .await
        .expect("a price");
    assert_eq!(
        (&changed.id, changed.created_at),
        (&made.id, made.created_at)
    );
    assert_eq!((changed.micros, changed.currency.as_str()), (3_000, "USD"));
    set(&control, "*", 1, "EUR").await.expect("a price");
    assert_eq!(
        prices(&control).await,
        [("*".to_owned(), 1), ("github.*".to_owned(), 3_000)]
    );
    for price in ["*", &made.id] {
        let price = price.to_owned();
        let request = v1::DeletePriceRequest { price };
        control
            .client
            .prices()
            .delete_price(request)
            .await
            .expect("deleted");
    }
    assert_eq!(prices(&control).await, []);
    let price = "*".to_owned();
    let answer = control
        .client
        .prices()
        .delete_price(v1::DeletePriceRequest { price })
        .await;
    assert_refused(answer, Grpc::NotFound, Code::NoSuchObject);
}

#[tokio::test]
async fn what_is_no_price_is_refused_with_its_field() {
    let control = start().await;
    for (tools, micros, currency, field) in [
        ("", 1, "EUR", "tools"),
        ("a b", 1, "EUR", "tools"),
        ("*", 1, "euro", "currency"),
        ("*", u64::MAX, "EUR", "micros"),
    ] {
        let refused = set(&control, tools, micros, currency).await;
        let text = assert_refused(refused, Grpc::InvalidArgument, Code::InvalidArgument);
        assert!(text.starts_with(field), "{text}");
    }
}

#[tokio::test]
async fn calls_that_ran_cost_what_their_tool_costs() {
    let control = start().await;
    let ended = |outcome: &str| v1::CallRecord {
        outcome: outcome.to_owned(),
        ..call("github", "search")
    };
    let cached = v1::CallRecord {
        cached: true,
        ..call("github", "search")
    };
    let free = ["denied", "timeout", "upstream_error", "busy"].map(ended);
    let mut records = vec![ended("ok"), ended("tool_error"), cached];
    records.extend(free);
    records.extend([
        call("github", "delete"),
        call("git", "log"),
        call("other", "x"),
    ]);
    record(&control, records).await.expect("recorded");
    assert_eq!(
        costs(&control, &[]).await,
        [(String::new(), 10, Vec::new())]
    );

    set(&control, "github.*", 100, "EUR")
        .await
        .expect("a price");
    set(&control, "github.search", 7, "EUR")
        .await
        .expect("a price");
    set(&control, "git.*", 5, "USD").await.expect("a price");
    let (eur, usd) = (|n| ("EUR".to_owned(), n), |n| ("USD".to_owned(), n));
    let all = vec![eur(2 * 7 + 100), usd(5)];
    assert_eq!(costs(&control, &[]).await, [(String::new(), 10, all)]);
    let by_tool = costs(&control, &[v1::Dimension::Tool]).await;
    let expected = [
        ("search".to_owned(), 7, vec![eur(14)]),
        ("log".to_owned(), 1, vec![usd(5)]),
        ("delete".to_owned(), 1, vec![eur(100)]),
        ("x".to_owned(), 1, Vec::new()),
    ];
    assert_eq!(by_tool, expected);
}
