//! R28: data of every step goes on to the newest and comes back, and what a version before writes meanwhile
//! is taken.
//!
//! `upgrade/<step>.sql` is what the version of that step writes, in the words of its schema; a step without
//! a file writes nothing that is new.

mod statements;

use super::fixture::config;
use crate::harness::{
    database::{self, Database},
    environment,
};
use ostia_control::Control;
use ostia_migrations::{Migrator, MigratorTrait as _};
use ostia_proto::v1;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use serde_json::{Value, json};
use statements::filled_in;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Of each table its columns.
type Shape = BTreeMap<String, Vec<String>>;
/// Of each table its rows, each as a JSON object, in an order that says nothing.
type Content = BTreeMap<String, Vec<String>>;

struct Schema {
    db: DatabaseConnection,
    database: Database,
}

fn steps() -> Vec<String> {
    let steps = Migrator::migrations();
    steps.iter().map(|step| step.name().to_owned()).collect()
}

fn folder() -> PathBuf {
    environment::repository().join("tests/it/control/upgrade")
}

impl Schema {
    async fn blank() -> Self {
        let database = database::blank().await;
        // Makes the file where there is none yet.
        ostia_migrations::up(&database.url)
            .await
            .expect("migrations");
        let db = sea_orm::Database::connect(&database.url)
            .await
            .expect("a connection");
        Migrator::down(&db, None).await.expect("all the way back");
        Self { db, database }
    }

    async fn forth(&self, steps: usize) {
        let steps = u32::try_from(steps).expect("few");
        Migrator::up(&self.db, Some(steps)).await.expect("forth");
    }

    async fn back(&self, steps: usize) {
        let steps = u32::try_from(steps).expect("few");
        Migrator::down(&self.db, Some(steps)).await.expect("back");
    }

    /// Writes what the version of this step writes.
    async fn write_as(&self, step: &str) {
        let Ok(statements) = fs::read_to_string(folder().join(format!("{step}.sql"))) else {
            return;
        };
        let statements = filled_in(&statements, self.db.get_database_backend());
        let written = self.db.execute_unprepared(&statements).await;
        written.unwrap_or_else(|error| panic!("{step}: {error}"));
    }

    async fn texts(&self, query: &str) -> Vec<String> {
        let statement = Statement::from_string(self.db.get_database_backend(), query);
        let rows = self.db.query_all_raw(statement).await;
        let rows = rows.unwrap_or_else(|error| panic!("{query}: {error}"));
        let texts = rows.into_iter().map(|row| row.try_get_by_index(0));
        texts.collect::<Result<_, _>>().expect("text")
    }

    async fn shape(&self) -> Shape {
        let postgres = self.db.get_database_backend() == DbBackend::Postgres;
        let tables = if postgres {
            "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') \
                AND NOT relispartition AND relnamespace = 'public'::regnamespace"
        } else {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        };
        let mut shape = Shape::new();
        for table in self.texts(tables).await {
            if table == "seaql_migrations" {
                continue;
            }
            let columns = if postgres {
                format!(
                    "SELECT column_name::text FROM information_schema.columns \
                        WHERE table_schema = 'public' AND table_name = '{table}'"
                )
            } else {
                format!("SELECT name FROM pragma_table_info('{table}')")
            };
            let columns = self.texts(&columns).await;
            shape.insert(table, columns);
        }
        shape
    }

    /// What a version that knows these columns reads.
    async fn content(&self, shape: &Shape) -> Content {
        let mut content = Content::new();
        for (table, columns) in shape {
            let rows = if self.db.get_database_backend() == DbBackend::Postgres {
                let columns = columns.join("\", \"");
                format!(
                    "SELECT row_to_json(it)::text FROM (SELECT \"{columns}\" FROM \"{table}\") it"
                )
            } else {
                let columns = columns.iter().map(|column| {
                    format!(
                        "'{column}', CASE typeof(\"{column}\") \
                            WHEN 'blob' THEN hex(\"{column}\") ELSE \"{column}\" END"
                    )
                });
                let columns = columns.collect::<Vec<_>>().join(", ");
                format!("SELECT json_object({columns}) FROM \"{table}\"")
            };
            let mut rows: Vec<_> = self
                .texts(&rows)
                .await
                .iter()
                .map(|row| plain(row))
                .collect();
            rows.sort();
            content.insert(table.clone(), rows);
        }
        content
    }

    /// The newest control opens it; gives what it finds.
    async fn open(&self) -> Control {
        let control = Control::open(config(&self.database)).await;
        control.expect("the newest control opens it")
    }
}

/// JSON in a column is text on SQLite, which a step may write in another order.
fn plain(row: &str) -> String {
    let mut row: BTreeMap<String, Value> = serde_json::from_str(row).expect("JSON");
    for value in row.values_mut() {
        if let Some(parsed) = value.as_str().and_then(|text| {
            let object = text.starts_with('{');
            object.then(|| serde_json::from_str::<BTreeMap<String, Value>>(text).ok())?
        }) {
            *value = serde_json::to_value(parsed).expect("JSON");
        }
    }
    serde_json::to_string(&row).expect("JSON")
}

/// What the newest control tells of what all steps wrote.
async fn assert_read(control: &Control) {
    let client = control.client();
    let upstreams = client
        .upstreams()
        .list_upstreams(v1::ListUpstreamsRequest::default())
        .await;
    let upstreams = upstreams.expect("upstreams").into_inner().upstreams;
    let names = upstreams
        .into_iter()
        .filter_map(|one| Some(one.definition?.name));
    let mut names = names.collect::<Vec<_>>();
    names.sort();
    assert_eq!(names, ["github", "glean", "linear", "watched"]);
    let keys = client
        .keys()
        .list_keys(v1::ListKeysRequest::default())
        .await;
    let mut keys: Vec<_> = keys
        .expect("keys")
        .into_inner()
        .keys
        .into_iter()
        .map(|key| key.name)
        .collect();
    keys.sort();
    assert_eq!(keys, ["daily", "laptop", "lost", "office"]);
    let usage = client
        .usage()
        .list_usage(v1::ListUsageRequest::default())
        .await;
    assert_eq!(usage.expect("usage").into_inner().records.len(), 3);
    let audit = client
        .audit()
        .list_events(v1::ListEventsRequest::default())
        .await;
    assert_eq!(audit.expect("audit").into_inner().events.len(), 4);
}

/// The step before knows no quotas of a day, and holds nobody to less than they were held to.
#[tokio::test]
async fn who_goes_back_from_daily_quotas_gets_no_more_than_before() {
    let schema = Schema::blank().await;
    for step in steps() {
        schema.forth(1).await;
        schema.write_as(&step).await;
        if step.ends_with("_daily_quotas") {
            break;
        }
    }
    schema.back(1).await;
    let plans = "SELECT name || ': ' || calls_per_month FROM plans \
        WHERE calls_per_month IS NOT NULL ORDER BY name";
    let plans = schema.texts(plans).await;
    let expected = [
        "daily: 100",
        "daily and monthly: 100",
        "monthly: 1000",
        "more a day: 1000",
    ];
    assert_eq!(plans, expected);
    // It could not read what the key was held to.
    let key = "SELECT CAST(restrictions AS TEXT) FROM api_keys WHERE name = 'daily' AND NOT active";
    let held: Vec<Value> = schema
        .texts(key)
        .await
        .iter()
        .map(|text| serde_json::from_str(text).expect("JSON"))
        .collect();
    assert_eq!(held, [json!({"limits": {"calls_per_minute": 5}})]);
    let numbers = "SELECT CAST(month AS TEXT) FROM quota_leases";
    let numbers = schema.texts(numbers).await;
    assert!(
        numbers.iter().all(|number| number == "202611"),
        "{numbers:?}"
    );
}

#[test]
fn every_file_is_of_a_step() {
    let steps = steps();
    let files = fs::read_dir(folder()).expect("a folder");
    let files = files.map(|file| file.expect("a file").path());
    for file in files.filter(|file| file.extension().is_some_and(|kind| kind == "sql")) {
        let step = file
            .file_stem()
            .and_then(|name| name.to_str())
            .expect("a name");
        assert!(
            steps.iter().any(|known| known == step),
            "there is no step {step}"
        );
    }
}

#[tokio::test]
async fn data_of_every_step_goes_on_to_the_newest_and_comes_back() {
    let steps = steps();
    for at in 1..=steps.len() {
        let schema = Schema::blank().await;
        for step in &steps[..at] {
            schema.forth(1).await;
            schema.write_as(step).await;
        }
        let newest = &steps[at - 1];
        let shape = schema.shape().await;
        let before = schema.content(&shape).await;
        let later = steps.len() - at;
        schema.forth(later).await;
        let control = schema.open().await;
        if later == 0 {
            assert_read(&control).await;
        }
        control.close().await;
        schema.back(later).await;
        assert_eq!(
            schema.shape().await,
            shape,
            "the schema of {newest} is not what it was"
        );
        assert_eq!(schema.content(&shape).await, before, "data of {newest}");
    }
}

/// While replicas are replaced one after another, those of the version before go on with the newest schema.
#[tokio::test]
async fn what_versions_before_write_under_the_newest_schema_is_there_for_them_and_for_the_newest() {
    let steps = steps();
    let before = Schema::blank().await;
    let after = Schema::blank().await;
    after.forth(steps.len()).await;
    for step in &steps {
        before.forth(1).await;
        let shape = before.shape().await;
        let known = before.content(&shape).await;
        before.write_as(step).await;
        after.write_as(step).await;
        // Of the rows that this version writes, each is as it would be without the newer steps.
        let content = after.content(&shape).await;
        for (table, rows) in before.content(&shape).await {
            let new = rows.iter().filter(|row| !known[&table].contains(row));
            for row in new {
                assert!(
                    content[&table].contains(row),
                    "{step}: {table} has not {row}"
                );
            }
        }
    }
    let control = after.open().await;
    assert_read(&control).await;
    control.close().await;
}
