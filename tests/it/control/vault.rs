//! Secrets at rest.

mod rotation;

use super::fixture::{Fixture, snapshot, start};
use crate::harness::wait::until;
use ostia_domain::key::Presented;
use ostia_proto::{
    ControlClient,
    v1::{self, upstream_definition::Transport},
};
use sea_orm::{ConnectionTrait as _, Statement};
use std::{collections::BTreeSet, fmt::Write as _, fs, time::Duration};

pub(super) const CANARY: &str = "canary-8f1c-hunter2";

/// Everything the database keeps, as bytes: the files of SQLite, or each row of PostgreSQL as text.
pub(super) async fn dump(control: &Fixture) -> Vec<u8> {
    if let Some(path) = control.database.url.strip_prefix("sqlite://") {
        let files = ["", "-wal"].map(|suffix| fs::read(format!("{path}{suffix}")));
        return files
            .into_iter()
            .flat_map(Result::unwrap_or_default)
            .collect();
    }
    let db = sea_orm::Database::connect(&control.database.url)
        .await
        .expect("db");
    let query = |sql: String| Statement::from_string(db.get_database_backend(), sql);
    let tables = "SELECT tablename AS t FROM pg_tables WHERE schemaname = 'public'";
    let tables = db
        .query_all_raw(query(tables.to_owned()))
        .await
        .expect("tables");
    let mut text = String::new();
    for table in tables {
        let table: String = table.try_get("", "t").expect("a name");
        let rows = db.query_all_raw(query(format!("SELECT r::text AS t FROM {table} r")));
        for row in rows.await.expect("rows") {
            text.push_str(&row.try_get::<String>("", "t").expect("a row"));
        }
    }
    db.close().await.expect("close");
    text.into_bytes()
}

pub(super) fn holds(dump: &[u8], secret: &str) -> bool {
    let hex = secret.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    [secret, &hex].iter().any(|form| {
        let form = form.as_bytes();
        dump.windows(form.len()).any(|window| window == form)
    })
}

#[tokio::test]
async fn no_secret_is_in_the_database() {
    let control = start().await;
    let created = control.key("build").await;
    let rotated = control.rotate(&created.key.expect("a key").id, 60).await;
    control
        .add_upstream("github", &[("TOKEN", CANARY)])
        .await
        .expect("an upstream");
    let link = v1::CreateLoginLinkRequest {
        user: "ada".to_owned(),
        valid_seconds: 0,
    };
    let link = control.client.identity().create_login_link(link).await;
    let link = link.expect("a link").into_inner().token;
    let dump = dump(&control).await;
    // The dump is one: what may be there is.
    assert!(holds(&dump, "TOKEN") && holds(&dump, "github"));
    assert!(!holds(&dump, CANARY));
    assert!(!holds(&dump, &link));
    for key in [created.secret, rotated.secret] {
        let secret = Presented::parse(&key).expect("a key").secret();
        assert!(!holds(&dump, secret));
        assert!(!holds(&dump, &secret[..16]));
    }
}

#[tokio::test]
async fn only_edges_get_the_values_back() {
    let control = start().await;
    control
        .add_upstream("github", &[("TOKEN", CANARY)])
        .await
        .expect("an upstream");
    let snapshot = snapshot_with(&control.client, "github").await;
    let definition = snapshot.definition.expect("a definition");
    let stdio = definition.stdio().expect("a command");
    assert_eq!(stdio.env["TOKEN"], CANARY);
    // Operators see the name alone, and audit neither.
    let events = format!("{:?}", control.events().await);
    assert!(events.contains("TOKEN") && !events.contains(CANARY));
}

#[tokio::test]
async fn a_sealed_value_that_was_moved_to_another_upstream_does_not_open() {
    let control = start().await;
    control
        .add_upstream("rich", &[("TOKEN", CANARY)])
        .await
        .expect("an upstream");
    control
        .add_upstream("poor", &[])
        .await
        .expect("an upstream");
    control
        .sql("UPDATE upstream_env SET upstream_id = (SELECT id FROM upstreams WHERE name = 'poor')")
        .await;
    control
        .add_upstream("last", &[])
        .await
        .expect("an upstream");
    snapshot_with(&control.client, "last").await;
    let all = snapshot(&control.client).await.upstreams;
    let names = all.iter().map(name);
    // It is left out, rather than started with a credential that is not its own.
    // In no order that means anything.
    assert_eq!(
        names.collect::<BTreeSet<_>>(),
        ["last", "rich"].map(str::to_owned).into()
    );
}

fn over_http(name: &str, header: &str, value: &str) -> v1::UpstreamDefinition {
    v1::UpstreamDefinition {
        name: name.to_owned(),
        transport: Some(Transport::Http(v1::HttpEndpoint {
            url: "https://example.com/mcp".to_owned(),
            headers: [(header.to_owned(), value.to_owned())].into(),
            ..v1::HttpEndpoint::default()
        })),
        ..v1::UpstreamDefinition::default()
    }
}

async fn add(control: &Fixture, definition: v1::UpstreamDefinition) -> v1::Upstream {
    let request = v1::AddUpstreamRequest {
        definition: Some(definition),
    };
    let added = control.client.upstreams().add_upstream(request).await;
    added.expect("an upstream").into_inner()
}

fn header(upstream: v1::Upstream, name: &str) -> String {
    match upstream.definition.and_then(|found| found.transport) {
        Some(Transport::Http(endpoint)) => endpoint.headers[name].clone(),
        other => panic!("not over HTTP: {other:?}"),
    }
}

#[tokio::test]
async fn values_of_headers_are_sealed_and_only_edges_get_them_back() {
    let control = start().await;
    let added = add(&control, over_http("hosted", "Authorization", CANARY)).await;
    assert_eq!(header(added, "authorization"), "");
    let sent = snapshot_with(&control.client, "hosted").await;
    assert_eq!(header(sent, "authorization"), CANARY);
    let request = v1::ListUpstreamsRequest {};
    let listed = control.client.upstreams().list_upstreams(request).await;
    let listed = format!("{:?}", listed.expect("a list").into_inner());
    let events = format!("{:?}", control.events().await);
    for said in [listed, events] {
        assert!(said.contains("authorization") && !said.contains(CANARY));
    }
    let dump = dump(&control).await;
    assert!(holds(&dump, "authorization") && !holds(&dump, CANARY));
}

#[tokio::test]
async fn a_sealed_value_does_not_open_as_another_header() {
    let control = start().await;
    add(&control, over_http("hosted", "Authorization", CANARY)).await;
    control
        .sql("UPDATE upstream_env SET name = 'x-forwarded-to-others'")
        .await;
    add(&control, over_http("last", "x-api-key", "x")).await;
    snapshot_with(&control.client, "last").await;
    let all = snapshot(&control.client).await.upstreams;
    assert_eq!(all.iter().map(name).collect::<Vec<_>>(), ["last"]);
}

#[tokio::test]
async fn a_sealed_variable_does_not_open_as_a_header() {
    let control = start().await;
    control
        .add_upstream("local", &[("token", CANARY)])
        .await
        .expect("an upstream");
    // Whoever writes in the database can name another address, and gets nothing of it.
    control
        .sql("UPDATE upstreams SET transport = 'http', url = 'https://example.com/'")
        .await;
    add(&control, over_http("last", "x-api-key", "x")).await;
    snapshot_with(&control.client, "last").await;
    let all = snapshot(&control.client).await.upstreams;
    assert_eq!(all.iter().map(name).collect::<Vec<_>>(), ["last"]);
}

/// The upstream as edges get it, once they do.
pub(super) async fn snapshot_with(client: &ControlClient, wanted: &str) -> v1::Upstream {
    let ask = || async {
        let all = snapshot(client).await.upstreams;
        all.into_iter()
            .find(|upstream| name(upstream) == wanted)
            .ok_or("not there")
    };
    until(
        Duration::from_secs(5),
        "the upstream is in the snapshot",
        ask,
    )
    .await
    .0
}

fn name(upstream: &v1::Upstream) -> String {
    upstream
        .definition
        .as_ref()
        .expect("a definition")
        .name
        .clone()
}
