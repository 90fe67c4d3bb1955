//! What is away, stops, or has had its time, as REST says so.

use super::{Api, calls::call, send, service, split::web_of};
use crate::harness::{control, database::execute, mcp::Endpoint, ostia::Ostia, processes, wait};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use ring::hmac::{self, HMAC_SHA256, Key};
use sea_orm::{
    ConnectionTrait as _, DbBackend, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
};

const SOON: Duration = Duration::from_secs(20);

/// The same token as it is after its time: signed as control signs.
fn after_its_time(token: &str, pepper: &str) -> String {
    let (signed, _) = token.split_once('.').expect("a MAC");
    let payload = signed.strip_prefix("ost_at_").expect("an access token");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64");
    let mut claims: Value = serde_json::from_slice(&payload).expect("JSON");
    let expires = claims["expires"].as_i64().expect("seconds");
    claims["expires"] = json!(expires - 24 * 3600);
    let period = claims["period"].as_i64().expect("a period");
    let sign = |key: &[u8], text: &str| {
        let key = Key::new(HMAC_SHA256, key);
        hmac::sign(&key, text.as_bytes())
    };
    let purpose = format!("ostia access tokens, period {period}");
    let of_period = sign(pepper.as_bytes(), &purpose);
    let signed = format!("ost_at_{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mac = URL_SAFE_NO_PAD.encode(sign(of_period.as_ref(), &signed));
    format!("{signed}.{mac}")
}

#[tokio::test]
async fn a_token_that_has_had_its_time() {
    let api = Api::start().await;
    let token = api.post("/api/v1/auth/token", json!({})).await.ok(200);
    let token = token["access_token"].as_str().expect("a token");
    let me = async |token: &str| send(api.with_key(Method::GET, "/v1/me", token)).await;
    me(token).await.ok(200);
    let pepper = control::secret(&api.ostia, "key_pepper");
    let expired = after_its_time(token, pepper.expose());
    me(&expired).await.refused(401, "access-token-expired");
    // What somebody else signs has never been one.
    let forged = after_its_time(token, "another pepper");
    me(&forged).await.refused(401, "key-unknown");
}

/// Somebody else has what a change needs, for longer than control waits.
#[tokio::test]
async fn a_database_that_takes_no_change_for_too_long() {
    let api = Api::start().await;
    let held = sea_orm::Database::connect(api.ostia.database_url()).await;
    let held = held.expect("the database");
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let lock = held.begin_with_options(options).await.expect("the lock");
    if held.get_database_backend() == DbBackend::Postgres {
        let plans = "LOCK TABLE plans IN ACCESS EXCLUSIVE MODE";
        lock.execute_unprepared(plans).await.expect("the lock");
    }
    let create = || api.post("/api/v1/plans", json!({"name": "p"}));
    let away = create().await;
    away.refused(503, "database-unavailable");
    assert_eq!(away.header("retry-after"), "1");
    lock.rollback().await.expect("the lock goes");
    let taken = wait::until(SOON, "changes are taken again", || async {
        let answer = create().await;
        if answer.status == 201 {
            Ok(())
        } else {
            Err(answer.body)
        }
    });
    taken.await;
}

/// One that another server was made of, which is behind.
#[tokio::test]
async fn a_database_that_is_only_read() {
    let api = Api::start().await;
    let url = api.ostia.database_url();
    if url.starts_with("sqlite:") {
        return;
    }
    let name = url.rsplit('/').next().expect("a name");
    let name = name.split('?').next().unwrap_or_default();
    execute(
        &url,
        &format!("ALTER DATABASE {name} SET default_transaction_read_only = on"),
    )
    .await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    execute(&url, end).await;
    let told = wait::until(SOON, "control meets it", || async {
        let answer = api.post("/api/v1/plans", json!({"name": "p"})).await;
        match answer.body["code"].as_str() {
            Some("database-read-only") => Ok(answer),
            _ => Err(answer.body),
        }
    });
    let (told, _) = told.await;
    told.refused(503, "database-read-only");
    assert_eq!(told.header("retry-after"), "1");
}

/// Nobody is there to list it.
#[tokio::test]
async fn an_upstream_that_no_edge_lists() {
    let ostia = Ostia::options().roles(&["control", "web"]).start().await;
    let key = service(&ostia, "root", "administrator").await;
    let api = Api { ostia, key };
    let unlisted = api.post("/api/v1/upstreams/demo/discover", json!({})).await;
    unlisted.refused(504, "upstream-unlisted");
}

/// Takes one connection for an edge, and holds a request back when it has passed its first bytes on.
struct Held {
    address: String,
    listener: TcpListener,
}

impl Held {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let address = format!("http://{address}/mcp");
        Self { address, listener }
    }

    /// Passes the rest on after `meanwhile`.
    async fn pass(&self, edge: &str, meanwhile: impl Future<Output = ()>) {
        let (mut client, _) = self.listener.accept().await.expect("a connection");
        let mut edge = TcpStream::connect(edge).await.expect("the edge");
        let mut first = [0; 8];
        client.read_exact(&mut first).await.expect("a request");
        edge.write_all(&first).await.expect("sent");
        meanwhile.await;
        let (mut from_client, mut to_client) = client.split();
        let (mut from_edge, mut to_edge) = edge.split();
        let answered = copy(&mut from_edge, &mut to_client);
        tokio::select! {
            answered = answered => { answered.expect("an answer"); }
            // The client has the answer and closes.
            asked = copy(&mut from_client, &mut to_edge) => { asked.expect("a request"); }
        }
    }
}

/// A request that was on its way when the edge was told to stop.
#[tokio::test]
async fn an_edge_that_stops() {
    let main = Ostia::options().roles(&["control", "edge"]).start().await;
    let key = service(&main, "root", "administrator").await;
    let held = Held::new().await;
    let api = Api {
        ostia: web_of(&main, &held.address).await,
        key,
    };
    let edge = main.mcp_url.strip_prefix("http://").expect("HTTP");
    let edge = edge.split('/').next().expect("an address");
    let stop = async {
        // Connections are taken in their order: with this one the edge has the one before.
        let taken = Endpoint::anonymous(&main.mcp_url).request(Method::GET);
        assert_eq!(taken.send().await.status, 401);
        processes::terminate(main.pid());
        let drains = wait::until(SOON, "it drains", || async {
            let admin = Endpoint::anonymous(&main.admin_url);
            let ready = admin.request(Method::GET).path("/readyz").send().await;
            if ready.status == 503 {
                Ok(())
            } else {
                Err(ready)
            }
        });
        drains.await;
    };
    let echo = call(&api, &main.key, "demo", "echo", json!({"message": "late"}));
    let (stopping, ()) = tokio::join!(echo, held.pass(edge, stop));
    stopping.refused(503, "shutting-down");
    assert_eq!(stopping.header("retry-after"), "1");
}
