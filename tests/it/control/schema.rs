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

/// The steps before that which let upstreams be reached over HTTP.
const BEFORE_HTTP: usize = 6;

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
    let since = u32::try_from(Migrator::migrations().len() - BEFORE_HTTP).expect("a few");
    Migrator::down(&db, Some(since)).await.expect("back");
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
