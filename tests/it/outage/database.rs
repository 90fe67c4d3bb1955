//! R18: the database is in trouble, and calls of keys that are known go on as if it were not.

use super::load::{Client, Load, assert_written_once, spills};
use crate::harness::{
    control::{self, Control},
    database::{self, Database},
    environment,
    mcp::modern,
    ostia::Ostia,
    relay::Relay,
    split::Split,
    wait,
};
use futures_util::future::join_all;
use ostia_domain::clock;
use ostia_proto::{status, v1};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use serde_json::json;
use std::time::Duration;
use tonic::Status;

const PHASE: usize = 100;
const SOON: Duration = Duration::from_secs(20);
const SLOW: Duration = Duration::from_secs(2);

/// A split installation whose database can be got at, under load.
struct Loaded {
    split: Split,
    load: Load,
}

impl Loaded {
    async fn start(split: Split) -> Self {
        let endpoint = split.endpoint();
        let clients = (0..3).map(|_| Client::Modern(endpoint.clone()));
        let load = Load::start(clients.collect());
        load.goes_on(PHASE).await;
        load.slowest();
        Self { split, load }
    }

    /// Calls went on without waiting for a single answer of a slow database.
    async fn went_on(&self) {
        self.load.goes_on(PHASE).await;
        let slowest = self.load.slowest();
        assert!(slowest < SLOW, "a call took {slowest:?}");
    }

    async fn recovers(self) {
        self.load.goes_on(PHASE).await;
        let answered = self.load.stop().await;
        let services = self.split.services();
        assert_written_once(&services, &self.split.edge, &answered).await;
    }
}

/// PostgreSQL, and the way that control takes to it.
struct Remote {
    database: Database,
    relay: Relay,
}

impl Remote {
    /// Unset in a run on SQLite, which has no connection that could be in trouble.
    async fn of_this_run() -> Option<Self> {
        environment::postgres_admin_url()?;
        let database = database::blank().await;
        let url = reqwest::Url::parse(&database.url).expect("a URL");
        let host = url.host_str().expect("a host");
        let relay = Relay::to(&format!("{host}:{}", url.port().unwrap_or(5432))).await;
        Some(Self { database, relay })
    }

    async fn under_load(&self) -> Loaded {
        let mut url = reqwest::Url::parse(&self.database.url).expect("a URL");
        let address = self.relay.address();
        url.set_ip_host(address.ip()).expect("an address");
        url.set_port(Some(address.port())).expect("a port");
        let control = Ostia::options().database(url.into());
        Loaded::start(Split::start_with(control, Ostia::options()).await).await
    }

    /// What every session after this begins with; those that are open end.
    async fn sessions_begin_read_only(&self) {
        let name = self.name();
        self.execute(&format!(
            "ALTER DATABASE {name} SET default_transaction_read_only = on"
        ))
        .await;
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        self.execute(end).await;
    }

    /// Sessions that are open stay as they are.
    async fn sessions_begin_writable(&self) {
        let name = self.name();
        let admin = environment::postgres_admin_url().expect("a server");
        let reset = format!("ALTER DATABASE {name} RESET default_transaction_read_only");
        database::execute(&admin, &reset).await;
    }

    async fn execute(&self, statement: &str) {
        database::execute(&self.database.url, statement).await;
    }

    fn name(&self) -> &str {
        self.database.url.rsplit('/').next().expect("a name")
    }
}

/// Something that an administrator would do.
async fn change(services: &Control, name: &str) -> Result<(), Status> {
    let source = v1::create_policy_request::Source::Rules(v1::Rules::default());
    let request = v1::CreatePolicyRequest {
        name: name.to_owned(),
        source: Some(source),
    };
    services.policies().create_policy(request).await.map(drop)
}

#[track_caller]
fn assert_told(answer: Result<(), Status>, code: &str) {
    let status = answer.expect_err("the database is in trouble");
    assert_eq!(status.code(), tonic::Code::Unavailable, "{status:?}");
    let told = status::code_of(&status).map(ostia_domain::code::Code::as_str);
    assert_eq!(told, Some(code), "{status:?}");
}

async fn changes_are_taken_again(services: &Control, name: &str) {
    let taken = wait::until(SOON, "changes are taken again", || change(services, name));
    taken.await;
}

#[tokio::test]
async fn a_database_that_takes_two_seconds_for_each_answer_slows_no_call() {
    let Some(remote) = Remote::of_this_run().await else {
        return;
    };
    let loaded = remote.under_load().await;
    remote.relay.slow(SLOW);
    spills(&loaded.split.edge).await;
    loaded.went_on().await;
    remote.relay.pass();
    loaded.recovers().await;
}

#[tokio::test]
async fn connections_to_the_database_that_break_off_are_told_of_and_made_again() {
    let Some(remote) = Remote::of_this_run().await else {
        return;
    };
    let loaded = remote.under_load().await;
    let services = loaded.split.services();
    remote.relay.cut();
    assert_told(change(&services, "cut").await, "database-unavailable");
    spills(&loaded.split.edge).await;
    loaded.went_on().await;
    remote.relay.pass();
    changes_are_taken_again(&services, "passed").await;
    loaded.recovers().await;
}

/// Another server took over: sessions with the one from before still answer, and take nothing.
#[tokio::test]
async fn a_database_that_takes_no_changes_is_told_of_and_left_for_one_that_does() {
    let Some(remote) = Remote::of_this_run().await else {
        return;
    };
    let loaded = remote.under_load().await;
    let services = loaded.split.services();
    remote.sessions_begin_read_only().await;
    let read_only = wait::until(SOON, "control meets it", || async {
        let answer = change(&services, "never").await;
        let code = answer.as_ref().err().and_then(status::code_of);
        match code {
            Some(ostia_domain::code::Code::DatabaseReadOnly) => Ok(answer),
            _ => Err(answer),
        }
    });
    let (answer, _) = read_only.await;
    assert_told(answer, "database-read-only");
    spills(&loaded.split.edge).await;
    loaded.went_on().await;
    remote.sessions_begin_writable().await;
    // At once: no connection from before is used for any of them.
    for n in 0..10 {
        let followed = change(&services, &format!("followed-{n}")).await;
        followed.expect("a change");
    }
    loaded.recovers().await;
}

/// Everything that asks for a key waits for a lock, until no connection is left for anybody.
#[tokio::test]
async fn a_pool_without_a_connection_to_spare_keeps_known_keys_from_nothing() {
    let Some(remote) = Remote::of_this_run().await else {
        return;
    };
    let loaded = remote.under_load().await;
    let services = loaded.split.services();
    control::policy(&services, "all", control::everything_of(&["*"])).await;
    let made = (0..20).map(async |n| {
        let request = v1::CreateKeyRequest {
            policies: vec!["all".to_owned()],
            ..control::named(&format!("new-{n}"))
        };
        let key = control::create_key(&services, request).await;
        loaded.split.endpoint().with_key(&key.secret)
    });
    let strangers = join_all(made).await;

    let held = sea_orm::Database::connect(&remote.database.url)
        .await
        .expect("a connection");
    let lock = held.begin().await.expect("a transaction");
    let statement = "LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE";
    lock.execute_unprepared(statement).await.expect("the lock");
    let began = clock::instant();
    let asked = strangers.iter().map(|stranger| {
        let call = modern::call(stranger, "demo__echo", &json!({"message": "x"}));
        call.send()
    });
    for answer in join_all(asked).await {
        assert_eq!(answer.refusal().2, "control-unavailable");
    }
    let waited = began.elapsed();
    assert!(
        waited < Duration::from_secs(15),
        "strangers waited {waited:?}"
    );
    spills(&loaded.split.edge).await;
    loaded.went_on().await;
    lock.rollback().await.expect("the lock goes");
    changes_are_taken_again(&services, "released").await;
    loaded.recovers().await;
}

/// SQLite has one writer at a time, and it may be somebody else.
#[tokio::test]
async fn a_file_that_another_process_holds_is_told_of_and_slows_no_call() {
    let control = Ostia::options().sqlite();
    let loaded = Loaded::start(Split::start_with(control, Ostia::options()).await).await;
    let services = loaded.split.services();
    let held = sea_orm::Database::connect(loaded.split.control.database_url()).await;
    let options = sea_orm::TransactionOptions {
        sqlite_transaction_mode: Some(sea_orm::SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let held = held.expect("the file");
    let lock = held.begin_with_options(options).await.expect("the lock");
    assert_told(change(&services, "locked").await, "database-unavailable");
    spills(&loaded.split.edge).await;
    loaded.went_on().await;
    lock.rollback().await.expect("the lock goes");
    changes_are_taken_again(&services, "released").await;
    loaded.recovers().await;
}
