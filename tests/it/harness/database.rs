//! A database of its own for every test: a SQLite file, or a Postgres database where `./test` gave a
//! server.

use super::environment;
use sea_orm::{
    ConnectionTrait as _, Database as Connection, DatabaseConnection, DbBackend, Statement,
};
use tempfile::TempDir;
use uuid::Uuid;

/// Lives as long as the value; dropped with it.
pub(crate) struct Database {
    /// `sqlite://…` or `postgres://…`.
    pub(crate) url: String,
    keep: Keep,
}

#[derive(Debug)]
enum Keep {
    Folder(TempDir),
    Elsewhere,
    Postgres { admin_url: String, name: String },
}

/// A migrated, empty database.
pub(crate) async fn fresh() -> Database {
    let database = blank().await;
    ostia_migrations::up(&database.url)
        .await
        .expect("migrations");
    database
}

/// The same in a file, also in a run of the tests on Postgres.
pub(crate) async fn fresh_sqlite() -> Database {
    let database = sqlite();
    let migrated = ostia_migrations::up(&database.url).await;
    migrated.expect("migrations");
    database
}

/// A database without a schema.
pub(crate) async fn blank() -> Database {
    match environment::postgres_admin_url() {
        Some(admin_url) => postgres(admin_url).await,
        None => sqlite(),
    }
}

/// One that somebody else keeps.
pub(crate) fn at(url: String) -> Database {
    let keep = Keep::Elsewhere;
    Database { url, keep }
}

fn sqlite() -> Database {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("ostia.db").display());
    Database {
        url,
        keep: Keep::Folder(folder),
    }
}

async fn postgres(admin_url: String) -> Database {
    let name = format!("ostia_test_{}", Uuid::now_v7().simple());
    execute(&admin_url, &format!("CREATE DATABASE {name}")).await;
    Database {
        url: with_database(&admin_url, &name),
        keep: Keep::Postgres { admin_url, name },
    }
}

/// Every column of every table, with all that its rows have in it.
pub(crate) async fn columns(url: &str) -> Vec<(String, Vec<u8>)> {
    let db = Connection::connect(url).await.expect("the database");
    let list = match db.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT t.name AS t, c.name AS c, c.type AS k \
             FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'"
        }
        _ => {
            "SELECT table_name::text AS t, column_name::text AS c, data_type::text AS k \
             FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let mut columns = Vec::new();
    for column in rows(&db, list.to_owned()).await {
        let text = |name| column.try_get::<String>("", name).expect("a text");
        let (table, name, kind) = (text("t"), text("c"), text("k"));
        let value = match db.get_database_backend() {
            DbBackend::Sqlite => format!("CAST(\"{name}\" AS BLOB)"),
            // Its text would be hexadecimal.
            _ if kind == "bytea" => format!("\"{name}\""),
            _ => format!("convert_to(\"{name}\"::text, 'UTF8')"),
        };
        let query = format!("SELECT {value} AS v FROM \"{table}\" WHERE \"{name}\" IS NOT NULL");
        let mut all = Vec::new();
        for row in rows(&db, query).await {
            all.extend(row.try_get::<Vec<u8>>("", "v").expect("bytes"));
            all.push(b'\n');
        }
        columns.push((format!("{table}.{name}"), all));
    }
    db.close().await.expect("close");
    columns
}

async fn rows(db: &DatabaseConnection, query: String) -> Vec<sea_orm::QueryResult> {
    let query = Statement::from_string(db.get_database_backend(), query);
    db.query_all_raw(query).await.expect("rows")
}

/// The same server, another database: the path of the URL is its name.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url
        .split_once('?')
        .map_or((url, None), |(a, q)| (a, Some(q)));
    let scheme_end = address.find("://").map_or(0, |at| at + 3);
    let authority_end = address[scheme_end..]
        .find('/')
        .map_or(address.len(), |at| scheme_end + at);
    let query = query.map(|q| format!("?{q}")).unwrap_or_default();
    format!("{}/{name}{query}", &address[..authority_end])
}

/// A statement over a connection of its own.
pub(crate) async fn execute(admin_url: &str, statement: &str) {
    let connection = Connection::connect(admin_url)
        .await
        .expect("OSTIA_TEST_DATABASE_URL");
    connection
        .execute_unprepared(statement)
        .await
        .expect("statement of an administrator");
    connection.close().await.expect("close");
}

impl Drop for Database {
    fn drop(&mut self) {
        let Keep::Postgres { admin_url, name } = &self.keep else {
            return;
        };
        let (admin_url, name) = (admin_url.clone(), name.clone());
        // On a thread of its own: a drop cannot wait in the runtime that it may run in.
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("runtime")
                .block_on(execute(
                    &admin_url,
                    &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                ));
        });
        // A failure here leaves a database behind on a server that is thrown away with the run.
        let _ = dropped.join();
    }
}

#[test]
fn the_database_is_the_path_of_the_url() {
    assert_eq!(
        with_database("postgres://u@h:1/admin?sslmode=disable", "t"),
        "postgres://u@h:1/t?sslmode=disable"
    );
    assert_eq!(with_database("postgres://u@h:1", "t"), "postgres://u@h:1/t");
}
