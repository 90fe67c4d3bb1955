//! Control and its database die under load and come back.

use super::load::{Client, Load, assert_written_once, spills};
use crate::harness::{
    control, environment,
    mcp::legacy::Session,
    ostia::{Options, Ostia},
    postgres::Server,
    split::Split,
};

/// Calls in each phase: enough for several batches of records.
const PHASE: usize = 150;

/// The database of a control that may die by itself. A file dies with whoever has it open.
enum Mortal {
    File,
    Server(Server),
}

impl Mortal {
    async fn start() -> Self {
        match environment::postgres_admin_url() {
            Some(_) => Self::Server(Server::start().await),
            None => Self::File,
        }
    }

    fn behind(&self, control: Options) -> Options {
        match self {
            Self::File => control,
            Self::Server(server) => control.database(server.url()),
        }
    }

    /// Whether it could.
    async fn stop(&self) -> bool {
        match self {
            Self::File => false,
            Self::Server(server) => {
                server.stop().await;
                true
            }
        }
    }

    async fn start_again(&self) {
        if let Self::Server(server) = self {
            server.start_again().await;
        }
    }
}

/// R17, R18.
#[tokio::test]
async fn no_call_notices_that_control_and_database_die_and_none_is_lost_or_counted_twice() {
    let database = Mortal::start().await;
    let mut split = Split::start_with(database.behind(Ostia::options()), Ostia::options()).await;
    let other = control::master_key(&split.services(), "other").await;
    let endpoint = split.endpoint();
    let load = Load::start(vec![
        Client::Modern(endpoint.clone()),
        Client::Modern(endpoint.clone()),
        Client::Modern(endpoint.with_key(&other)),
        Client::Legacy(Session::open(&endpoint).await),
    ]);
    load.goes_on(PHASE).await;

    split.control.kill9().await;
    spills(&split.edge).await;
    split.control.start_again().await;
    load.goes_on(PHASE).await;

    if database.stop().await {
        spills(&split.edge).await;
        database.start_again().await;
    }
    load.goes_on(PHASE).await;

    database.stop().await;
    split.control.kill9().await;
    load.goes_on(PHASE).await;
    database.start_again().await;
    split.control.start_again().await;
    load.goes_on(PHASE).await;

    let answered = load.stop().await;
    assert_written_once(&split.services(), &split.edge, &answered).await;
}

/// One line when it begins and one when it is over, whatever is tried meanwhile.
#[tokio::test]
async fn an_edge_says_once_that_control_takes_no_records() {
    let mut split = Split::start().await;
    let endpoint = split.endpoint();
    let load = Load::start(vec![Client::Modern(endpoint)]);
    load.goes_on(PHASE).await;
    split.control.kill9().await;
    spills(&split.edge).await;
    load.goes_on(PHASE).await;
    split.control.start_again().await;
    load.goes_on(PHASE).await;
    let answered = load.stop().await;
    assert_written_once(&split.services(), &split.edge, &answered).await;
    let log = split.edge.log();
    for said in ["control takes no records", "control takes records again"] {
        assert_eq!(log.matches(said).count(), 1, "{said}: {log}");
    }
    let of_records = log.lines().filter(|line| line.contains("record::flush"));
    for line in of_records {
        assert!(!line.contains("ConnectError"), "{line}");
    }
}
