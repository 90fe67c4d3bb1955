//! Prices: what calls cost.

use super::{
    operators::{refused, taken},
    visitor::Visitor,
};
use crate::harness::ostia::Ostia;

#[tokio::test]
async fn a_price_is_set_changed_and_removed() {
    let ostia = Ostia::start().await;
    ostia
        .cli(&["users", "create", "oscar", "--role", "operator"])
        .await
        .ok();
    let operator = Visitor::signed_in(&ostia, "oscar").await;
    operator.open("/prices").await.shows("There are no prices");

    let price = [
        ("tools", "demo.*"),
        ("amount", "0.002"),
        ("currency", "EUR"),
    ];
    for (field, value, problem) in [
        ("tools", "", "must not be empty"),
        ("amount", "2 cents", "at most six places"),
        ("amount", "1000001", "is more than a million"),
        ("currency", "euro", "three letters"),
    ] {
        let wrong = price.map(|(name, as_is)| (name, if name == field { value } else { as_is }));
        refused(
            &operator.submit("/prices/new", &wrong).await,
            field,
            problem,
        );
    }
    let path = taken(&operator.submit("/prices/new", &price).await);
    operator.open("/prices").await.shows("0.002 EUR");
    let page = operator.open(&path).await;
    page.shows("value=\"0.002\"");

    let changed = [("amount", "0.5"), ("currency", "USD")];
    assert_eq!(taken(&operator.submit(&path, &changed).await), path);
    let list = operator.open("/prices").await;
    list.shows("0.5 USD");
    list.hides("EUR");

    let delete = format!("{path}/delete");
    let typed = [("confirm", "all")];
    refused(
        &operator.submit(&delete, &typed).await,
        "confirm",
        "is not its name",
    );
    let typed = [("confirm", "demo.*")];
    assert_eq!(taken(&operator.submit(&delete, &typed).await), "/prices");
    operator.open("/prices").await.shows("There are no prices");
    assert_eq!(operator.open(&path).await.status, 404);
}

/// Auditors see them and have no form.
#[tokio::test]
async fn who_may_not_set_a_price_sees_it() {
    let ostia = Ostia::start().await;
    ostia
        .cli(&["prices", "set", "demo.*", "0.002", "EUR"])
        .await
        .ok();
    ostia
        .cli(&["users", "create", "olga", "--role", "auditor"])
        .await
        .ok();
    let auditor = Visitor::signed_in(&ostia, "olga").await;
    let list = auditor.open("/prices").await;
    list.hides("Set a price");
    let id = list.between("href=\"/prices/", "\" class=\"first\"");
    let path = format!("/prices/{id}");
    let page = auditor.open(&path).await;
    page.shows("0.002 EUR");
    page.hides("name=\"amount\"");
    let changed = [("amount", "0.5"), ("currency", "USD")];
    assert_eq!(auditor.submit(&path, &changed).await.status, 404);
}
