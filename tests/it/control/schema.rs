//! What control needs of the database before it starts.

use super::fixture::{config, definition, snapshot};
use crate::harness::database;
use ostia_control::Control;
use ostia_migrations::{Migrator, MigratorTrait as _, pending, up};
use ostia_proto::v1;

#[tokio::test]
async fn control_refuses_a_database_that_is_not_migrated_and_says_what_to_do() {
    let database = database::blank().await;
    let all = pending(&database.url).await.expect("a number");
    assert!(all > 0);
    refused(&database).await;
    assert_eq!(up(&database.url).await.expect("migrated").steps, all);
    assert_eq!(up(&database.url).await.expect("nothing to do").steps, 0);
    assert_eq!(pending(&database.url).await.expect("a number"), 0);
    let control = Control::open(config(&database)).await.expect("it opens");
    assert!(control.ready().await);
    control.close().await;
}

async fn refused(database: &database::Database) {
    let Err(error) = Control::open(config(database)).await else {
        panic!("control must not open a database without a schema");
    };
    assert!(error.to_string().contains("ostia migrate"), "{error}");
}

#[tokio::test]
async fn a_step_that_is_missing_is_noticed() {
    use sea_orm::ConnectionTrait as _;
    let database = database::fresh().await;
    let db = sea_orm::Database::connect(&database.url).await.expect("db");
    let forget = "DELETE FROM seaql_migrations \
        WHERE version = (SELECT MAX(version) FROM seaql_migrations)";
    db.execute_unprepared(forget).await.expect("a statement");
    db.close().await.expect("close");
    refused(&database).await;
}

#[tokio::test]
async fn every_step_can_be_taken_back() {
    let database = database::fresh().await;
    let db = sea_orm::Database::connect(&database.url).await.expect("db");
    Migrator::down(&db, None).await.expect("all the way back");
    let all = pending(&database.url).await.expect("a number");
    assert_eq!(all, Migrator::migrations().len());
    Migrator::up(&db, None).await.expect("and forth again");
    db.close().await.expect("close");
    let control = Control::open(config(&database)).await.expect("it opens");
    control.close().await;
}

/// This step and those after it.
pub(super) fn since(step: &str) -> u32 {
    let steps = Migrator::migrations();
    let at = steps.iter().position(|known| known.name() == step);
    let count = steps.len() - at.expect("a step of that name");
    u32::try_from(count).expect("few")
}

#[tokio::test]
async fn upstreams_from_before_there_was_http_keep_their_command_and_their_secrets() {
    let database = database::fresh().await;
    let control = Control::open(config(&database)).await.expect("it opens");
    let request = v1::AddUpstreamRequest {
        definition: Some(definition("github", &[("TOKEN", "hunter2")])),
    };
    let added = control.client().upstreams().add_upstream(request).await;
    let added = added.expect("an upstream").into_inner();
    control.close().await;

    let db = sea_orm::Database::connect(&database.url).await.expect("db");
    let http = since("m20261121_000007_transports");
    Migrator::down(&db, Some(http)).await.expect("back");
    Migrator::up(&db, None).await.expect("and forth");
    db.close().await.expect("close");

    let control = Control::open(config(&database)).await.expect("it opens");
    let upstream = added.id.clone();
    let request = v1::GetUpstreamRequest { upstream };
    let kept = control.client().upstreams().get_upstream(request).await;
    assert_eq!(kept.expect("the upstream").into_inner(), added);
    let upstream = snapshot(&control.client()).await.upstreams.remove(0);
    let definition = upstream.definition.expect("a definition");
    assert_eq!(
        definition.stdio().expect("a command").env["TOKEN"],
        "hunter2"
    );
    control.close().await;
}

/// The step before would have called it without its credential.
#[tokio::test]
async fn an_upstream_with_a_credential_goes_with_the_step_that_knows_it_and_others_stay() {
    let database = database::fresh().await;
    let control = Control::open(config(&database)).await.expect("it opens");
    let bearer = v1::BearerCredential {
        token: "hunter2".to_owned(),
    };
    let endpoint = |credential| {
        Some(v1::upstream_definition::Transport::Http(v1::HttpEndpoint {
            url: "https://example.com/mcp".to_owned(),
            headers: [("x-token".to_owned(), "hunter2".to_owned())].into(),
            allow_private_network: false,
            credential,
        }))
    };
    let bearer = v1::http_endpoint::Credential::Bearer(bearer);
    for (name, credential) in [("plain", None), ("with-one", Some(bearer))] {
        let mut definition = definition(name, &[]);
        definition.transport = endpoint(credential);
        let request = v1::AddUpstreamRequest {
            definition: Some(definition),
        };
        let added = control.client().upstreams().add_upstream(request).await;
        added.expect("an upstream");
    }
    control.close().await;

    let db = sea_orm::Database::connect(&database.url).await.expect("db");
    let credentials = since("m20261121_000011_credentials");
    Migrator::down(&db, Some(credentials)).await.expect("back");
    Migrator::up(&db, None).await.expect("and forth");
    db.close().await.expect("close");

    let control = Control::open(config(&database)).await.expect("it opens");
    let kept = snapshot(&control.client()).await.upstreams;
    let names = kept
        .into_iter()
        .filter_map(|one| Some(one.definition?.name));
    assert_eq!(names.collect::<Vec<_>>(), ["plain"]);
    // Nothing of it is left that another upstream could not be opened for.
    let request = v1::GetVaultStatusRequest {};
    let status = control.client().vault().get_vault_status(request).await;
    assert_eq!(status.expect("a status").into_inner().keys[0].values, 1);
    control.close().await;
}

#[tokio::test]
async fn replicas_that_start_together_migrate_once() {
    let database = database::blank().await;
    let all = pending(&database.url).await.expect("a number");
    let runs = (0..4).map(|_| up(&database.url));
    let runs = futures_util::future::join_all(runs).await;
    let steps: Vec<_> = runs
        .into_iter()
        .map(|run| run.expect("migrated").steps)
        .collect();
    assert_eq!(steps.iter().sum::<usize>(), all, "{steps:?}");
}

#[tokio::test]
async fn a_closed_control_is_not_ready() {
    let database = database::fresh().await;
    let control = Control::open(config(&database)).await.expect("it opens");
    control.close().await;
    assert!(!control.ready().await);
}
